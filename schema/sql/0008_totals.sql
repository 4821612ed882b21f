-- SPDX-License-Identifier: LGPL-2.1-or-later
-- Figures of all imports there ever were, without reading them all: what one adds when it is accepted and when it ends is
-- a row of its own in import_totals_new, for which nobody waits. Tidying adds them up in import_totals. Both together are
-- right at any moment.
CREATE TABLE import_totals (
    content_generator text NOT NULL,
    package text NOT NULL,
    imports numeric NOT NULL,
    imported numeric NOT NULL,
    rejected numeric NOT NULL,
    canceled numeric NOT NULL,
    posted_bytes numeric NOT NULL,
    known_bytes numeric NOT NULL,
    PRIMARY KEY (content_generator, package)
);
CREATE TABLE import_totals_new (LIKE import_totals);
CREATE VIEW imports_ever AS SELECT content_generator, package, sum(imports) AS imports, sum(imported) AS imported,
    sum(rejected) AS rejected, sum(canceled) AS canceled, sum(posted_bytes) AS posted_bytes,
    sum(known_bytes) AS known_bytes
    FROM (SELECT * FROM import_totals UNION ALL SELECT * FROM import_totals_new) t GROUP BY 1, 2;

CREATE FUNCTION import_counted() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    was imports;
BEGIN
    IF TG_OP = 'UPDATE' THEN
        was := OLD;
    ELSE
        was.state := '';
        was.output_bytes := 0;
        was.known_bytes := 0;
    END IF;
    INSERT INTO import_totals_new VALUES (NEW.content_generator, NEW.package, (TG_OP = 'INSERT')::integer,
        (NEW.state = 'imported')::integer - (was.state = 'imported')::integer,
        (NEW.state = 'rejected')::integer - (was.state = 'rejected')::integer,
        (NEW.state = 'canceled')::integer - (was.state = 'canceled')::integer,
        NEW.output_bytes - was.output_bytes, NEW.known_bytes - was.known_bytes);
    RETURN NULL;
END
$$;
-- The triggers lock the table against writers, so that no import is missed between the count and them.
CREATE TRIGGER imports_are_counted AFTER INSERT ON imports FOR EACH ROW EXECUTE FUNCTION import_counted();
CREATE TRIGGER imports_are_counted_anew AFTER UPDATE OF state, output_bytes, known_bytes ON imports FOR EACH ROW
    WHEN (NEW.output_bytes <> OLD.output_bytes OR NEW.known_bytes <> OLD.known_bytes OR (NEW.state <> OLD.state
        AND (NEW.state IN ('imported', 'rejected', 'canceled') OR OLD.state IN ('imported', 'rejected', 'canceled'))))
    EXECUTE FUNCTION import_counted();
INSERT INTO import_totals SELECT content_generator, package, count(*), count(*) FILTER (WHERE state = 'imported'),
    count(*) FILTER (WHERE state = 'rejected'), count(*) FILTER (WHERE state = 'canceled'), sum(output_bytes),
    sum(known_bytes) FROM imports GROUP BY 1, 2;
REVOKE ALL ON import_totals, import_totals_new, imports_ever FROM PUBLIC;
