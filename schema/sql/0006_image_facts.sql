-- SPDX-License-Identifier: LGPL-2.1-or-later
-- What was found in image archives (include/cg/image.h), so that a content is looked into once, however often it is
-- posted. Kept as text: what an archive says may hold what jsonb does not take. Goes with the content. `reader` counts
-- up when a later program finds more, which then looks again.
CREATE TABLE image_facts (
    content text PRIMARY KEY REFERENCES contents ON DELETE CASCADE,
    reader integer NOT NULL,
    facts json NOT NULL,
    at timestamptz NOT NULL DEFAULT now()
);
