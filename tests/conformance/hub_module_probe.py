# SPDX-License-Identifier: LGPL-2.1-or-later
"""Load the hub's plugin with koji's own loader, look at it as a hub does, and call it with whatever comes.

usage: hub_module_probe.py DIRECTORY [loader|border|growth]     prints what was seen as JSON

Runs in any Python from 3.6 that finds the koji package. The hub itself is not there: `kojihub` is a module made here,
with just the context that the plugin asks for.
"""
import inspect
import json
import random
import resource
import sys
import types

import koji
import koji.plugin
import koji.util


def fake_hub(logged_in=True):
    """kojihub.context of a request, whose database has one content generator, two build types and two extensions."""
    class Cursor:
        rowcount = 0

        def execute(self, sql, parameters=()):
            pass

        def fetchall(self):
            return [('g', 'atomic-reactor'), ('b', 'image'), ('b', 'rpm'), ('x', 'tar tar.gz'), ('x', 'log')]

        def close(self):
            pass
    session = types.SimpleNamespace(logged_in=logged_in, user_id=1, hasPerm=lambda name: False)
    connection = types.SimpleNamespace(cursor=Cursor)
    hub = types.ModuleType('kojihub')
    hub.context = types.SimpleNamespace(session=session, cnx=connection, environ={'koji.hub.ConfigFile': '/nowhere/hub.conf'})
    sys.modules['kojihub'] = hub
    return hub


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


def loader(plugin):
    methods, callbacks = register(plugin)
    described = {}
    for name, method in methods.items():
        signature = inspect.signature(method)
        described[name] = [str(signature), len(inspect.getfullargspec(method).args), bool(method.__doc__),
                           getattr(method, 'callbacks', None)]
    answers = {'methods': described, 'callbacks': sorted(callbacks), 'hello': methods['cgimport.hello'](),
               'exported callbacks': [c.__name__ for found in callbacks.values() for c in found if c.exported],
               'modules': sorted({m.__module__ for m in methods.values()})}
    # Without a hub a method fails in words, and the hub's check of arguments sees only what the caller did.
    for key, arguments in (('outside', ('{}',)), ('too many', (1, 2, 3, 4, 5))):
        try:
            koji.util.call_with_argcheck(methods['cgimport.checkMetadata'], arguments)
        except Exception as error:
            answers[key] = [type(error).__name__, str(error)]
    fake_hub()
    report = koji.util.call_with_argcheck(methods['cgimport.checkMetadata'], ('{"a": 1, "a": 2}',), {'strict': True})
    answers['report'] = [report['verdict'], sorted({f['rule'] for f in report['findings']})]
    try:
        koji.plugin.run_callbacks('preImport', type='cg', metadata={'build': {'name': 'n', 'version': '1'}}, directory='d')
    except Exception as error:
        answers['refusal'] = [type(error).__name__, str(error).splitlines()[0]]
    koji.plugin.run_callbacks('preImport', type='archive', filepath='x')
    return answers


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


def border(plugin):
    """Thousands of calls with odd arguments: each ends in a value or an exception, the interpreter lives."""
    hub = fake_hub()
    methods, callbacks = register(plugin)
    odd = ODD + [Hostile(), Hostile(build=1), {'build': Hostile()}]
    rnd, outcomes = random.Random(1), {}
    for number in range(400):
        hub.context.method = rnd.choice(['CGImport', 'cgimport.importBuild', None, 5])
        hub.context.params = rnd.choice([(), (rnd.choice(odd),), [rnd.choice(odd), 'd'], None, 'ab'])
        arguments = [rnd.choice(odd) for _ in range(rnd.randrange(4))]
        keywords = {rnd.choice(['metadata', 'directory', 'strict', 'x', 'type', 'key']): rnd.choice(odd)
                    for _ in range(rnd.randrange(3))}
        for call in list(methods.values()) + [c for found in callbacks.values() for c in found]:
            try:
                if call.exported:
                    call(*arguments, **keywords)
                else:
                    call(*(['preImport'] if number % 5 else []) + arguments[:number % 2],
                         **dict(keywords, type='cg', metadata=rnd.choice(odd)))
                kind = 'value'
            except Exception as error:
                kind = type(error).__name__
            outcomes[kind] = outcomes.get(kind, 0) + 1
    return outcomes


def growth(plugin):
    """Peak memory in KiB after 4,000 calls, and after as many again and again."""
    fake_hub()
    methods, callbacks = register(plugin)
    metadata = {'metadata_version': 0, 'build': {'name': 'n', 'version': '1', 'release': '1'}, 'buildroots': [], 'output': []}
    peaks = []
    for _ in range(5):
        for _ in range(1000):
            methods['cgimport.hello']()
            methods['cgimport.checkMetadata'](metadata)
            try:
                methods['cgimport.checkMetadata'](5)
            except koji.GenericError:
                pass
            try:
                koji.plugin.run_callbacks('preImport', type='cg', metadata=metadata, directory='d')
            except koji.GenericError:
                pass
        peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    return {'peaks': peaks}


def main():
    plugin = koji.plugin.PluginTracker(path=[sys.argv[1]]).load('cg_import')
    seen = {'loader': loader, 'border': border, 'growth': growth}[sys.argv[2]](plugin)
    print(json.dumps(dict(seen, python=sys.version.split()[0])))


if __name__ == '__main__':
    main()
