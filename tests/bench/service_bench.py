#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Measure the service, with a PostgreSQL of its own and a sandbox hub: no hub is needed.

    service_bench.py [--only NAME,...] [--runs 3] [--size MIB] [--work DIR]

Measures: intake (one large output beside dd and beside hashing on one core), posts (of metadata alone: time of one, and
how many a second), again (what is sent of a build that is here), memory (of many uploads at once), ready (after
kill -9), queue (imports a second), spool (the content store alone). Figures of one run compare, figures of two machines do not: what matters is printed
as a ratio of two that were measured in turn. DIR must lie on the disk that is meant; it takes three times --size.
"""
import argparse
import contextlib
import hashlib
import json
import multiprocessing
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import zlib

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / 'tests/harness'))
import make_build  # noqa: E402
from hub_process import SandboxHub  # noqa: E402
from sender import Sender, at_once, post_each  # noqa: E402
from service_process import Service  # noqa: E402

PROGRAM = os.environ.get('CG_IMPORT', str(TOP / 'build/cg-import'))
MIB = 1 << 20
SETTINGS = {'service': {'log_level': 'warning'},
            'limits': {'connections_per_caller': 1000, 'imports_per_caller': 1000000}}


def spread(figures, form):
    """The median and the range."""
    return '%s (%s-%s)' % tuple(form % figure for figure in (statistics.median(figures), min(figures), max(figures)))


def tell(measure, text, *values):
    print('%-7s %s' % (measure, text % values), flush=True)


def file_system(path):
    return subprocess.run(['stat', '-f', '-c', '%T', str(path)], stdout=subprocess.PIPE, text=True,
                          check=True).stdout.strip()


class Running:
    """A service for the time of a measure, with an empty spool in the work directory."""

    def __init__(self, options, hub, **settings):
        self.spool = pathlib.Path(tempfile.mkdtemp(prefix='spool-', dir=options.work))
        own = dict(SETTINGS, worker={'directory': self.spool / 'work'}, **settings)
        self.service = Service(PROGRAM, hub, settings=own, spool=self.spool)

    def __enter__(self):
        self.service.start()
        self.service.token = self.service.make_token('bench', 'submitter', 'operator')
        return self.service

    def __exit__(self, *_):
        self.service.remove()
        shutil.rmtree(self.spool)


def sender_of(service):
    return Sender(service.url, service.token)


def documents(count, components):
    """Metadata of builds that differ in their release alone, and their size."""
    with tempfile.TemporaryDirectory() as directory:
        make_build.make(directory, size=1000, plain=True, components=components, release='RELEASE')
        text = (pathlib.Path(directory) / 'metadata.json').read_bytes()
    run = b'%d' % time.time_ns()
    return [text.replace(b'RELEASE', b'%d.%s' % (number, run)) for number in range(count)], len(text)


# --- intake ----------------------------------------------------------------------------------------------------------
class LargeBuild:
    """One output of the wanted size and a log that is never sent, so that nothing is imported."""

    def __init__(self, directory, size):
        self.directory, self.size = pathlib.Path(directory), size
        make_build.make(str(directory), size=1000, plain=True, logs=1, components=2)
        self.metadata = json.loads((self.directory / 'metadata.json').read_text())
        self.output = next(output for output in self.metadata['output'] if output['type'] != 'log')
        self.path = self.directory / self.output['filename']
        self.block = os.urandom(8 * MIB)

    def renew(self, number):
        """Other bytes under another release; hashing them on one core gives the checksum: bytes a second."""
        first = b'%016d' % number + self.block[16:]
        with open(self.path, 'wb') as writing:
            for offset in range(0, self.size, len(self.block)):
                writing.write(self.block if offset else first)
        began = time.monotonic()
        md5, sha256, adler = hashlib.md5(), hashlib.sha256(), 1
        for offset in range(0, self.size, len(self.block)):
            for start in range(0, len(self.block), MIB):
                piece = memoryview(self.block if offset else first)[start:start + MIB]
                md5.update(piece)
                sha256.update(piece)
                adler = zlib.adler32(piece, adler)
        took = time.monotonic() - began
        self.output.update(filesize=self.size, checksum=md5.hexdigest())
        self.metadata['build']['release'] = str(number)
        (self.directory / 'metadata.json').write_text(json.dumps(self.metadata))
        os.sync()
        return self.size / took


def run_dd(directory, size):
    out = pathlib.Path(directory) / 'dd'
    began = time.monotonic()
    subprocess.run(['dd', 'if=/dev/zero', 'of=%s' % out, 'bs=1M', 'count=%d' % (size // MIB), 'conv=fsync',
                    'status=none'], check=True)
    took = time.monotonic() - began
    out.unlink()
    return size / took


def put_large(service, build):
    sender = sender_of(service)
    began = time.monotonic()
    answer = sender.post((build.directory / 'metadata.json').read_bytes())
    href = next(output['href'] for output in answer['missing'] if output['path'] == build.output['filename'])
    sender.put(href, build.path)
    took = time.monotonic() - began
    sender.close()
    return build.size / took


def post_form(service, build):
    """The same in one request of curl, which itself takes more of the machine."""
    began = time.monotonic()
    done = subprocess.run(['curl', '--silent', '--show-error', '--fail-with-body', '-H', 'Authorization: Bearer '
                           + service.token, '-F', 'metadata=@%s' % (build.directory / 'metadata.json'), '-F',
                           'file=@%s' % build.path, service.url + '/v1/imports'], stdout=subprocess.PIPE, check=True)
    took = time.monotonic() - began
    if json.loads(done.stdout)['state'] != 'receiving':
        raise RuntimeError(done.stdout)
    return build.size / took


def empty(service, spool):
    """Cancel what is there and wait until its files are gone, for the disk."""
    for listed in service.request('GET', '/v1/imports?state=receiving').json()['imports']:
        service.request('POST', '/v1/imports/%s/cancel' % listed['id'])
    deadline = time.monotonic() + 60
    while any((spool / 'contents').glob('*/*')):
        if time.monotonic() > deadline:
            raise TimeoutError('the spool keeps its files')
        time.sleep(0.1)
    os.sync()


def intake(options, hub):
    size = options.size // 8 * 8 * MIB
    build = LargeBuild(options.work / 'large', size)
    figures = {'dd': [], 'hash': [], 'service': [], 'form': []}
    running = Running(options, hub)
    running.service.configure(spool={'keep': '1 s', 'collect': '1 s'})
    with running as service:
        for number in range(options.runs):
            figures['hash'].append(build.renew(number + 1))
            figures['dd'].append(run_dd(options.work, size))
            figures['service'].append(put_large(service, build))
            empty(service, running.spool)
            build.renew(options.runs + number + 1)
            figures['form'].append(post_form(service, build))
            empty(service, running.spool)
    for name, what in (('dd', 'dd conv=fsync'), ('hash', 'md5, sha256 and adler32 on one core'),
                       ('service', 'PUT to the service, until it is durable'),
                       ('form', 'in one request of curl -F')):
        tell('intake', '%4d MiB  %-40s %s MB/s', size / MIB, what, spread([v / 1e6 for v in figures[name]], '%.0f'))
    for name, what in (('service', 'PUT'), ('form', 'curl -F')):
        ratios = [got / min(dd, hashed) for got, dd, hashed in zip(figures[name], figures['dd'], figures['hash'])]
        tell('intake', '%s, ratio to the smaller of dd and hashing: %s, wanted 0.8', what, spread(ratios, '%.2f'))


# --- posts -----------------------------------------------------------------------------------------------------------
def durable_writes(directory, count=200):
    """Seconds of one small write that is made durable, the least that a promise costs."""
    path, seconds = pathlib.Path(directory) / 'durable', []
    with open(path, 'wb', buffering=0) as writing:
        for _ in range(count):
            began = time.monotonic()
            writing.write(bytes(8192))
            os.fdatasync(writing.fileno())
            seconds.append(time.monotonic() - began)
    path.unlink()
    return seconds


def posts(options, hub):
    with Running(options, hub) as service:
        for components in (20, 300):
            texts, size = documents(300, components)
            durable = statistics.median(durable_writes(options.work))
            seconds = sorted(at_once(service.url, service.token, [post_each(texts)])[0][0])
            p50, p99 = seconds[len(seconds) // 2], seconds[len(seconds) * 99 // 100]
            tell('posts', 'one client, metadata of %d kB: p50 %.1f ms, p99 %.1f ms; one durable write of 8 KiB %.2f ms, '
                 'ratio of p50 %.1f', size / 1000, p50 * 1000, p99 * 1000, durable * 1000, p50 / durable)
        rates = {}
        for clients in (1, 4, 16, 64):
            rates[clients] = []
            for _ in range(options.runs):
                each = max(10, 640 // clients)
                texts, size = documents(clients * each, 20)
                works = [post_each(texts[first * each:(first + 1) * each]) for first in range(clients)]
                rates[clients].append(len(texts) / at_once(service.url, service.token, works)[1])
            tell('posts', '%2d clients, metadata of %d kB: %s posts a second, ratio to one client %.1f', clients,
                 size / 1000, spread(rates[clients], '%.0f'),
                 statistics.median(rates[clients]) / statistics.median(rates[1]))


def again(options, hub):
    build = options.work / 'again'
    make_build.make(str(build), size=64 * MIB, plain=True, release='1')
    with Running(options, hub) as service:
        steps = []
        for release in ('1', '1', '2'):
            metadata = json.loads((build / 'metadata.json').read_text())
            metadata['build']['release'] = release
            (build / 'metadata.json').write_text(json.dumps(metadata))
            sender = sender_of(service)
            began = time.monotonic()
            answer = sender.post_build(build)
            steps.append((sender.output_bytes, time.monotonic() - began, answer))
            sender.close()
        for what, (sent, took, answer) in zip(('first post', 'the same build again', 'its content in another build'),
                                              steps):
            tell('again', '%-28s %10d bytes of outputs sent, %4.0f ms, ratio to the first %.3f, deduplicated: %s', what,
                 sent, took * 1000, took / steps[0][1], answer['deduplicated'])
        service.wait(steps[2][2]['id'])


# --- memory ----------------------------------------------------------------------------------------------------------
def status_kb(pid, key):
    text = pathlib.Path('/proc/%d/status' % pid).read_text()
    return int(text.split(key + ':')[1].split()[0])


def make_posts(options, count, size):
    """Builds with one output each, all different, as directories."""
    made = []
    for number in range(count):
        directory = options.work / 'many' / str(number)
        make_build.make(str(directory), size=size, plain=True, logs=1, log_size=200, components=2, seed=number,
                        release='%d.%d' % (number, time.time_ns()))
        made.append(directory)
    return made


def hold_near_end(directory, meeting):
    """work for at_once: send a build; all wait for each other shortly before the end of their largest file."""
    def work(sender):
        answer = sender.post((directory / 'metadata.json').read_bytes())
        for output in sorted(answer['missing'], key=lambda output: -output['size_bytes']):
            sender.put(output['href'], directory / output['path'], meeting.wait if output['size_bytes'] > MIB else None)
    return work


def memory(options, hub):
    for uploads, size in ((8, 32 * MIB), (64, 32 * MIB), (64, 4 * MIB), (8, 256 * MIB)):
        directories = make_posts(options, uploads, size)
        with Running(options, hub) as service:
            before = status_kb(service.process.pid, 'VmHWM')
            meeting = multiprocessing.get_context('fork').Barrier(uploads)
            at_once(service.url, service.token, [hold_near_end(directory, meeting) for directory in directories])
            peak = status_kb(service.process.pid, 'VmHWM')
        shutil.rmtree(options.work / 'many')
        tell('memory', '%2d uploads of %3d MiB at once: the service at most %5.1f MiB, %.1f MiB more than before, '
             '%.2f MiB for each', uploads, size / MIB, peak / 1024, (peak - before) / 1024,
             (peak - before) / 1024 / uploads)


# --- ready -----------------------------------------------------------------------------------------------------------
def start_timed(service):
    """Seconds from starting the program to an answer of /readyz."""
    service.ready_file.unlink(missing_ok=True)
    began = time.monotonic()
    service.start(interval_s=0.002)
    while service.request('GET', '/readyz').status != 200:
        time.sleep(0.002)
    return time.monotonic() - began


def ready(options, hub):
    with Running(options, hub) as service:
        texts, _ = documents(500, 20)
        at_once(service.url, service.token, [post_each(texts)])
        figures = {'after kill -9': [], 'after kill -9 of its PostgreSQL too': [], 'after a clean stop': []}
        for _ in range(max(5, options.runs)):
            service.kill()
            figures['after kill -9'].append(start_timed(service))
            database = int((service.state / 'postgres/data/postmaster.pid').read_text().split('\n')[0])
            service.kill()
            os.kill(database, 9)
            figures['after kill -9 of its PostgreSQL too'].append(start_timed(service))
            service.stop()
            figures['after a clean stop'].append(start_timed(service))
    for what, seconds in figures.items():
        tell('ready', '%-36s %s s', what, spread(seconds, '%.2f'))


# --- queue -----------------------------------------------------------------------------------------------------------
def processor_seconds(pid, family=False):
    """What a process took of the processors; with its children, also those that ended."""
    try:
        fields = pathlib.Path('/proc/%d/stat' % pid).read_text().rsplit(')', 1)[1].split()
        children = pathlib.Path('/proc/%d/task/%d/children' % (pid, pid)).read_text().split() if family else []
    except FileNotFoundError:
        return 0                                # ended just now
    seconds = sum(map(int, fields[11:15] if family else fields[11:13])) / os.sysconf('SC_CLK_TCK')
    return seconds + sum(processor_seconds(int(child), family) for child in children)


def imported(service):
    text = service.request('GET', '/metrics').body.decode()
    return sum(int(line.rsplit(' ', 1)[1]) for line in text.splitlines()
               if line.startswith('cg_import_imports{state="imported"'))


def post_builds(directories):
    def work(sender):
        return [sender.post_build(directory)['id'] for directory in directories]
    return work


def through_the_hub(options, hub, count=200, clients=4):
    """Builds from post to imported, and which part of the processors each process took for one."""
    directories = make_posts(options, count, 1000)
    with Running(options, hub) as service:
        database = int((service.state / 'postgres/data/postmaster.pid').read_text().split('\n')[0])
        took = {'service': lambda: processor_seconds(service.process.pid), 'hub': lambda: processor_seconds(
            hub.process.pid), 'PostgreSQL': lambda: processor_seconds(database, family=True)}
        began, before = time.monotonic(), {name: ask() for name, ask in took.items()}
        at_once(service.url, service.token, [post_builds(directories[first::clients]) for first in range(clients)])
        while imported(service) < count:
            time.sleep(0.05)
        seconds = time.monotonic() - began
        each = {name: (ask() - before[name]) / count * 1000 for name, ask in took.items()}
    shutil.rmtree(options.work / 'many')
    return count / seconds, each


@contextlib.contextmanager
def empty_hub(options):
    """The sandbox hub gets slower with each build that it has."""
    with tempfile.TemporaryDirectory(dir=options.work) as state:
        hub = SandboxHub(state)
        try:
            yield hub
        finally:
            hub.stop()


def queue(options, _):
    figures = []
    for _ in range(options.runs):
        with empty_hub(options) as hub:
            figures.append(through_the_hub(options, hub))
    tell('queue', 'small builds from post to imported, sandbox hub: %s a second',
         spread([rate for rate, _ in figures], '%.1f'))
    for name in figures[0][1]:
        tell('queue', 'processor time for one of them, %-11s %s ms', name + ':',
             spread([each[name] for _, each in figures], '%.1f'))
    with database_place() as place:
        run_program('queue_bench', place, 1000, 4, options.runs)


# --- programs that measure one room ----------------------------------------------------------------------------------
@contextlib.contextmanager
def database_place():
    """A directory that the unprivileged user of a private PostgreSQL can pass through."""
    with tempfile.TemporaryDirectory() as place:
        os.chmod(place, 0o711)
        yield place


def run_program(name, *arguments):
    program = pathlib.Path(os.environ.get('CG_BUILD', str(TOP / 'build'))) / 'tests/bench' / name
    done = subprocess.run([str(program), *map(str, arguments)], stdout=subprocess.PIPE, text=True, check=True)
    for line in done.stdout.splitlines():
        tell(name.split('_', maxsplit=1)[0], '%s', line)


def spool(options, _):
    run_program('spool_bench', options.work, options.size, options.runs)


MEASURES = {'intake': intake, 'spool': spool, 'posts': posts, 'again': again, 'memory': memory, 'ready': ready,
            'queue': queue}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--only', default=','.join(MEASURES))
    parser.add_argument('--runs', type=int, default=3)
    parser.add_argument('--size', type=int, default=2048)
    parser.add_argument('--work', type=pathlib.Path, default=TOP / 'build/bench/service')
    options = parser.parse_args()
    shutil.rmtree(options.work, ignore_errors=True)
    options.work.mkdir(parents=True)
    wanted_bytes = 4 * options.size * MIB
    if shutil.disk_usage(options.work).free < wanted_bytes:
        sys.exit('service_bench: %s wants %d MiB free; give --size or --work' % (options.work, wanted_bytes / MIB))
    print('%d processors; spool on %s, databases on %s' % (os.cpu_count(), file_system(options.work),
                                                           file_system(tempfile.gettempdir())), flush=True)
    hub = SandboxHub(options.work / 'hub')
    try:
        for name in options.only.split(','):
            MEASURES[name](options, hub)
    finally:
        hub.stop()
        shutil.rmtree(options.work)


if __name__ == '__main__':
    main()
