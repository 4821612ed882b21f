#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""How long what the pages ask takes with many imports: the middle and the slowest of some tries, and the bytes of an answer.

usage: pages_bench.py [IMPORTS [TRIES]]     100,000 imports and 20 tries, on a PostgreSQL of its own

CG_BUILD says where tests/conformance/intake_server was built.
"""
import pathlib
import statistics
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / 'harness'))
import intake_process  # noqa: E402
import postgres_process  # noqa: E402

# As of two years: of the last weeks some wait, of all a few in a hundred were rejected or canceled.
FILL = '''
INSERT INTO contents (sha256, size_bytes, md5, adler32) SELECT encode(sha256(n::text::bytea), 'hex'), 1000, '', ''
    FROM generate_series(1, {imports}) n;
INSERT INTO imports (id, hub, nvr, content_generator, package, metadata_sha256, metadata_bytes, options, caller,
    request_id, state, held, created_at, updated_at, finished_at, output_bytes, known_bytes, report)
    SELECT id, 'sandbox', package || '-1.' || n % 100 || '-' || n, CASE WHEN n % 3 = 0 THEN 'osbs' ELSE 'osbs' || n % 3 END, package,
    encode(sha256(n::text::bytea), 'hex'), 1000, '{{}}', 'caller' || n % 7, 'request' || n, state,
    CASE WHEN state = 'held' THEN 'tag' END, at, at,
    CASE WHEN state IN ('imported', 'rejected', 'canceled') THEN at + interval '5 min' END, 100000000, 40000000,
    CASE WHEN state = 'rejected' THEN '{{"verdict": "refused", "errors": 1, "warnings": 0, "findings": []}}'::json END
    FROM (SELECT n, now() - ({imports} - n) * interval '10 min' AS at, CASE WHEN n % 1000 = 7 THEN 'demo' ELSE 'package' || n % 500 END AS package,
    (lpad(to_hex((extract(epoch FROM now() - ({imports} - n) * interval '10 min') * 1000)::bigint), 12, '0') || '7000'
    || '8000' || lpad(to_hex(n), 12, '0'))::uuid AS id,
    CASE WHEN n > {imports} - 300 THEN (array['queued', 'receiving', 'held'])[n % 3 + 1]
    WHEN n % 50 = 0 THEN 'rejected' WHEN n % 100 = 1 THEN 'canceled' ELSE 'imported' END AS state
    FROM generate_series(1, {imports}) n) made;
TRUNCATE import_totals_new; -- as it is after tidying
INSERT INTO import_totals SELECT content_generator, package, count(*), count(*) FILTER (WHERE state = 'imported'),
    count(*) FILTER (WHERE state = 'rejected'), count(*) FILTER (WHERE state = 'canceled'), sum(output_bytes),
    sum(known_bytes) FROM imports GROUP BY 1, 2;
INSERT INTO outputs (import_id, position, path, size_bytes, checksum_type, checksum, received_bytes)
    SELECT i.id, p, 'file' || p, 1000, 'sha256', '', 0 FROM imports i, generate_series(0, 4) p;
INSERT INTO events (import_id, type, actor, detail) SELECT i.id, t, 'bench', '{{}}' FROM imports i,
    unnest(array['accepted', 'queued', 'claimed', 'imported']) t;
INSERT INTO import_lines (import_id, at, level, text) SELECT i.id, now(), 'info', 'import began' FROM imports i,
    generate_series(1, 5);
'''
ASKED = [('metrics', '/metrics', None), ('overview', '/v1/overview', 'operator'), ('overview of a few packages', '/v1/overview', 'narrow'),
         ('newest imports', '/v1/imports', 'operator'), ('newest imports of a few packages', '/v1/imports', 'narrow'),
         ('held', '/v1/imports?state=held', 'operator'), ('rejected', '/v1/imports?state=rejected', 'operator'),
         ('none canceled of a hub', '/v1/imports?state=canceled&hub=other', 'operator'),
         ('by NVR', '/v1/imports?nvr=package7-1.7-507', 'operator'),
         ('by the beginning of an NVR', '/v1/imports?nvr=package7-*', 'operator'),
         ('by a part of an NVR', '/v1/imports?nvr=*-1.7-*', 'operator'),
         ('by an NVR that is not there', '/v1/imports?nvr=*nothing*', 'operator'),
         ('by content generator', '/v1/imports?content_generator=osbs1', 'operator'),
         ('by one that is not there', '/v1/imports?content_generator=nothing', 'operator'),
         ('before a time', '/v1/imports?until=1971-01-01T00:00:00Z', 'operator'),
         ('an old page', '/v1/imports?limit=500&after=OLD', 'operator'),
         ('one import', '/v1/imports/OLD', 'operator'), ('its log', '/v1/imports/OLD/log', 'operator'),
         ('its events', '/v1/imports/OLD/events', 'operator'), ('who asks', '/v1/session', 'operator'),
         ('the page', '/ui/', None)]


def ask(server, path, caller):
    connection = server.open()
    began = time.monotonic()
    connection.request('GET', path, headers={'Authorization': 'Bearer ' + server.tokens[caller]} if caller else {})
    answer = connection.getresponse()
    size = len(answer.read())
    taken = time.monotonic() - began
    connection.close()
    assert answer.status == 200, path
    return taken * 1000, size


def main():
    imports, tries = [int(word) for word in (sys.argv[1:] + ['100000', '20'][len(sys.argv) - 1:])]
    postgres = postgres_process.Postgres()
    server = intake_process.Intake(postgres)
    try:
        print('%d imports are made ...' % imports, flush=True)
        server.sql(FILL.format(imports=imports))
        server.sql('VACUUM ANALYZE')
        old = server.sql('SELECT id FROM imports ORDER BY id OFFSET 1000 LIMIT 1')
        print('%-36s %9s %9s %9s' % ('', 'middle ms', 'most ms', 'bytes'))
        for name, path, caller in ASKED:
            taken = []
            for _ in range(tries):
                milliseconds, size = ask(server, path.replace('OLD', old), caller)
                taken.append(milliseconds)
            print('%-36s %9.1f %9.1f %9d' % (name, statistics.median(taken), max(taken), size), flush=True)
    finally:
        server.stop()
        postgres.stop()


if __name__ == '__main__':
    main()
