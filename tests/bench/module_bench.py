#!/usr/bin/env python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Measure importBuild of the hub's plugin beside the hub's own CGImport, on a hub whose data may be thrown away.

    module_bench.py --profile P [--config F] [--runs 5] [--only NAME,...] [--size MIB] [--work DIR]
                    [--httpd PIDFILE] [--database ADDRESS]

P is a profile over plain HTTP with a password. Each measure calls both methods in turn, A B A B ..., and prints the
median and range of each, the ratio of the medians, and with the process id file of the hub's httpd the processor time
of its children, which says more on a machine that does other things, too. Figures of one run compare, figures of two
machines do not.
Measures: rpms (6,000 components that the hub knows; --database puts them there), image (one archive of --size MiB with
sha256, of new content each time), batch (50 builds of 1 MiB and 10 components), again (the whole way by cg-import: the
same image under another NVR, beside its first import).
"""
import argparse
import configparser
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP / 'tests/hub'), str(TOP / 'tests/harness')]
import make_build  # noqa: E402
from module_hub import Build, Database, Session  # noqa: E402

PROGRAM = os.environ.get('CG_IMPORT', str(TOP / 'build/cg-import'))
METHODS = ('CGImport', 'cgimport.importBuild')
TICKS = os.sysconf('SC_CLK_TCK')


class Processor:
    """Processor time of httpd's children; None where they are not known."""

    def __init__(self, pid_file):
        self.parent = pathlib.Path(pid_file).read_text().strip() if pid_file else None

    def seconds(self):
        if not self.parent:
            return None
        children = pathlib.Path('/proc/%s/task/%s/children' % (self.parent, self.parent)).read_text().split()
        times = [pathlib.Path('/proc/%s/stat' % child).read_text().rsplit(')', 1)[1].split()[11:13] for child in children]
        return sum(int(tick) for pair in times for tick in pair) / TICKS


class Bench:
    def __init__(self, options):
        self.options = options
        parser = configparser.ConfigParser(interpolation=None)
        parser.read(options.config or ['/etc/koji.conf', os.path.expanduser('~/.koji/config')])
        self.settings = dict(parser[options.profile])
        self.session = Session(self.settings)
        self.processor = Processor(options.httpd)
        self.work = pathlib.Path(tempfile.mkdtemp(prefix='module-bench-', dir=options.work))

    def timed(self, action):
        os.sync()  # what the run before left to be written is not this one's to wait for
        before, began = self.processor.seconds(), time.monotonic()
        action()
        wall, after = time.monotonic() - began, self.processor.seconds()
        return wall, after - before if before is not None else None

    def tell(self, name, runs):
        """`runs`: for each label what timed() gave, the slower one first."""
        for kind, word in enumerate(('wall', 'processor')):
            figures = {label: [run[kind] for run in done] for label, done in runs.items()}
            if any(figure is None for done in figures.values() for figure in done):
                continue
            medians = [statistics.median(done) for done in figures.values()]
            told = ['%s %.3f s (%.3f-%.3f)' % (label, median, min(done), max(done))
                    for (label, done), median in zip(figures.items(), medians)]
            print('%-6s %-9s %s: %.2f times' % (name, word, ', '.join(told), medians[0] / max(medians[1], 1e-9)), flush=True)

    def pair(self, name, make):
        """make() gives the builds of one run, sent and ready."""
        runs = {method: [] for method in METHODS}
        for _ in range(self.options.runs):
            for method in METHODS:
                places = [self.session.send(build) for build in make()]
                runs[method].append(self.timed(
                    lambda: [self.session.call(method, 'metadata.json', place) for place in places]))
        self.tell(name, runs)

    def fresh(self, **options):
        directory = self.work / 'build'
        shutil.rmtree(directory, ignore_errors=True)
        return Build(directory, **options)

    def rpms(self):
        if not self.options.database:
            sys.exit('module_bench: rpms wants --database')
        options = {'components': 3000, 'seed': int(time.time())}
        metadata = self.fresh(**options).metadata
        database = Database(self.options.database)
        database.add_rpms(metadata['buildroots'][0]['components'] + metadata['output'][-1]['components'])
        database.run('ANALYZE rpminfo')
        self.pair('rpms', lambda: [self.fresh(**options)])

    def image(self):
        template = Build(self.work / 'image', size=self.options.size << 20, checksum='sha256')
        output = next(output for output in template.metadata['output'] if output['type'] == 'docker-image')
        path = self.work / 'image' / output['filename']

        def make():
            with open(path, 'r+b') as writing:
                writing.write(os.urandom(64))
            output['checksum'] = make_build.sum_of(path, 'sha256')
            template.rename()
            return [template]
        self.pair('image', make)

    def batch(self):
        self.pair('batch', lambda: [Build(self.work / 'batch' / str(number), size=1 << 20) for number in range(50)])

    def again(self):
        password = self.work / 'password'
        password.touch(mode=0o600)
        password.write_text(self.settings['password'])
        login = ['--profile', self.options.profile, '--user', self.settings['user'], '--password-file', password]
        login += ['--config', self.options.config] if self.options.config else []
        runs = {'first': [], 'again': []}
        for _ in range(self.options.runs):
            directory = self.work / 'again'
            shutil.rmtree(directory, ignore_errors=True)
            build = Build(directory, size=self.options.size << 20, checksum='sha256', seed=time.time_ns())
            for label in runs:
                build.rename()
                runs[label].append(self.timed(lambda: subprocess.run(
                    [PROGRAM, 'import', '--quiet', *login, directory / 'metadata.json', directory],
                    stdout=subprocess.DEVNULL, check=True)))
        self.tell('again', runs)

    def finish(self):
        shutil.rmtree(self.work, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('--profile', required=True)
    parser.add_argument('--config')
    parser.add_argument('--runs', type=int, default=5)
    parser.add_argument('--only', default='rpms,image,batch,again')
    parser.add_argument('--size', type=int, default=1024)
    parser.add_argument('--work', default=None)
    parser.add_argument('--httpd')
    parser.add_argument('--database')
    options = parser.parse_args()
    bench = Bench(options)
    try:
        for name in options.only.split(','):
            getattr(bench, name)()
    finally:
        bench.finish()


if __name__ == '__main__':
    main()
