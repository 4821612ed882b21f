# SPDX-License-Identifier: LGPL-2.1-or-later
"""Where Koji keeps its files below the top directory (koji/__init__.py, PathInfo)."""
import os

LEGACY_TYPE_DIRECTORIES = {'maven': 'maven', 'win': 'win', 'image': 'images'}


class Paths:
    def __init__(self, topdir):
        self.topdir = topdir
        self.work = topdir + '/work'

    def build(self, build):
        return '%s/packages/%s/%s/%s' % (self.topdir, build['name'], build['version'], build['release'])

    def logs(self, build):
        return self.build(build) + '/data/logs'

    def type_directory(self, build, btype):
        return '%s/%s' % (self.build(build), LEGACY_TYPE_DIRECTORIES.get(btype) or 'files/' + btype)

    def make(self):
        for name in ('work', 'packages', 'repos', 'scratch', 'vol'):
            os.makedirs(os.path.join(self.topdir, name), exist_ok=True)
