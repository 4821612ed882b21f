-- SPDX-License-Identifier: LGPL-2.1-or-later
-- What the sequencer found when it last read the rows of the audit log again: one row, for every replica to tell.
CREATE TABLE audit_check (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    passed_at timestamptz,
    damaged_entry bigint,
    damage text,
    CHECK ((damaged_entry IS NULL) = (damage IS NULL))
);
INSERT INTO audit_check DEFAULT VALUES;
REVOKE ALL ON audit_check FROM PUBLIC;
