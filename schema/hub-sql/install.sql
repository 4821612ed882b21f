-- SPDX-License-Identifier: LGPL-2.1-or-later
-- Prepares a hub's database for the hub module, as the owner of Koji's tables or a superuser:
--     psql -X -v hub_role=koji -d koji -f install.sql
-- hub_role is the role that the hub connects as (DBUser of hub.conf). Run again it makes what is missing.
\set ON_ERROR_STOP on
\set QUIET on
SET client_min_messages = warning;
\if :{?hub_role}
\else
\set hub_role koji
\endif
SELECT to_regnamespace('cgimport') IS NULL AS missing \gset
\if :missing
\ir 0001_record.sql
\endif
\ir 0002_content_index.sql
\echo the database is ready for the hub module
