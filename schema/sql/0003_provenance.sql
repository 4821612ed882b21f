-- SPDX-License-Identifier: LGPL-2.1-or-later
-- What builds are made of and where they came from, from their metadata, ready to be asked from either end.

-- A component is known to a build by a number of four bytes; the lists of builds hold these numbers.
DROP TABLE import_components;
ALTER TABLE components ALTER COLUMN component_id TYPE integer;

-- What a component is looked for by. NVR: of an rpm its own, of a kojifile that of the build it is from.
ALTER TABLE components
    ADD COLUMN kind text GENERATED ALWAYS AS (component ->> 'type') STORED,
    ADD COLUMN name text GENERATED ALWAYS AS (coalesce(component ->> 'name', component ->> 'filename')) STORED,
    ADD COLUMN nvr text GENERATED ALWAYS AS (CASE WHEN component ->> 'type' = 'rpm'
        THEN (component ->> 'name') || '-' || (component ->> 'version') || '-' || (component ->> 'release')
        ELSE component ->> 'nvr' END) STORED,
    ADD COLUMN nvra text GENERATED ALWAYS AS (CASE WHEN component ->> 'type' = 'rpm'
        THEN (component ->> 'name') || '-' || (component ->> 'version') || '-' || (component ->> 'release') || '.'
            || (component ->> 'arch') END) STORED,
    ADD COLUMN checksum text GENERATED ALWAYS AS (coalesce(component ->> 'sigmd5', component ->> 'checksum')) STORED;
CREATE INDEX components_name ON components (name);
CREATE INDEX components_nvr ON components (nvr);
CREATE INDEX components_nvra ON components (nvra);
CREATE INDEX components_checksum ON components (checksum);

-- A build that the trail knows of: each accepted import, and each that was found in a hub's history. `facts` is what
-- cg_provenance_facts() says, without the components; docs/provenance.md describes it.
CREATE TABLE provenance_builds (
    build_key integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    import_id uuid UNIQUE REFERENCES imports,
    origin text NOT NULL CHECK (origin IN ('service', 'backfill', 'outbox')),
    hub text NOT NULL,
    nvr text NOT NULL,
    package text NOT NULL,
    content_generator text NOT NULL,
    build_id bigint,
    imported_at timestamptz,
    known_at timestamptz NOT NULL DEFAULT now(),
    metadata_sha256 text,
    facts_sha256 text NOT NULL,
    task_id bigint,
    owner text,
    submitter text,
    caller text,
    source_url text,
    source_commit text,
    facts json NOT NULL,
    CHECK (origin = 'service' OR (imported_at IS NOT NULL AND build_id IS NOT NULL))
) WITH (fillfactor = 90);
CREATE INDEX provenance_builds_nvr ON provenance_builds (nvr text_pattern_ops);
CREATE INDEX provenance_builds_build_id ON provenance_builds (build_id);
CREATE INDEX provenance_builds_package ON provenance_builds (package);
CREATE INDEX provenance_builds_generator ON provenance_builds (content_generator, build_key);
CREATE INDEX provenance_builds_source_url ON provenance_builds (source_url);
CREATE INDEX provenance_builds_source_commit ON provenance_builds (source_commit text_pattern_ops);
CREATE INDEX provenance_builds_task_id ON provenance_builds (task_id);
CREATE INDEX provenance_builds_owner ON provenance_builds (owner, build_key);
CREATE INDEX provenance_builds_submitter ON provenance_builds (submitter, build_key);
CREATE INDEX provenance_builds_caller ON provenance_builds (caller, build_key);
CREATE INDEX provenance_builds_imported_at ON provenance_builds (imported_at);
-- A build of a hub comes in once from outside, whoever tells.
CREATE UNIQUE INDEX provenance_builds_found ON provenance_builds (hub, build_id) WHERE import_id IS NULL;

-- Which components a build contains (all its outputs) and was built with (all its buildroots), each number once. The
-- arrays lie beside the row, which so stays narrow; the indexes hold a byte or two for each member.
CREATE TABLE provenance_contents (
    build_key integer PRIMARY KEY REFERENCES provenance_builds,
    contained integer[] NOT NULL,
    built_with integer[] NOT NULL
) WITH (toast_tuple_target = 128);
CREATE INDEX provenance_contents_contained ON provenance_contents USING gin (contained)
    WITH (gin_pending_list_limit = 256);
CREATE INDEX provenance_contents_built_with ON provenance_contents USING gin (built_with)
    WITH (gin_pending_list_limit = 256);

-- Lists of components, each distinct one once: buildroots that were made alike share theirs.
CREATE TABLE provenance_lists (
    list_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    digest text NOT NULL UNIQUE,
    component_ids integer[] NOT NULL
);
CREATE TABLE provenance_parts (
    build_key integer NOT NULL REFERENCES provenance_builds,
    part text NOT NULL CHECK (part IN ('buildroot', 'output')),
    position integer NOT NULL,
    list_id integer NOT NULL REFERENCES provenance_lists,
    PRIMARY KEY (build_key, part, position)
);

-- Imports that were accepted before there were facts. Answers say how many.
CREATE TABLE provenance_unread (
    import_id uuid PRIMARY KEY REFERENCES imports
);
INSERT INTO provenance_unread SELECT id FROM imports WHERE state NOT IN ('rejected', 'canceled');

-- Digests and pull specs by which a build is found.
CREATE TABLE provenance_keys (
    build_key integer NOT NULL REFERENCES provenance_builds,
    kind text NOT NULL CHECK (kind IN ('manifest', 'config', 'checksum', 'pullspec')),
    value text NOT NULL,
    output integer
);
CREATE INDEX provenance_keys_value ON provenance_keys (value);
-- What the service itself computed of a posted file.
CREATE INDEX outputs_sha256 ON outputs (sha256);

-- The builds that a build was made from, as far as its metadata names them.
CREATE TABLE provenance_parents (
    build_key integer NOT NULL REFERENCES provenance_builds,
    kind text NOT NULL CHECK (kind IN ('base', 'image', 'kojifile')),
    nvr text,
    build_id bigint,
    pullspec text
);
CREATE INDEX provenance_parents_build_key ON provenance_parents (build_key);
CREATE INDEX provenance_parents_nvr ON provenance_parents (nvr);
CREATE INDEX provenance_parents_build_id ON provenance_parents (build_id);
CREATE INDEX provenance_parents_pullspec ON provenance_parents (pullspec);

-- A build as answers tell of it.
CREATE VIEW provenance_answers AS SELECT i.build_key, json_build_object(
    'import', i.import_id, 'origin', i.origin,
    'state', CASE WHEN i.imported_at IS NOT NULL THEN 'imported' ELSE m.state END,
    'hub', i.hub, 'nvr', i.nvr, 'build_id', i.build_id, 'package', i.package,
    'content_generator', i.content_generator, 'task_id', i.task_id, 'owner', i.owner, 'submitter', i.submitter,
    'caller', i.caller, 'source', i.source_url, 'commit', i.source_commit,
    'accepted_at', to_char(m.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    'imported_at', to_char(i.imported_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    'metadata_sha256', i.metadata_sha256, 'facts_sha256', i.facts_sha256) AS build
    FROM provenance_builds i LEFT JOIN imports m ON m.id = i.import_id;

-- Numbers of the rpms that are meant by name, NVR, NVRA or sigmd5, and by epoch where one is given.
CREATE FUNCTION provenance_rpms(wanted text, epoch text) RETURNS integer[] LANGUAGE sql STABLE AS $$
    SELECT ARRAY(SELECT k.component_id FROM components k WHERE k.kind = 'rpm'
        AND (k.name = wanted OR k.nvr = wanted OR k.nvra = wanted OR k.checksum = wanted)
        AND (epoch IS NULL OR coalesce(nullif(k.component ->> 'epoch', '(none)'), '0') = epoch))
$$;
-- Numbers of the files that are meant by name or checksum, or by the NVR of the build that they are from.
CREATE FUNCTION provenance_files(wanted text) RETURNS integer[] LANGUAGE sql STABLE AS $$
    SELECT ARRAY(SELECT k.component_id FROM components k WHERE k.kind <> 'rpm'
        AND (k.name = wanted OR k.nvr = wanted OR k.checksum = wanted))
$$;

-- An import that is on the hub is so for provenance in the same transaction.
CREATE FUNCTION provenance_imported() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE provenance_builds SET imported_at = coalesce(NEW.finished_at, now()), build_id = NEW.build_id
        WHERE import_id = NEW.id AND imported_at IS NULL;
    RETURN NULL;
END
$$;
CREATE TRIGGER imports_are_provenance AFTER UPDATE OF state ON imports FOR EACH ROW
    WHEN (NEW.state = 'imported') EXECUTE FUNCTION provenance_imported();

-- What was said of a build is never said otherwise.
CREATE TRIGGER provenance_contents_are_final BEFORE UPDATE OR DELETE ON provenance_contents
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER provenance_lists_are_final BEFORE UPDATE OR DELETE ON provenance_lists
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER provenance_parts_are_final BEFORE UPDATE OR DELETE ON provenance_parts
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER provenance_keys_are_final BEFORE UPDATE OR DELETE ON provenance_keys
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER provenance_parents_are_final BEFORE UPDATE OR DELETE ON provenance_parents
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE FUNCTION provenance_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND OLD.imported_at IS NULL AND NEW.imported_at IS NOT NULL
        AND (to_jsonb(OLD) - 'imported_at' - 'build_id') = (to_jsonb(NEW) - 'imported_at' - 'build_id') THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'rows of % are never changed or removed, but for becoming imported', TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER provenance_builds_stay BEFORE UPDATE OR DELETE ON provenance_builds
    FOR EACH ROW EXECUTE FUNCTION provenance_keep();
REVOKE ALL ON provenance_builds, provenance_contents, provenance_lists, provenance_parts, provenance_keys,
    provenance_parents, provenance_unread, provenance_answers FROM PUBLIC;
