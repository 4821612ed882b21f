-- SPDX-License-Identifier: LGPL-2.1-or-later
-- What the pages need: people who signed in.

-- A token was exchanged for a session: known, as a token is, by the digest of its key only. It ends when it was not used
-- until expires_at, which use moves on up to ends_at; and it is worth nothing once its caller is revoked or expired.
CREATE TABLE sessions (
    key_sha256 text PRIMARY KEY,
    caller_id uuid NOT NULL REFERENCES callers,
    began_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    ends_at timestamptz NOT NULL CHECK (expires_at <= ends_at)
) WITH (fillfactor = 70);
CREATE INDEX sessions_caller ON sessions (caller_id, began_at);
CREATE INDEX sessions_expires_at ON sessions (expires_at);
REVOKE ALL ON sessions FROM PUBLIC;

-- What an import brought, for the figures of many: bytes of all its outputs, and of those that were known when it was
-- accepted and did not have to be sent. For imports from before this the latter is not known and counts as none.
ALTER TABLE imports ADD COLUMN output_bytes bigint NOT NULL DEFAULT 0, ADD COLUMN known_bytes bigint NOT NULL DEFAULT 0;
UPDATE imports i SET output_bytes = o.bytes
    FROM (SELECT import_id, sum(size_bytes) AS bytes FROM outputs GROUP BY import_id) o WHERE o.import_id = i.id;

-- The figures of an overview are read from these alone.
CREATE INDEX imports_accepted ON imports (created_at)
    INCLUDE (content_generator, package, output_bytes, known_bytes);
CREATE INDEX imports_finished ON imports (finished_at) INCLUDE (state, content_generator, package)
    WHERE finished_at IS NOT NULL;

-- When a hub's circuit opened, which further failures do not change.
ALTER TABLE circuits ADD COLUMN opened_at timestamptz;

CREATE FUNCTION rfc3339(at timestamptz) RETURNS text LANGUAGE sql STABLE AS $$
    SELECT to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
$$;

-- What the service's log said of each import, its newest lines; and how many are not among them.
CREATE TABLE import_lines (
    import_id uuid NOT NULL REFERENCES imports,
    line_id bigint GENERATED ALWAYS AS IDENTITY,
    at timestamptz NOT NULL,
    level text NOT NULL CHECK (level IN ('info', 'warning', 'error')),
    text text NOT NULL,
    PRIMARY KEY (import_id, line_id)
);
CREATE TABLE import_lines_dropped (
    import_id uuid PRIMARY KEY REFERENCES imports,
    lines bigint NOT NULL
);
REVOKE ALL ON import_lines, import_lines_dropped FROM PUBLIC;
