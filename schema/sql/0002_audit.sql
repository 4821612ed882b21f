-- SPDX-License-Identifier: LGPL-2.1-or-later
-- The audit log: leaves that wait for their index, and the one Merkle tree (RFC 9162) over all of them. docs/audit.md
-- says what a leaf holds. Nothing that was put into the tree is ever changed or removed.

-- Put in by the transaction that made the change; moved to audit_entry by the one sequencer, which is the only way out.
-- seq is the order in which leaves were made, as far as one change saw another; aborted transactions leave gaps in it.
CREATE TABLE audit_pending (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id uuid NOT NULL,
    event_id bigint,
    import_id uuid,
    type text NOT NULL,
    nvr text,
    leaf bytea NOT NULL CHECK (octet_length(leaf) BETWEEN 2 AND 60000),
    at timestamptz NOT NULL DEFAULT clock_timestamp()
) WITH (autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 1000);

-- idx is given by the sequencer, without gaps; no sequence could. leaf_hash is SHA-256(0x00 || leaf). The other columns
-- repeat what the leaf says, to be found by.
CREATE TABLE audit_entry (
    idx bigint PRIMARY KEY CHECK (idx >= 0),
    id uuid NOT NULL UNIQUE,
    event_id bigint UNIQUE,
    import_id uuid,
    type text NOT NULL,
    nvr text,
    leaf bytea NOT NULL CHECK (octet_length(leaf) BETWEEN 2 AND 60000),
    leaf_hash bytea NOT NULL CHECK (octet_length(leaf_hash) = 32)
);
CREATE INDEX audit_entry_import ON audit_entry (import_id, idx) WHERE import_id IS NOT NULL;
CREATE INDEX audit_entry_nvr ON audit_entry (nvr, idx) WHERE nvr IS NOT NULL;
CREATE INDEX audit_entry_key ON audit_entry (idx) WHERE type = 'key';

-- Of each full tile of 256 hashes (C2SP tlog-tiles) its Merkle root, which is one hash of the tile above. The hashes of a
-- tile of level 0 are the leaf_hash of 256 entries, those of level n the roots of 256 tiles of level n - 1.
CREATE TABLE audit_tile (
    level smallint NOT NULL CHECK (level BETWEEN 0 AND 7),
    n bigint NOT NULL CHECK (n >= 0),
    root bytea NOT NULL CHECK (octet_length(root) = 32),
    PRIMARY KEY (level, n)
);

-- Every state of the tree that was signed.
CREATE TABLE audit_checkpoint (
    size bigint PRIMARY KEY CHECK (size > 0),
    root bytea NOT NULL CHECK (octet_length(root) = 32),
    note text NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TRIGGER audit_entries_are_final BEFORE UPDATE OR DELETE ON audit_entry
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_entries_stay BEFORE TRUNCATE ON audit_entry EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_tiles_are_final BEFORE UPDATE OR DELETE ON audit_tile FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_tiles_stay BEFORE TRUNCATE ON audit_tile EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_checkpoints_are_final BEFORE UPDATE OR DELETE ON audit_checkpoint
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_checkpoints_stay BEFORE TRUNCATE ON audit_checkpoint EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_pending_is_final BEFORE UPDATE ON audit_pending FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER audit_pending_stays BEFORE TRUNCATE ON audit_pending EXECUTE FUNCTION refuse_change();

-- A leaf leaves audit_pending for its place in the tree and for nowhere else.
CREATE FUNCTION refuse_lost_leaves() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM gone g LEFT JOIN audit_entry e ON e.id = g.id AND e.leaf = g.leaf WHERE e.id IS NULL) THEN
        RAISE EXCEPTION 'a leaf of audit_pending is removed only with its entry in the log'
            USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN NULL;
END
$$;
CREATE TRIGGER audit_pending_goes_to_the_log AFTER DELETE ON audit_pending REFERENCING OLD TABLE AS gone
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_lost_leaves();

-- The owner of the tables, as whom the service works, could do what grants do not give to others: these it gives up.
REVOKE ALL ON audit_pending, audit_entry, audit_tile, audit_checkpoint FROM PUBLIC;
REVOKE UPDATE, DELETE, TRUNCATE ON audit_entry, audit_tile, audit_checkpoint FROM CURRENT_USER;
REVOKE UPDATE, TRUNCATE ON audit_pending FROM CURRENT_USER;
