-- SPDX-License-Identifier: LGPL-2.1-or-later
-- Imports, what they are made of, their queue, and everything that happened to them. PostgreSQL 13 and later.
-- Forward only: a migration that was released is never changed; a new one follows it.

-- Every write of the program puts its own id here first, in its own transaction. After a COMMIT whose answer was lost
-- the same id is put in again: that waits for the first transaction to end and tells whether it was committed.
CREATE TABLE changes (
    id uuid PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT now()
);

-- The bytes lie in the content directory; a content is recorded after its file is durable.
CREATE TABLE contents (
    sha256 text PRIMARY KEY CHECK (sha256 ~ '^[0-9a-f]{64}$'),
    size_bytes bigint NOT NULL CHECK (size_bytes >= 0),
    md5 text NOT NULL,
    adler32 text NOT NULL,
    added_at timestamptz NOT NULL DEFAULT now(),
    used_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX contents_md5 ON contents (md5);
CREATE INDEX contents_used_at ON contents (used_at);

CREATE TABLE imports (
    id uuid PRIMARY KEY,
    hub text NOT NULL,
    nvr text NOT NULL,
    content_generator text NOT NULL,
    package text NOT NULL,
    metadata_sha256 text NOT NULL,
    metadata_bytes bigint NOT NULL,
    metadata_content text REFERENCES contents ON DELETE SET NULL,
    options json NOT NULL,
    caller text NOT NULL,
    request_id text NOT NULL,
    replaces uuid REFERENCES imports,
    replaced_by uuid REFERENCES imports,
    state text NOT NULL
        CHECK (state IN ('receiving', 'queued', 'running', 'held', 'imported', 'rejected', 'canceled')),
    held text CHECK ((held IS NOT NULL) = (state = 'held')),
    step text,
    attempts integer NOT NULL DEFAULT 0,
    build_id bigint,
    url text,
    error_name text,
    error_message text,
    error_hint text,
    report json,
    journal json,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    finished_at timestamptz
        CHECK ((finished_at IS NOT NULL) = (state IN ('imported', 'rejected', 'canceled')))
);
-- The same bytes for the same NVR are the same import, whatever became of it ...
CREATE UNIQUE INDEX imports_key ON imports (hub, nvr, metadata_sha256);
-- ... and of an NVR only one can live.
CREATE UNIQUE INDEX imports_live ON imports (hub, nvr) WHERE state NOT IN ('rejected', 'canceled');
CREATE INDEX imports_nvr ON imports (nvr);
CREATE INDEX imports_unfinished ON imports (state) WHERE state NOT IN ('imported', 'rejected', 'canceled');
CREATE INDEX imports_held_content ON imports (metadata_content);
CREATE INDEX imports_caller ON imports (caller) WHERE state NOT IN ('imported', 'rejected', 'canceled');

CREATE TABLE outputs (
    import_id uuid NOT NULL REFERENCES imports,
    position integer NOT NULL CHECK (position >= 0),
    path text NOT NULL,
    size_bytes bigint NOT NULL CHECK (size_bytes >= 0),
    checksum_type text NOT NULL,
    checksum text NOT NULL,
    received_bytes bigint NOT NULL DEFAULT 0 CHECK (received_bytes BETWEEN 0 AND size_bytes),
    sha256 text,
    content text REFERENCES contents ON DELETE SET NULL,
    PRIMARY KEY (import_id, position)
);
CREATE INDEX outputs_content ON outputs (content);

-- Each distinct component once, known by the sha256 of its canonical JSON.
CREATE TABLE components (
    component_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    digest text NOT NULL UNIQUE,
    component jsonb NOT NULL
);
CREATE TABLE import_components (
    import_id uuid NOT NULL REFERENCES imports,
    position integer NOT NULL,
    component_id bigint NOT NULL REFERENCES components,
    PRIMARY KEY (import_id, position)
);
CREATE INDEX import_components_component ON import_components (component_id);

-- One row for each import that is queued or running. due_at: when it may be claimed; of a running one, when its lease
-- ends. The row is narrow because claims and heartbeats write it again and again.
CREATE SEQUENCE queue_fence;
CREATE TABLE queue (
    import_id uuid PRIMARY KEY REFERENCES imports,
    content_generator text NOT NULL,
    hub text NOT NULL,
    due_at timestamptz NOT NULL,
    fence bigint NOT NULL DEFAULT 0,
    owner text,
    cancel_asked boolean NOT NULL DEFAULT false
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.0, autovacuum_vacuum_threshold = 200);
CREATE INDEX queue_due ON queue (content_generator, hub, due_at);

-- When a content generator was served last.
CREATE TABLE turns (
    content_generator text NOT NULL,
    hub text NOT NULL,
    served_at timestamptz NOT NULL DEFAULT '-infinity',
    PRIMARY KEY (content_generator, hub)
) WITH (fillfactor = 50);

-- Hubs that failed of late. open_until is set from the first opening on; a probe moves it on by its lease and sets
-- probing, so that its failure is told from those of others that were on their way.
CREATE TABLE circuits (
    hub text PRIMARY KEY,
    failures integer NOT NULL,
    openings integer NOT NULL DEFAULT 0,
    open_until timestamptz,
    probing boolean NOT NULL DEFAULT false,
    message text NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE events (
    event_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    import_id uuid NOT NULL REFERENCES imports,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    type text NOT NULL,
    actor text NOT NULL,
    detail json NOT NULL
);
CREATE INDEX events_import ON events (import_id, event_id);

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are never changed or removed', TG_TABLE_NAME USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER events_are_final BEFORE UPDATE OR DELETE ON events FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER events_stay BEFORE TRUNCATE ON events EXECUTE FUNCTION refuse_change();
REVOKE ALL ON events FROM PUBLIC;

CREATE TABLE idempotency_keys (
    caller text NOT NULL,
    key text NOT NULL,
    request_sha256 text NOT NULL,
    import_id uuid NOT NULL REFERENCES imports,
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (caller, key)
);

CREATE TABLE callers (
    id uuid PRIMARY KEY,
    name text NOT NULL UNIQUE,
    token_sha256 text NOT NULL UNIQUE,
    roles integer NOT NULL,
    content_generators json,
    packages json,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz,
    revoked_at timestamptz
);
