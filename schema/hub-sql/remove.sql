-- SPDX-License-Identifier: LGPL-2.1-or-later
-- Takes out of a hub's database what install.sql put in, the record of imports included:
--     psql -X -d koji -f remove.sql
-- Take the module out of the hub's Plugins first.
\set ON_ERROR_STOP on
\set QUIET on
SET client_min_messages = warning;
DROP INDEX CONCURRENTLY IF EXISTS public.cgimport_archiveinfo_checksum;
DROP SCHEMA IF EXISTS cgimport CASCADE;
\echo nothing of the hub module is left in the database
