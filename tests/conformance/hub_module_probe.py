# SPDX-License-Identifier: LGPL-2.1-or-later
"""Load the hub's plugin with koji's own loader, look at it as a hub does, and call it with whatever comes.

usage: hub_module_probe.py DIRECTORY [loader|imports|others|border|growth]     prints what was seen as JSON

Runs in any Python from 3.6 that finds the koji package. The hub itself is not there: little_hub stands in for it, with
files in a directory of its own.
"""
import copy
import gc
import hashlib
import inspect
import json
import logging
import os
import random
import shutil
import sys
import tempfile

import koji
import koji.plugin
import koji.util


def register(plugin):
    """What kojihub's HandlerRegistry.register_plugin takes: the methods by name, the callbacks by type."""
    methods, callbacks = {}, {}
    for value in vars(plugin).values():
        if isinstance(value, type) or not callable(value):
            continue
        if getattr(value, 'exported', False):
            name = value.export_alias if hasattr(value, 'export_alias') else value.__name__
            methods[name] = value
        for kind in getattr(value, 'callbacks', None) or ():
            koji.plugin.register_callback(kind, value)
            callbacks.setdefault(kind, []).append(value)
    return methods, callbacks


# --- as a hub loads it -----------------------------------------------------------------------------------------------
def loader(plugin):
    methods, callbacks = register(plugin)
    described = {}
    for name, method in methods.items():
        signature = inspect.signature(method)
        described[name] = [str(signature), len(inspect.getfullargspec(method).args), bool(method.__doc__),
                           getattr(method, 'callbacks', None)]
    answers = {'methods': described, 'callbacks': sorted(callbacks),
               'exported callbacks': [c.__name__ for found in callbacks.values() for c in found if c.exported],
               'modules': sorted({m.__module__ for m in methods.values()})}
    # Without a hub a method fails in words, and the hub's check of arguments sees only what the caller did.
    for key, arguments in (('outside', ('{}',)), ('too many', (1, 2, 3, 4, 5))):
        try:
            koji.util.call_with_argcheck(methods['cgimport.checkMetadata'], arguments)
        except Exception as error:
            answers[key] = [type(error).__name__, str(error)]
    with Place() as place:
        place.begin()
        answers['hello'] = methods['cgimport.hello']()
        report = koji.util.call_with_argcheck(methods['cgimport.checkMetadata'], ('{"a": 1, "a": 2}',), {'strict': True})
        answers['report'] = [report['verdict'], sorted({f['rule'] for f in report['findings']})]
        try:
            koji.plugin.run_callbacks('preImport', type='cg', metadata={'build': {'name': 'n', 'version': '1'}}, directory='d')
        except Exception as error:
            answers['refusal'] = [type(error).__name__, str(error).splitlines()[0]]
        koji.plugin.run_callbacks('preImport', type='archive', filepath='x')
    return answers


# --- imports ---------------------------------------------------------------------------------------------------------
class Place:
    """A hub's files in a temporary directory, and builds uploaded there."""

    def __enter__(self):
        import little_hub
        self.hub = little_hub
        self.topdir = tempfile.mkdtemp(dir='/dev/shm' if os.path.isdir('/dev/shm') else None)
        koji.pathinfo.topdir = self.topdir
        return self

    def __exit__(self, *failure):
        shutil.rmtree(self.topdir)

    def begin(self, **request):
        self.hub.begin_request(self.topdir, **request)

    def upload(self, release, components=12, files=2):
        """(metadata, directory): rpms of which every third is known, some files and kojifiles."""
        directory = 'cg/%s' % release
        above = os.path.join(koji.pathinfo.work(), directory)
        os.makedirs(above, exist_ok=True)
        parts = [{'type': 'rpm', 'name': ('known-%d' if i % 3 == 0 else 'unknown-%d') % i, 'version': '1', 'release': '1', 'arch': 'noarch',
                  'epoch': None, 'sigmd5': 'f' * 32, 'signature': None} for i in range(components)]
        others = [{'type': 'file', 'filename': 'f%d' % i, 'filesize': i, 'checksum': 'f' * 32, 'checksum_type': 'md5'} for i in range(9)]
        others += [{'type': 'kojifile', 'archive_id': i + 1, 'nvr': 'n-1-5', 'filename': 'f%d' % i} for i in range(4)]
        outputs = []
        for number in range(files):
            content = os.urandom(3000)
            with open(os.path.join(above, 'image-%d.tar' % number), 'wb') as writing:
                writing.write(content)
            outputs.append({'filename': 'image-%d.tar' % number, 'filesize': len(content), 'checksum': hashlib.sha256(content).hexdigest(),
                            'checksum_type': 'sha256', 'buildroot_id': 1, 'type': 'image', 'arch': 'x86_64',
                            'extra': {'image': {'arch': 'x86_64'}}, 'components': parts + others})
        metadata = {'metadata_version': 0, 'output': outputs, 'buildroots': [
            {'id': 1, 'host': {'os': 'linux', 'arch': 'x86_64'}, 'content_generator': {'name': 'atomic-reactor', 'version': '1'},
             'container': {'type': 'none', 'arch': 'x86_64'}, 'components': parts, 'tools': []}],
            'build': {'name': 'n', 'version': '1', 'release': release, 'source': 'git://a/b#c', 'start_time': 1, 'end_time': 2,
                      'extra': {'image': {}}}}
        return metadata, directory

    def commit(self):
        koji.plugin.run_callbacks('postCommit')
        shutil.rmtree(koji.pathinfo.topdir + '/packages')


class Lines(logging.Handler):
    """What the plugin said in the hub's log."""

    def __init__(self):
        super(Lines, self).__init__()
        self.seen = []
        logging.getLogger('koji.plugin.cg_import').addHandler(self)

    def emit(self, record):
        self.seen.append(record.getMessage())


def imports(plugin):
    """Imports that succeed, one that is asked for again, and one that fails half way."""
    methods, _ = register(plugin)
    import_build, said, seen = methods['cgimport.importBuild'], Lines(), {}
    with Place() as place:
        place.begin()
        metadata, directory = place.upload('1', components=60)
        first = import_build(metadata, directory, None, 'key')
        again = import_build(json.loads(json.dumps(metadata)), directory, None, 'key')
        seen['answers'] = [first['nvr'], first == again]
        seen['stored'] = sorted(os.listdir(koji.pathinfo.build(first)))
        place.commit()
        metadata, directory = place.upload('2')
        os.mkdir(os.path.join(koji.pathinfo.work(), directory, 'sub'))
        metadata['output'][1]['relpath'] = 'sub'
        for key, change in (('no file', {}), ('wrong sum', {'relpath': '', 'checksum': '0' * 64})):
            metadata['output'][1].update(change)
            try:
                import_build(json.dumps(metadata), directory)
            except Exception as error:
                seen[key] = [type(error).__name__, str(error).splitlines()[0]]
        seen['left'] = os.path.exists(koji.pathinfo.topdir + '/packages')
    return dict(seen, log=said.seen)


def other_hubs(hub):
    """(what is other, its owner, its name, what stands there): hubs that work in another way."""
    def prep_outputs(self):
        self.prepped = [koji.util.joinpath(koji.pathinfo.work(), self.directory, output['filename']) for output in self.metadata['output']]

    def get_metadata(self, metadata, directory):
        self.metadata = metadata
        return metadata

    def import_components(self, archive_id, fileinfo):
        pass
    more = hub.rpm_of
    return [('digests', hub.CG_Importer, 'prep_outputs', prep_outputs), ('matching', hub.CG_Importer, 'match_rpm', lambda self, component: None),
            ('rows', hub, 'rpm_of', lambda *key: dict(more(*key), another='column')), ('parsing', hub.CG_Importer, 'get_metadata', get_metadata),
            ('inserts', hub.CG_Importer, 'import_components', import_components), ('fixing', hub, '_fix_rpm_row', None),
            ('buildroots', hub.BuildRoot, '_setList', lambda self, rpmlist, update=False: None)]


def others(plugin):
    """What each of the other hubs stores, and what the log says of it."""
    methods, _ = register(plugin)
    said, seen = Lines(), {}
    with Place() as place:
        for what, owner, name, other in other_hubs(place.hub):
            place.begin()
            own, said.seen = getattr(owner, name), []
            setattr(owner, name, other)
            try:
                build = methods['cgimport.importBuild'](*place.upload('1', components=60))
                seen[what] = [sorted(os.listdir(koji.pathinfo.build(build))), said.seen]
                place.commit()
            finally:
                setattr(owner, name, own)
            shutil.rmtree(koji.pathinfo.work())
    return seen


# --- whatever comes --------------------------------------------------------------------------------------------------
ODD = [None, True, False, 0, -1, 2 ** 31, 2 ** 63, 2 ** 70, 1.5, float('nan'), '', 'a', '\0', '\ud800', '\x1b', '{}', '[', 'x.json',
       '../x.json', b'', b'\xff', [], [[]], {}, {'a': {}}, {1: 2}, {'build': 5}, {'build': {'name': {}}}, (), object(), ValueError,
       {'metadata_version': float('inf')}, 'a' * 100000, '[' * 1000, [1] * 1000, sys, lambda: None]


class Hostile(dict):
    """A dict whose every answer is an exception."""

    def __getitem__(self, key):
        raise RuntimeError('no item')

    def items(self):
        raise RuntimeError('no items')

    def __deepcopy__(self, memo):
        raise RuntimeError('no copy')


def nodes_of(value):
    """Every (container, key) within."""
    found = []
    for key in list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        found.append((value, key))
        found += nodes_of(value[key])
    return found


def broken(rnd, value, odd):
    """A copy of which up to three parts are something else, gone or there twice."""
    value = copy.deepcopy(value)
    nodes = nodes_of(value)
    for container, key in rnd.sample(nodes, min(len(nodes), rnd.randrange(4))):
        how = rnd.randrange(4)
        if isinstance(container, list) and key >= len(container):
            continue
        if how == 0:
            del container[key]
        elif how == 1 and isinstance(container, list):
            container.append(container[key])
        else:
            container[key] = rnd.choice(odd)
    return value


def calls_for(rnd, odd, methods, callbacks, uploaded):
    """One round of calls: each method and callback with what it takes, broken, and with anything."""
    metadata, directory = uploaded
    contents = [{'checksum_type': 'sha256', 'checksum': 'f' * 64, 'size': 3, 'path': 'a/b'}, {'checksum_type': 'md5', 'checksum': '0' * 32,
                                                                                         'size': 0, 'path': 'c'}]
    build = {'id': 9, 'name': 'n', 'version': '1', 'release': '1', 'volume_name': 'DEFAULT', 'build_id': 9}
    told = {'type': 'cg', 'metadata': metadata, 'directory': directory, 'build': build, 'info': build, 'attribute': 'state', 'old': 0, 'new': 1,
            'tag': {'id': 1, 'name': 't'}, 'user': {'id': 1, 'name': 'u'}, 'draft_release': 'd', 'target_release': 'r'}
    takes = {'cgimport.hello': [], 'cgimport.checkMetadata': [metadata, directory, True],
             'cgimport.importBuild': [metadata, directory, None, 'key-%d' % rnd.randrange(10)], 'cgimport.findContent': [contents],
             'cgimport.stageContent': [directory, contents], 'cgimport.events': [0, 100]}
    for name, method in methods.items():
        yield method, broken(rnd, takes[name], odd), {}
        if rnd.randrange(2):
            yield method, [json.dumps(broken(rnd, metadata, [None, True, -1, 2 ** 70, '', '\ud800', [], {}]))] + takes[name][1:], {}
        names = rnd.choice([['metadata', 'directory'], ['strict', 'x'], ['contents'], ['key', 'token']])
        yield method, [rnd.choice(odd) for _ in range(rnd.randrange(4))], {key: rnd.choice(odd) for key in names}
    for event, found in callbacks.items():
        for callback in found:
            yield callback, [event], broken(rnd, told, odd)
            yield callback, [event], {'type': 'cg', 'metadata': rnd.choice(odd)}
            yield callback, rnd.choice([[], [rnd.choice(odd)], [event, 1]]), {}


def border(plugin):
    """Thousands of calls with odd arguments: each ends in a value or an exception, the interpreter lives."""
    methods, callbacks = register(plugin)
    logging.disable(logging.CRITICAL)
    odd = ODD + [Hostile(), Hostile(build=1), {'build': Hostile()}]
    plain = [value for value in odd if not isinstance(value, Hostile)][:-1]
    rnd, outcomes = random.Random(1), {}
    with Place() as place:
        for number in range(150):
            place.begin(method=rnd.choice(['CGImport', 'cgimport.importBuild', None, 5]), logged_in=number % 20 > 0,
                        params=rnd.choice([(), (rnd.choice(odd),), [rnd.choice(odd), 'd'], None, 'ab']))
            uploaded = place.upload(str(number), files=1)
            for call, arguments, keywords in calls_for(rnd, odd if number % 3 else plain, methods, callbacks, uploaded):
                try:
                    call(*arguments, **keywords)
                    kind = 'value'
                except Exception as error:
                    kind = type(error).__name__
                outcomes[kind] = outcomes.get(kind, 0) + 1
            shutil.rmtree(koji.pathinfo.topdir + '/packages', ignore_errors=True)
    return outcomes


# --- again and again -------------------------------------------------------------------------------------------------
def some_calls(methods, place, number):
    """A hundred calls, one of them an import; such as succeed and such as fail."""
    metadata = {'metadata_version': 0, 'build': {'name': 'n', 'version': '1', 'release': '1'}, 'buildroots': [], 'output': []}
    contents = [{'checksum_type': 'sha256', 'checksum': 'f' * 64, 'size': 3, 'path': 'a'}]
    build = {'id': 9, 'name': 'n', 'version': '1', 'release': '1'}
    place.begin()
    methods['cgimport.importBuild'](*place.upload(str(number), files=1))
    place.commit()
    for _ in range(11):
        methods['cgimport.hello']()
        methods['cgimport.checkMetadata'](metadata)
        methods['cgimport.findContent'](contents)
        methods['cgimport.events'](1, limit=2)
        koji.plugin.run_callbacks('postTag', tag={'id': 1, 'name': 't'}, build=build, user={'name': 'u'})
        for method, arguments in (('checkMetadata', (5,)), ('findContent', ([5],)), ('events', (-1,)), ('stageContent', ('..', contents))):
            try:
                methods['cgimport.' + method](*arguments)
            except koji.GenericError:
                continue
            raise AssertionError(method)
    shutil.rmtree(koji.pathinfo.work())


def growth(plugin):
    """A hundred thousand calls: after each tenth the resident memory in KiB, and Python's blocks."""
    methods, _ = register(plugin)
    logging.disable(logging.CRITICAL)
    resident, blocks = [], []
    with Place() as place:
        for _ in range(10):
            for number in range(100):
                some_calls(methods, place, number)
            gc.collect()
            with open('/proc/self/statm') as reading:
                resident.append(int(reading.read().split()[1]) * os.sysconf('SC_PAGE_SIZE') // 1024)
            blocks.append(sys.getallocatedblocks())
    return {'resident': resident, 'blocks': blocks}


def main():
    plugin = koji.plugin.PluginTracker(path=[sys.argv[1]]).load('cg_import')
    seen = {'loader': loader, 'imports': imports, 'others': others, 'border': border, 'growth': growth}[sys.argv[2]](plugin)
    print(json.dumps(dict(seen, python=sys.version.split()[0])))


if __name__ == '__main__':
    main()
