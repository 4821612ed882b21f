#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Measure cg-import beside the koji command on a hub, and `check` beside other validators.

    bench.py [--profile P] [--config F] [--runs 3] [--only NAME,...] [--work DIR]

Each measure runs both programs in turn, A B A B ..., and prints the median of each, their range, and the ratio of the
medians; figures of one run compare, figures of two machines do not. The hub is filled with builds named bench-*.
Measures: image (one archive of 1 GiB), images (4 of 256 MiB), batch and runs (50 small builds), check (a document of
about 1 MB with 5,000 components). `check` wants no hub, the others are left out without a profile; ajv is installed with npm below build/bench if it can be.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys
import time
import uuid

TOP = os.path.abspath(os.path.join(os.path.dirname(__file__), '../..'))
sys.path.insert(0, os.path.join(TOP, 'tests/harness'))
import make_build  # noqa: E402

CG_IMPORT = os.environ.get('CG_IMPORT', os.path.join(TOP, 'build/cg-import'))


def run(commands):
    """Runs the commands one after the other; (wall seconds, largest resident set in MiB)."""
    os.sync()  # what the run before left to be written is not this one's to wait for
    began, peak = time.monotonic(), 0
    for command in commands:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        error = process.stderr.read()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            sys.exit('bench: %s\n%s' % (' '.join(command), error.decode(errors='replace')[-2000:]))
        peak = max(peak, usage.ru_maxrss / 1024)
    return time.monotonic() - began, peak


def again(directory, work):
    """The same build under an NVR of its own; the files are hard links."""
    copy = os.path.join(work, uuid.uuid4().hex)
    os.makedirs(copy)
    with open(os.path.join(directory, 'metadata.json'), encoding='utf-8') as text:
        metadata = json.load(text)
    metadata['build']['release'] = '%d.%s' % (time.time(), uuid.uuid4().hex[:8])
    for output in metadata['output']:
        os.link(os.path.join(directory, output['filename']), os.path.join(copy, output['filename']))
    with open(os.path.join(copy, 'metadata.json'), 'w', encoding='utf-8') as text:
        json.dump(metadata, text)
    return copy


class Bench:
    def __init__(self, options):
        self.options = options
        self.login = ['--profile', options.profile] + (['--config', options.config] if options.config else [])
        self.koji = [subprocess.run([os.path.join(TOP, 'tests/harness/koji-client')], stdout=subprocess.PIPE, text=True,
                                    check=True).stdout.strip(), '--profile', options.profile]
        if options.config:
            self.koji += ['--config', options.config]

    def koji_import(self, directory):
        return self.koji + ['import-cg', '--noprogress', os.path.join(directory, 'metadata.json'), directory]

    def our_import(self, directory, *more):
        return [CG_IMPORT, 'import', '--quiet', *self.login, *more, os.path.join(directory, 'metadata.json'), directory]

    def build(self, name, **options):
        directory = os.path.join(self.options.work, name)
        make_build.make(directory, name='bench-' + name, plain=True, **options)
        return directory

    def pair(self, name, theirs, ours):
        """theirs() and ours() make the commands of one run."""
        figures = {'koji': [], 'cg-import': []}
        for _ in range(self.options.runs):
            figures['koji'].append(run(theirs()))
            figures['cg-import'].append(run(ours()))
        medians = {}
        for label, runs in figures.items():
            seconds = [wall for wall, _ in runs]
            medians[label] = statistics.median(seconds)
            print('%-8s %-10s %7.2f s (%.2f-%.2f)  peak %4.0f MiB'
                  % (name, label, medians[label], min(seconds), max(seconds), max(peak for _, peak in runs)))
        print('%-8s ratio      %7.2f x' % (name, medians['koji'] / medians['cg-import']), flush=True)

    def large(self, name, directory):
        work = self.options.work
        self.pair(name, lambda: [self.koji_import(again(directory, work))],
                  lambda: [self.our_import(again(directory, work))])

    def image(self):
        self.large('image', self.build('image', size=1 << 30, logs=3, components=300))

    def images(self):
        self.large('images', self.build('images', size=1 << 28, logs=3, components=300,
                                        arches=('x86_64', 'aarch64', 'ppc64le', 's390x')))

    def small(self):
        directory = self.build('small', size=1 << 20, logs=2, components=30)
        return [again(directory, self.options.work) for _ in range(50)]

    def batch_commands(self):
        listing = os.path.join(self.options.work, uuid.uuid4().hex)
        with open(listing, 'w', encoding='utf-8') as out:
            out.writelines('%s\n' % directory for directory in self.small())
        return [[CG_IMPORT, 'import', '--quiet', *self.login, '--batch', listing]]

    def batch(self):
        self.pair('batch', lambda: [self.koji_import(d) for d in self.small()], self.batch_commands)

    def runs(self):
        self.pair('runs', lambda: [self.koji_import(d) for d in self.small()],
                  lambda: [self.our_import(d) for d in self.small()])


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
            medians[label] = statistics.median(wall for wall, _ in runs)
            print('check    %-10s %7.3f s  peak %4.0f MiB  %6.1f x'
                  % (label, medians[label], max(peak for _, peak in runs), medians[label] / medians['cg-import']))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--profile', default='')
    parser.add_argument('--config', default='')
    parser.add_argument('--runs', type=int, default=3)
    parser.add_argument('--only', default='image,images,batch,runs,check')
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
