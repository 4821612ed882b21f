-- SPDX-License-Identifier: LGPL-2.1-or-later
-- What the hub module keeps in the hub's database, in a schema of its own: nothing of Koji's is touched.
-- Run through install.sql, which sets hub_role.
BEGIN;

CREATE SCHEMA cgimport;
GRANT USAGE ON SCHEMA cgimport TO :"hub_role";

-- The record. A row is written in the transaction that does what it tells of, so that neither is without the other.
CREATE TABLE cgimport.event (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    position bigint UNIQUE, -- place in the order of commits, given at the commit
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    kind text NOT NULL CHECK (kind IN ('import', 'state', 'volume', 'promote', 'tag', 'untag')),
    build_id bigint NOT NULL,
    nvr text NOT NULL,
    content_generator text,
    user_id bigint,
    user_name text,
    session_id bigint,
    metadata_sha256 text CHECK (metadata_sha256 ~ '^[0-9a-f]{64}$'), -- of the bytes of metadata.json in the build
    detail json NOT NULL
);
CREATE INDEX event_build_id ON cgimport.event (build_id);

-- The last position that was given. Its one row is locked from the end of one transaction until that is committed and
-- visible, so positions become visible in their order, and one that is rolled back is given again: a reader that asks
-- for what comes after the last position it has seen misses nothing.
CREATE TABLE cgimport.head (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    position bigint NOT NULL
);
INSERT INTO cgimport.head (position) VALUES (0);

CREATE FUNCTION cgimport.give_position() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    next bigint;
BEGIN
    UPDATE cgimport.head SET position = head.position + 1 RETURNING head.position INTO STRICT next;
    UPDATE cgimport.event SET position = next WHERE event.id = NEW.id;
    RETURN NULL;
END $$;

-- Deferred: it runs when all else of the transaction is done, so that nobody waits for anybody's long import.
CREATE CONSTRAINT TRIGGER give_position AFTER INSERT ON cgimport.event DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE PROCEDURE cgimport.give_position();

CREATE FUNCTION cgimport.refuse_change() RETURNS trigger LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF TG_OP = 'UPDATE' THEN
        IF OLD.position IS NULL AND NEW.position IS NOT NULL
                AND to_jsonb(NEW) - 'position' = to_jsonb(OLD) - 'position' THEN
            RETURN NEW;
        END IF;
    END IF;
    RAISE EXCEPTION 'the record of imports is never changed: % of cgimport.event refused', TG_OP;
END $$;

CREATE TRIGGER refuse_change BEFORE UPDATE OR DELETE ON cgimport.event
    FOR EACH ROW EXECUTE PROCEDURE cgimport.refuse_change();
CREATE TRIGGER refuse_truncate BEFORE TRUNCATE ON cgimport.event
    FOR EACH STATEMENT EXECUTE PROCEDURE cgimport.refuse_change();

GRANT SELECT, INSERT (kind, build_id, nvr, content_generator, user_id, user_name, session_id, metadata_sha256, detail)
    ON cgimport.event TO :"hub_role";

-- What cgimport.importBuild answered under a caller's key: written with the import, so it is there when the build is.
CREATE TABLE cgimport.answer (
    user_id bigint NOT NULL,
    key text NOT NULL CHECK (length(key) BETWEEN 1 AND 200),
    metadata_sha256 text NOT NULL,
    nvr text NOT NULL,
    build_id bigint NOT NULL,
    answer json NOT NULL,
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (user_id, key)
);
CREATE INDEX answer_at ON cgimport.answer (at);
GRANT SELECT, INSERT, DELETE ON cgimport.answer TO :"hub_role";

-- Seals of contents: a keyed checksum that was made in the same read as the digest, and that a later read compares
-- several times faster than a digest. Worthless to whoever may not read this table, so nobody else may.
CREATE TABLE cgimport.seal (
    checksum_type text NOT NULL,
    checksum text NOT NULL,
    size bigint NOT NULL,
    key text NOT NULL,
    tag text NOT NULL,
    PRIMARY KEY (checksum, size, checksum_type)
);
GRANT SELECT, INSERT ON cgimport.seal TO :"hub_role";

COMMIT;
