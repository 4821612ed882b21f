-- SPDX-License-Identifier: LGPL-2.1-or-later
-- Of a hub's tables, the columns that the hub module reads.
CREATE TABLE volume (id integer PRIMARY KEY, name text);
CREATE TABLE package (id integer PRIMARY KEY, name text);
CREATE TABLE content_generator (id integer PRIMARY KEY, name text);
CREATE TABLE cg_users (cg_id integer, user_id integer, active boolean);
CREATE TABLE btype (id integer PRIMARY KEY, name text);
CREATE TABLE build (id integer PRIMARY KEY, volume_id integer, pkg_id integer, version text, release text,
                    state integer, cg_id integer);
CREATE TABLE archiveinfo (id integer PRIMARY KEY, btype_id integer, build_id integer, filename text, size bigint,
                          checksum text, checksum_type integer, metadata_only boolean NOT NULL DEFAULT false);
CREATE TABLE win_archives (archive_id integer, relpath text);
CREATE TABLE maven_archives (archive_id integer, group_id text, artifact_id text, version text);
INSERT INTO volume VALUES (0, 'DEFAULT'), (1, 'fast');
INSERT INTO package VALUES (1, 'pkg');
INSERT INTO content_generator VALUES (1, 'osbs'), (2, 'other');
INSERT INTO cg_users VALUES (1, 10, true), (2, 10, NULL), (2, 20, true);
INSERT INTO btype VALUES (1, 'image'), (2, 'maven'), (3, 'win'), (4, 'remote-sources');
INSERT INTO build VALUES (1, 0, 1, '1', '1', 1, 1), (2, 1, 1, '1', '2', 1, 2), (3, 0, 1, '1', '3', 2, 1),
                         (4, 0, 1, '1', '4', 1, NULL);
DO $$ BEGIN
    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'koji') THEN CREATE ROLE koji; END IF;
END $$;
GRANT SELECT ON ALL TABLES IN SCHEMA public TO koji;
