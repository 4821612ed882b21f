-- SPDX-License-Identifier: LGPL-2.1-or-later
-- What hubs tell of builds, whoever imported them: the record of the hub module, followed event by event, and histories
-- that were brought in by `cg-import backfill`. docs/provenance.md.

-- How far the record of each hub is brought in. A hub that was restored from a backup tells another history from some
-- position on: that is another line. digest is that of the event at position, by which the next reading is held to it.
CREATE TABLE followed_hubs (
    hub text PRIMARY KEY,
    line integer NOT NULL DEFAULT 1,
    position bigint NOT NULL DEFAULT 0 CHECK (position >= 0),
    digest text NOT NULL DEFAULT '',
    state text NOT NULL DEFAULT 'new' CHECK (state IN ('new', 'followed', 'absent', 'denied', 'failed')),
    message text,
    errors bigint NOT NULL DEFAULT 0,
    current_at timestamptz,
    owner text NOT NULL,
    leased_until timestamptz NOT NULL
) WITH (fillfactor = 50);

-- Every event as the hub told it. Of a position the one of the highest line counts.
CREATE TABLE hub_events (
    hub text NOT NULL,
    line integer NOT NULL,
    position bigint NOT NULL,
    digest text NOT NULL,
    build_id bigint,
    event json NOT NULL,
    PRIMARY KEY (hub, position, line)
);
CREATE INDEX hub_events_build ON hub_events (hub, build_id, position);
CREATE TRIGGER hub_events_are_final BEFORE UPDATE OR DELETE ON hub_events
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER hub_events_stay BEFORE TRUNCATE ON hub_events EXECUTE FUNCTION refuse_change();

-- The builds of the record's imports. build_key: the build of the trail that it is, null until that is found out.
CREATE TABLE hub_imports (
    hub text NOT NULL,
    line integer NOT NULL,
    position bigint NOT NULL,
    build_id bigint NOT NULL,
    build_key integer REFERENCES provenance_builds,
    known_at timestamptz NOT NULL DEFAULT now(),
    due_at timestamptz NOT NULL DEFAULT now(),
    tries integer NOT NULL DEFAULT 0,
    trouble text,
    PRIMARY KEY (hub, position, line)
);
CREATE INDEX hub_imports_open ON hub_imports (hub, due_at) WHERE build_key IS NULL;
CREATE INDEX hub_imports_build_key ON hub_imports (build_key);

-- The upload directories that imports of this service used: by them an import of the record is told to be its own. No two
-- attempts share one, and it is in the journal before anything is imported from it.
CREATE TABLE import_directories (
    hub text NOT NULL,
    directory text NOT NULL,
    import_id uuid NOT NULL REFERENCES imports,
    PRIMARY KEY (hub, directory)
);
INSERT INTO import_directories SELECT hub, journal ->> 'directory', id FROM imports
    WHERE journal ->> 'directory' IS NOT NULL;
CREATE FUNCTION import_directory() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO import_directories VALUES (NEW.hub, NEW.journal ->> 'directory', NEW.id) ON CONFLICT DO NOTHING;
    RETURN NULL;
END
$$;
CREATE TRIGGER imports_have_directories AFTER UPDATE OF journal ON imports FOR EACH ROW
    WHEN (NEW.journal ->> 'directory' IS NOT NULL
        AND OLD.journal ->> 'directory' IS DISTINCT FROM NEW.journal ->> 'directory')
    EXECUTE FUNCTION import_directory();

-- What became of a build on its hub, as it was told last: a draft that is promoted has another NVR. state null: not told.
CREATE TABLE hub_builds (
    hub text NOT NULL,
    build_id bigint NOT NULL,
    nvr text NOT NULL,
    state text CHECK (state IN ('building', 'complete', 'deleted', 'failed', 'canceled', 'gone')),
    tags text[] NOT NULL DEFAULT '{}',
    told_by text NOT NULL CHECK (told_by IN ('outbox', 'backfill')),
    told_at timestamptz NOT NULL,
    PRIMARY KEY (hub, build_id)
) WITH (fillfactor = 90);
CREATE INDEX hub_builds_nvr ON hub_builds (nvr);

-- Histories that were brought in whole: everything of them that the hub had when the run began.
CREATE TABLE backfills (
    hub text NOT NULL,
    content_generator text NOT NULL, -- '': of all, and so on
    package text NOT NULL,
    since timestamptz NOT NULL,
    until timestamptz NOT NULL,
    complete_at timestamptz NOT NULL,
    builds bigint NOT NULL,
    PRIMARY KEY (hub, content_generator, package, since, until)
);

-- Where the facts of a build are from: its metadata as posted or stored; what the hub's tables say, where the metadata
-- cannot be had or are not what was imported; or the event alone, where the hub has no such build any more. `remark`
-- says why not from the metadata.
ALTER TABLE provenance_builds
    ADD COLUMN facts_from text NOT NULL DEFAULT 'metadata' CHECK (facts_from IN ('metadata', 'hub', 'event')),
    ADD COLUMN remark text;
-- A build that was reset by an administrator and imported again is two. Who adds one looks under a lock.
DROP INDEX provenance_builds_found;

CREATE OR REPLACE VIEW provenance_answers AS SELECT i.build_key, json_build_object(
    'import', i.import_id, 'origin', i.origin,
    'state', CASE WHEN i.imported_at IS NOT NULL THEN 'imported' ELSE m.state END,
    'hub', i.hub, 'nvr', i.nvr, 'build_id', i.build_id, 'package', i.package,
    'content_generator', i.content_generator, 'task_id', i.task_id, 'owner', i.owner, 'submitter', i.submitter,
    'caller', i.caller, 'source', i.source_url, 'commit', i.source_commit,
    'accepted_at', to_char(m.created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    'imported_at', to_char(i.imported_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'),
    'metadata_sha256', i.metadata_sha256, 'facts_sha256', i.facts_sha256, 'facts_from', i.facts_from,
    'remark', i.remark, 'on_hub', CASE WHEN h.build_id IS NOT NULL THEN json_build_object(
        'nvr', h.nvr, 'state', h.state, 'tags', to_json(h.tags), 'told_by', h.told_by,
        'told_at', to_char(h.told_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) END) AS build
    FROM provenance_builds i LEFT JOIN imports m ON m.id = i.import_id
    LEFT JOIN hub_builds h ON h.hub = i.hub AND h.build_id = i.build_id;

REVOKE ALL ON followed_hubs, hub_events, hub_imports, hub_builds, backfills,
    import_directories FROM PUBLIC;
