-- SPDX-License-Identifier: LGPL-2.1-or-later
-- The index that finds an archive by its checksum. Made while the hub works: no import waits for it, so it cannot be
-- part of a transaction. One that an earlier try left unfinished is made anew.
SELECT coalesce((SELECT NOT indisvalid FROM pg_index
                 WHERE indexrelid = to_regclass('public.cgimport_archiveinfo_checksum')), false) AS unfinished \gset
\if :unfinished
DROP INDEX CONCURRENTLY public.cgimport_archiveinfo_checksum;
\endif
CREATE INDEX CONCURRENTLY IF NOT EXISTS cgimport_archiveinfo_checksum ON public.archiveinfo (checksum, size)
    WHERE NOT metadata_only;
