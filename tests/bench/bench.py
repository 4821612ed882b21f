#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Measure cg-import beside the koji command on a hub, and `check` beside other validators.

    bench.py [--profile P] [--config F] [--runs 5] [--only NAME,...] [--hub-pid PID ...] [--work DIR]

Each measure runs both programs in turn, A B A B ..., from files that are in memory and a disk that has written
everything back, and prints the median of each, their range, and the ratio of the medians. Beside the time it tells where
it went: the processor time of the client, of the hub where --hub-pid names its processes (httpd's and PostgreSQL's
first; their children count), and of everything else on this machine. Where the last is more than a few hundredths of
the time, something else was at work and the figures are worth little. Figures of one run compare, figures of two
machines do not. The hub is filled with builds named bench-*: five runs of everything want 25 GiB of its disk.
Measures: image (one archive of 1 GiB), images (4 of 256 MiB), link and links (the same where the hub's volume is mounted
at the profile's topdir: both programs link), batch and runs (50 small builds), check (a document of about 1 MB with
5,000 components). `check` wants no hub, the others are left out without a profile; ajv is installed with npm below
build/bench if it can be. Where the hub has the hub module, cg-import uses it, and each run has other bytes, because
what the hub holds already would not be sent.
"""
import argparse
import configparser
import hashlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import time
import uuid

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), '../..'))
sys.path.insert(0, os.path.join(TOP, 'tests/harness'))
import make_build  # noqa: E402

CG_IMPORT = os.environ.get('CG_IMPORT', os.path.join(TOP, 'build/cg-import'))
TICK = os.sysconf('SC_CLK_TCK')


# --- processor time --------------------------------------------------------------------------------------------------
def processes():
    """{pid: (parent, seconds of it and of the children it waited for)}"""
    found = {}
    for name in os.listdir('/proc'):
        if name.isdigit():
            try:
                with open('/proc/%s/stat' % name, encoding='utf-8', errors='replace') as stat:
                    fields = stat.read().rpartition(')')[2].split()
            except OSError:
                continue
            found[int(name)] = int(fields[1]), sum(map(int, fields[11:15])) / TICK
    return found


def tree_seconds(roots):
    """Of these processes and all below them."""
    found, total = processes(), 0.0
    below = list(roots)
    while below:
        pid = below.pop()
        if pid in found:
            total += found[pid][1]
            below += [child for child, (parent, _) in found.items() if parent == pid]
    return total


def busy_seconds():
    """Of the whole machine since it was started."""
    with open('/proc/stat', encoding='ascii') as stat:
        user, nice, system, _, _, irq, softirq = map(int, stat.readline().split()[1:8])
    return (user + nice + system + irq + softirq) / TICK


# --- one run ---------------------------------------------------------------------------------------------------------
def run(commands, hub_pids=()):
    """Runs the commands one after the other; a dict of seconds and of the largest resident set in MiB."""
    os.sync()  # what the run before left to be written is not this one's to wait for
    hub, busy, client, peak = tree_seconds(hub_pids), busy_seconds(), 0.0, 0
    began = time.monotonic()
    for command in commands:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        error = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            sys.exit('bench: %s\n%s' % (' '.join(command), error.decode(errors='replace')[-2000:]))
        client += usage.ru_utime + usage.ru_stime
        peak = max(peak, usage.ru_maxrss / 1024)
    wall = time.monotonic() - began
    hub, busy = tree_seconds(hub_pids) - hub, busy_seconds() - busy
    return {'wall': wall, 'client': client, 'hub': hub, 'other': max(0.0, busy - client - hub), 'peak': peak}


def median(runs, name):
    return statistics.median(one[name] for one in runs)


def new_bytes(path, output):
    """A copy of the file with another end, and the output as it describes that; at `path` itself."""
    end = uuid.uuid4().bytes
    shutil.copyfile(path, path + '.new')
    os.replace(path + '.new', path)
    with open(path, 'r+b') as content:
        content.seek(-len(end), os.SEEK_END)
        content.write(end)
    with open(path, 'rb') as content:
        output['checksum'] = hashlib.file_digest(content, output['checksum_type']).hexdigest()


class Bench:
    def __init__(self, options):
        self.options = options
        self.made = []  # directories and lists of the run under way
        self.login = ['--profile', options.profile] + (['--config', options.config] if options.config else [])
        self.koji = [subprocess.run([os.path.join(TOP, 'tests/harness/koji-client')], stdout=subprocess.PIPE, text=True,
                                    check=True).stdout.strip(), '--profile', options.profile]
        if options.config:
            self.koji += ['--config', options.config]
        told = subprocess.run([CG_IMPORT, 'hub', '--json', *self.login], stdout=subprocess.PIPE, text=True, check=True)
        self.module = json.loads(told.stdout)['plugin']
        print('hub      %s; hub module: %s; load of this machine %.1f, %d processors'
              % (options.profile, 'yes' if self.module else 'no', os.getloadavg()[0], os.cpu_count()), flush=True)

    # --- builds ---
    def build(self, name, **options):
        directory = os.path.join(self.options.work, name)
        if not os.path.isdir(directory):
            make_build.make(directory, name='bench-' + name, plain=True, **options)
        return directory

    def new_path(self):
        self.made.append(os.path.join(self.options.work, uuid.uuid4().hex))
        return self.made[-1]

    def remove_made(self):
        subprocess.run(['rm', '-rf', '--', *self.made], check=True)
        self.made = []

    def again(self, directory):
        """The same build under an NVR of its own, in memory; the files are hard links unless the hub knows contents."""
        copy = self.new_path()
        os.makedirs(copy)
        with open(os.path.join(directory, 'metadata.json'), encoding='utf-8') as text:
            metadata = json.load(text)
        metadata['build']['release'] = '%d.%s' % (time.time(), uuid.uuid4().hex[:8])
        for output in metadata['output']:
            path = os.path.join(copy, output['filename'])
            os.link(os.path.join(directory, output['filename']), path)
            if self.module and output['type'] != 'log':
                new_bytes(path, output)
            with open(path, 'rb') as content:
                while content.read(1 << 20):
                    pass
        with open(os.path.join(copy, 'metadata.json'), 'w', encoding='utf-8') as text:
            json.dump(metadata, text)
        return copy

    def one_image(self):
        return self.build('image', size=1 << 30, logs=3, components=300)

    def four_images(self):
        return self.build('images', size=1 << 28, logs=3, components=300,
                          arches=('x86_64', 'aarch64', 'ppc64le', 's390x'))

    def small(self, count=50):
        directory = self.build('small', size=1 << 20, logs=2, components=30)
        return [self.again(directory) for _ in range(count)]

    # --- commands ---
    def koji_import(self, directory, *more):
        return self.koji + ['import-cg', '--noprogress', *more, os.path.join(directory, 'metadata.json'), directory]

    def our_import(self, directory, *more):
        return [CG_IMPORT, 'import', '--quiet', *self.login, *more, os.path.join(directory, 'metadata.json'), directory]

    def our_list(self, directories):
        listing = self.new_path()
        with open(listing, 'w', encoding='utf-8') as out:
            out.writelines('%s\n' % directory for directory in directories)
        return [[CG_IMPORT, 'import', '--quiet', *self.login, '--batch', listing]]

    # --- measures ---
    def pair(self, name, theirs, ours):
        """theirs() and ours() make the commands of one run."""
        sides = {'koji': theirs, 'cg-import': ours}
        figures = {label: [] for label in sides}
        for _ in range(self.options.runs):
            for label, commands in sides.items():
                figures[label].append(run(commands(), self.options.hub_pid))
                self.remove_made()
        for label, runs in figures.items():
            walls = [one['wall'] for one in runs]
            hub = 'hub %6.2f, ' % median(runs, 'hub') if self.options.hub_pid else ''
            print('%-8s %-10s %7.2f s (%.2f-%.2f)  processor: client %5.2f, %s%s %5.2f s  peak %4.0f MiB'
                  % (name, label, statistics.median(walls), min(walls), max(walls), median(runs, 'client'), hub,
                     'others' if hub else 'hub and others', median(runs, 'other'), max(one['peak'] for one in runs)))
        print('%-8s ratio      %7.2f x' % (name, median(figures['koji'], 'wall') / median(figures['cg-import'], 'wall')),
              flush=True)

    def large(self, name, directory, *more):
        self.pair(name, lambda: [self.koji_import(self.again(directory), *more)],
                  lambda: [self.our_import(self.again(directory), *more)])

    def image(self):
        self.large('image', self.one_image())

    def images(self):
        self.large('images', self.four_images())

    def volume_is_mounted(self, name):
        parser = configparser.ConfigParser(interpolation=None)
        parser.read(self.options.config or ['/etc/koji.conf', os.path.expanduser('~/.koji/config')])
        topdir = parser.get(self.options.profile, 'topdir', fallback='')
        if topdir and os.access(os.path.join(topdir, 'work'), os.W_OK):
            return True
        print('%-8s left out: the hub\'s volume is not mounted for writing at the topdir of the profile' % name)
        return False

    def link(self):
        if self.volume_is_mounted('link'):
            self.large('link', self.one_image(), '--link')

    def links(self):
        if self.volume_is_mounted('links'):
            self.large('links', self.four_images(), '--link')

    def batch(self):
        self.pair('batch', lambda: [self.koji_import(d) for d in self.small()], lambda: self.our_list(self.small()))

    def runs(self):
        self.pair('runs', lambda: [self.koji_import(d) for d in self.small()],
                  lambda: [self.our_import(d) for d in self.small()])


# --- the check, without a hub ----------------------------------------------------------------------------------------
def ajv_command(work, schema, document):
    node = os.path.join(TOP, 'build/bench')
    os.makedirs(node, exist_ok=True)
    if not os.path.isdir(os.path.join(node, 'node_modules/ajv')):
        done = subprocess.run(['npm', 'install', '--silent', '--prefix', node, 'ajv@8'], stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            print('check    ajv        left out: npm cannot install it')
            return None
    script = os.path.join(node, 'ajv.cjs')
    with open(script, 'w', encoding='utf-8') as out:
        out.write('const fs = require("fs"), Ajv = require("ajv/dist/2020");\n'
                  'const check = new Ajv({allErrors: true, strict: false}).compile(JSON.parse(fs.readFileSync('
                  'process.argv[2])));\nprocess.exit(check(JSON.parse(fs.readFileSync(process.argv[3]))) ? 0 : 1);\n')
    return ['node', script, schema, document]


def check(options):
    directory = os.path.join(options.work, 'check')
    make_build.make(directory, components=2500, size=1000, plain=True)
    document = os.path.join(directory, 'metadata.json')
    schema = os.path.join(TOP, 'schema/content-generator-metadata.schema.json')
    python = [sys.executable, '-c', 'import json, sys, jsonschema\nsys.exit(not jsonschema.Draft202012Validator(json.load('
              'open(sys.argv[1]))).is_valid(json.load(open(sys.argv[2]))))', schema, document]
    commands = {'cg-import': [CG_IMPORT, 'check', document], 'ajv': ajv_command(options.work, schema, document),
                'jsonschema': python}
    print('check    document of %d bytes; cg-import also applies the rules, the others the schema alone'
          % os.path.getsize(document))
    medians = {}
    for label, command in commands.items():
        if command:
            runs = [run([command]) for _ in range(max(5, options.runs))]
            medians[label] = median(runs, 'wall')
            print('check    %-10s %7.3f s  processor: client %6.3f s  peak %4.0f MiB  %6.1f x'
                  % (label, medians[label], median(runs, 'client'), max(one['peak'] for one in runs),
                     medians[label] / medians['cg-import']), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--profile', default='')
    parser.add_argument('--config', default='')
    parser.add_argument('--runs', type=int, default=5)
    parser.add_argument('--only', default='check,runs,batch,image,images,link,links')
    parser.add_argument('--hub-pid', type=int, action='append', default=[])
    parser.add_argument('--work', default=os.path.join(TOP, 'build/bench/work'))
    options = parser.parse_args()
    subprocess.run(['rm', '-rf', options.work], check=True)
    os.makedirs(options.work)
    wanted = options.only.split(',')
    if 'check' in wanted:
        check(options)
    hub_measures = [name for name in wanted if name != 'check']
    if hub_measures and not options.profile:
        print('%s: left out, no hub is named; give the profile of one that may be filled with builds'
              % ', '.join(hub_measures))
    elif hub_measures:
        bench = Bench(options)
        for name in hub_measures:
            getattr(bench, name)()
    subprocess.run(['rm', '-rf', options.work], check=True)


if __name__ == '__main__':
    main()
