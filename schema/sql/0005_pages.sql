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
