# SPDX-License-Identifier: LGPL-2.1-or-later
"""How fast provenance answers over many builds, and how large it is: on demand, with PostgreSQL and the HTTP face.

    CG_BUILD=build python3 tests/bench/provenance_bench.py --builds 20000 [--alone 'COMMAND']

Makes BUILDS container builds of five architectures with 300 rpms each, in SQL: half of the rpms are in every build
(glibc), half are drawn; versions move on with time. Then asks over HTTP, each question with changing values, and
prints p50, p99, and the processor time that service and PostgreSQL used for one, which is the same on a busy machine;
last, how many builds a second are taken in by posts. `--alone` is put before the measuring, on machines where that
waits for silence.
"""
import argparse
import hashlib
import http.client
import json
import os
import pathlib
import random
import subprocess
import sys
import time
import urllib.parse

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / 'tests' / 'harness'))

import postgres_process  # noqa: E402
from intake_process import Intake  # noqa: E402

ARCHES, NAMES, VERSIONS, COMMON, DRAWN = 5, 3000, 20, 150, 150

# A component's number is ((name * VERSIONS) + version) * ARCHES + arch + 1.
MAKE = '''
ALTER TABLE provenance_builds DISABLE TRIGGER ALL;
ALTER TABLE provenance_contents DISABLE TRIGGER ALL;
ALTER TABLE provenance_parts DISABLE TRIGGER ALL;
ALTER TABLE provenance_keys DISABLE TRIGGER ALL;
ALTER TABLE provenance_parents DISABLE TRIGGER ALL;
DROP INDEX provenance_contents_contained;
INSERT INTO components (component_id, digest, component) OVERRIDING SYSTEM VALUE
 SELECT i + 1, encode(sha256(i::text::bytea), 'hex'), jsonb_build_object('type', 'rpm', 'name', 'rpm' || i / {va},
  'version', '1.' || i / {a} % {v}, 'release', '1.el9', 'arch', (ARRAY['x86_64','aarch64','ppc64le','s390x','noarch'])[i % {a} + 1],
  'epoch', NULL, 'sigmd5', md5(i::text), 'signature', '199e2f91fd431d51')
 FROM generate_series(0, {n} * {va} - 1) i;
INSERT INTO provenance_builds (origin, hub, nvr, package, content_generator, build_id, imported_at, facts_sha256, task_id,
  owner, source_url, source_commit, facts)
 SELECT 'backfill', 'koji', 'app' || b % 1000 || '-container-1-' || b, 'app' || b % 1000 || '-container', 'atomic-reactor',
  b, now() - ({builds} - b) * interval '1 minute', md5(b::text), b, 'user' || b % 200, 'git://pkgs.example.com/app' || b % 1000,
  encode(sha256(b::text::bytea), 'hex'), '{{"nvr": "x-1-1", "outputs": [{{}},{{}},{{}},{{}},{{}}], "buildroots": []}}'
 FROM generate_series(1, {builds}) b;
CREATE UNLOGGED TABLE picked AS SELECT b, a,
  ARRAY(SELECT ((n * {v}) + (b * {v} / ({builds} + 1))) * {a} + a + 1 FROM (SELECT generate_series(0, {common} - 1) AS n
   UNION SELECT {common} + (hashint8(b::bigint * 1000 + d) & 2147483647) % ({n} - {common}) FROM generate_series(1, {drawn}) d) p) AS ids
  FROM generate_series(1, {builds}) b, generate_series(0, {a} - 1) a;
INSERT INTO provenance_contents SELECT b, array_agg(x), '{{}}' FROM picked, unnest(ids) x GROUP BY b;
INSERT INTO provenance_lists (list_id, digest, component_ids) OVERRIDING SYSTEM VALUE
 SELECT (b - 1) * {a} + a + 1, encode(sha256((b || ' ' || a)::bytea), 'hex'), ids FROM picked;
INSERT INTO provenance_parts SELECT b, 'output', a, (b - 1) * {a} + a + 1 FROM picked;
INSERT INTO provenance_keys SELECT b, 'manifest', 'sha256:' || encode(sha256((b || ' ' || a)::bytea), 'hex'), a FROM picked
 UNION ALL SELECT b, 'config', 'sha256:' || encode(sha256((b || 'c' || a)::bytea), 'hex'), a FROM picked
 UNION ALL SELECT b, 'pullspec', 'registry.example.com/app' || b % 1000 || ':1-' || b || '-' || a, a FROM picked;
INSERT INTO provenance_parents SELECT b, 'base', 'app' || (b / 20) % 1000 || '-container-1-' || b / 20, b / 20, 'r/app'
 FROM generate_series(21, {builds}) b;
CREATE INDEX provenance_contents_contained ON provenance_contents USING gin (contained) WITH (gin_pending_list_limit = 256);
DROP TABLE picked;
SELECT setval(pg_get_serial_sequence('components', 'component_id'), (SELECT max(component_id) FROM components));
SELECT setval(pg_get_serial_sequence('provenance_builds', 'build_key'), {builds});
SELECT setval(pg_get_serial_sequence('provenance_lists', 'list_id'), {builds} * {a});
ALTER TABLE provenance_builds ENABLE TRIGGER ALL;
ALTER TABLE provenance_contents ENABLE TRIGGER ALL;
ALTER TABLE provenance_parts ENABLE TRIGGER ALL;
ALTER TABLE provenance_keys ENABLE TRIGGER ALL;
ALTER TABLE provenance_parents ENABLE TRIGGER ALL;
VACUUM ANALYZE;
'''
SIZES = '''
SELECT string_agg(t || ' ' || pg_total_relation_size(t::regclass), E'\\n' ORDER BY t) FROM unnest(ARRAY['components',
 'provenance_builds', 'provenance_contents', 'provenance_lists', 'provenance_parts', 'provenance_keys',
 'provenance_parents']) t
'''


def sha256(text):
    return hashlib.sha256(text.encode()).hexdigest()


def questions(builds):
    """{what: path of the n-th time}"""
    any_build = lambda: random.randint(1, builds)  # noqa: E731
    version = lambda name, b: '%s-1.%d-1.el9' % (name, b * VERSIONS // (builds + 1))  # noqa: E731
    nvr = lambda b: 'app%d-container-1-%d' % (b % 1000, b)  # noqa: E731
    quote = urllib.parse.quote
    return {
        'by NVR': lambda: 'builds?nvr=' + nvr(any_build()),
        'by NVR glob': lambda: 'builds?nvr=app%d-*' % random.randrange(1000),
        'by manifest digest': lambda: 'builds?digest=sha256:' + sha256('%d %d' % (any_build(), 3)),
        'by config id': lambda: 'builds?digest=' + sha256('%dc%d' % (any_build(), 2)),
        'by pull spec': lambda: (lambda b: 'builds?pullspec=registry.example.com/app%d:1-%d-0' % (b % 1000, b))(any_build()),
        'by build id': lambda: 'builds?build_id=%d' % any_build(),
        'by commit': lambda: 'builds?commit=' + sha256(str(any_build()))[:12],
        'by source': lambda: 'builds?source=' + quote('git://pkgs.example.com/app%d' % random.randrange(1000)),
        'by parent': lambda: 'builds?parent=' + nvr(random.randint(1, builds // 20)),
        'by submitter': lambda: 'builds?submitter=user%d' % random.randrange(200),
        'by rpm NVR in a twentieth of all builds': lambda: 'builds?rpm=' + version('rpm%d' % random.randrange(COMMON),
                                                                                   any_build()),
        'by rpm name in all builds': lambda: 'builds?rpm=rpm%d' % random.randrange(COMMON),
        'by rare rpm NVRA': lambda: 'builds?rpm=' + version('rpm%d' % random.randrange(COMMON, NAMES), any_build()) + '.s390x',
        'by sigmd5': lambda: 'builds?rpm=' + hashlib.md5(str(random.randrange(NAMES * VERSIONS * ARCHES)).encode()).hexdigest(),
        'newest 50': lambda: 'builds',
        'one build, whole (1,500 components)': lambda: 'builds/' + nvr(any_build()),
        'difference of two builds': lambda: (lambda b: 'builds/%s/difference?from=%s' % (nvr(b), nvr(max(1, b - 1000))))(
            any_build()),
        'ancestors': lambda: 'builds/%s/ancestors' % nvr(any_build()),
        'descendants (up to 400)': lambda: 'builds/%s/descendants' % nvr(random.randint(2, builds // 20)),
    }


class Caller:
    def __init__(self, port, token):
        self.connection = http.client.HTTPConnection('127.0.0.1', port, timeout=120)
        self.headers = {'Authorization': 'Bearer ' + token}

    def ask(self, method, path, body=None, **headers):
        self.connection.request(method, path, body, dict(self.headers, **headers))
        reply = self.connection.getresponse()
        content = reply.read()
        assert reply.status < 300, (path, reply.status, content[:300])
        return json.loads(content)


def processor_ms(pids):
    """What these processes and their children used up to now."""
    used = 0
    for directory in pathlib.Path('/proc').glob('[0-9]*'):
        try:
            fields = (directory / 'stat').read_text().rpartition(')')[2].split()
        except OSError:
            continue                            # it ended meanwhile
        if int(directory.name) in pids or int(fields[1]) in pids:
            used += int(fields[11]) + int(fields[12])
    return used * 1000 / os.sysconf('SC_CLK_TCK')


def measure(port, tokens, pids, builds, times):
    random.seed(1)
    caller = Caller(port, tokens['auditor'])
    print('%-42s %9s %9s %9s %7s' % ('question (%d times)' % times, 'p50 ms', 'p99 ms', 'cpu ms', 'found'))
    for what, path in questions(builds).items():
        spent, found = [], 0
        caller.ask('GET', '/v1/provenance/' + path())
        used = processor_ms(pids)
        for _ in range(times):
            began = time.perf_counter()
            answer = caller.ask('GET', '/v1/provenance/' + path())
            spent.append((time.perf_counter() - began) * 1000)
            found += len(answer.get('builds', answer.get('related', [1])))
        used = processor_ms(pids) - used
        spent.sort()
        print('%-42s %9.1f %9.1f %9.1f %7.1f' % (what, spent[times // 2], spent[min(times - 1, times * 99 // 100)],
                                                 used / times, found / times), flush=True)


def document(number):
    """A build of five images with 300 rpms each, some of them new."""
    def rpms(arch):
        return [{'type': 'rpm', 'name': 'rpm%d' % i, 'version': '1.%d' % (19 if i else number), 'release': '1.el9', 'arch': arch,
                 'epoch': None, 'sigmd5': hashlib.md5(('%d%s%d' % (i, arch, 0 if i else number)).encode()).hexdigest(),
                 'signature': '199e2f91fd431d51'} for i in range(COMMON + DRAWN)]
    arches = ['x86_64', 'aarch64', 'ppc64le', 's390x', 'i686']
    return json.dumps({
        'metadata_version': 0,
        'build': {'name': 'bench', 'version': '1', 'release': str(number), 'source': 'git://x/y#z', 'owner': 'osbs',
                  'start_time': 1, 'end_time': 2, 'extra': {'image': {}}},
        'buildroots': [{'id': 1, 'host': {'os': 'x', 'arch': 'x86_64'}, 'container': {'type': 'none', 'arch': 'x86_64'},
                        'content_generator': {'name': 'osbs', 'version': '1'}, 'components': [], 'tools': []}],
        'output': [{'filename': '%s.tar.gz' % arch, 'filesize': 1, 'checksum': sha256(arch), 'checksum_type': 'sha256',
                    'arch': arch, 'type': 'docker-image', 'buildroot_id': 1, 'components': rpms(arch),
                    'extra': {'image': {'arch': arch}, 'docker': {'id': 'sha256:' + sha256('%s%d' % (arch, number))}}}
                   for arch in arches]})


def take_in(port, tokens, count):
    caller = Caller(port, tokens['operator'])
    documents = [document(number) for number in range(count)]
    began = time.perf_counter()
    for text in documents:
        caller.ask('POST', '/v1/imports', text, **{'Content-Type': 'application/json'})
    spent = time.perf_counter() - began
    print('taken in by one poster: %.1f builds/s (%d builds of 1,500 components, %.0f kB of metadata each)' % (
        count / spent, count, len(documents[0]) / 1000))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--builds', type=int, default=20000)
    parser.add_argument('--times', type=int, default=400)
    parser.add_argument('--alone', default='')
    parser.add_argument('--measure', metavar='JSON', help='of an earlier run: {"port", "tokens", "pids"}')
    options = parser.parse_args()
    if options.measure:
        told = json.loads(options.measure)
        measure(told['port'], told['tokens'], told['pids'], options.builds, options.times)
        take_in(told['port'], told['tokens'], 100)
        return
    server = postgres_process.Postgres()
    intake = None
    try:
        intake = Intake(server)
        began = time.monotonic()
        text = MAKE.format(a=ARCHES, v=VERSIONS, va=VERSIONS * ARCHES, n=NAMES, common=COMMON, drawn=DRAWN,
                           builds=options.builds)
        for statement in text.split(';\n'):
            if statement.strip():
                server.sql(intake.database, statement)
    finally:
        if intake is None:
            server.stop()
    try:
        print('made %d builds in %.0f s' % (options.builds, time.monotonic() - began), flush=True)
        edges = options.builds * ARCHES * (COMMON + DRAWN)
        sizes = dict(line.split() for line in server.sql(intake.database, SIZES).splitlines())
        for table, size in sizes.items():
            print('%-22s %8.1f MB' % (table, int(size) / 1e6))
        kept = sum(int(sizes[table]) for table in ('provenance_contents', 'provenance_lists', 'provenance_parts'))
        print('%d edges, %.1f bytes each' % (edges, kept / edges), flush=True)
        told = json.dumps({'port': intake.port, 'tokens': intake.tokens, 'pids': [intake.process.pid, server.pid]})
        subprocess.run([*options.alone.split(), sys.executable, __file__, '--builds', str(options.builds), '--times',
                        str(options.times), '--measure', told], check=True)
    finally:
        intake.stop()
        server.stop()


if __name__ == '__main__':
    main()
