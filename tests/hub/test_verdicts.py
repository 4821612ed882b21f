# SPDX-License-Identifier: LGPL-2.1-or-later
"""Is our verdict the hub's? Hundreds of documents are given to both; every difference must be a documented one."""
import hashlib
import json
import os
import subprocess
import time
import zlib

import verdict_cases

CONTENT = b'content\n'
DEFAULTS = {'filesize': len(CONTENT), 'checksum': hashlib.md5(CONTENT).hexdigest(), 'checksum_type': 'md5'}


def checksum(kind):
    if kind == 'adler32':
        return '%08x' % (zlib.adler32(CONTENT) & 0xffffffff)
    return hashlib.new(kind, CONTENT).hexdigest()


def outputs_of(document):
    outputs = document.get('output')
    return [(i, o) for i, o in enumerate(outputs if isinstance(outputs, list) else []) if isinstance(o, dict)]


def make(case, number):
    """The case's document with an NVR of its own and with sizes and checksums of CONTENT, unless the case sets them."""
    touched = {pointer for pointer, _ in case.edits}
    document = case.document()
    if not isinstance(document.get('build'), dict):
        return document
    unique = '%d.%d' % (int(time.time()), number)
    document['build']['version' if '/build/release' in touched else 'release'] = unique
    for index, output in outputs_of(document):
        for key, value in DEFAULTS.items():
            if '/output/%d/%s' % (index, key) not in touched:
                output[key] = value
        if output.get('checksum_type') in ('sha256', 'sha1', 'sha512', 'adler32'):
            output['checksum'] = checksum(output['checksum_type'])
    return document


def lay_out(document, directory):
    """Writes metadata.json and every output file that has a usable name."""
    directory.mkdir()
    (directory / 'metadata.json').write_text(json.dumps(document, indent=1))
    for _, output in outputs_of(document):
        if not isinstance(output.get('filename'), str):
            continue
        relpath = output.get('relpath') or ''
        path = os.path.normpath(os.path.join(directory, relpath if isinstance(relpath, str) else '', output['filename']))
        if path.startswith(str(directory) + '/') and not os.path.isdir(path):
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, 'wb') as out:
                out.write(CONTENT)


def hub_verdicts(hub, koji_python, directories):
    lines = ''.join(json.dumps({'name': name, 'directory': str(path)}) + '\n' for name, path in directories.items())
    done = subprocess.run([koji_python, os.path.join(os.path.dirname(__file__), 'raw_import.py'), hub.profile, hub.config],
                          input=lines, stdout=subprocess.PIPE, text=True, check=True)
    return {answer['name']: answer for answer in map(json.loads, done.stdout.splitlines())}


def our_verdict(hub, cg_import, directory):
    done = cg_import('check', '--json', '--profile', hub.profile, '--config', hub.config, str(directory / 'metadata.json'))
    assert done.returncode in (0, 1), done.stdout + done.stderr
    report = json.loads(done.stdout)
    return report['errors'] == 0, ['%s at %s' % (f['rule'], f['pointer']) for f in report['findings']
                                   if f['level'] == 'error']


def test_every_verdict_is_the_hubs(hub, koji_python, cg_import, tmp_path):
    directories = {}
    for number, (name, case) in enumerate(verdict_cases.CASES.items()):
        directories[name] = tmp_path / str(number)
        lay_out(make(case, number), directories[name])
    theirs = hub_verdicts(hub, koji_python, directories)
    documented = verdict_cases.STRICTER.keys() | verdict_cases.RELEASES_TAKE
    different, same = [], 0
    for name, directory in directories.items():
        accepted, rules = our_verdict(hub, cg_import, directory)
        if accepted == theirs[name]['accepted']:
            same += 1
        elif name not in (documented if theirs[name]['accepted'] else verdict_cases.UNKNOWABLE):
            different.append('%s: hub %s, we %s' % (name, theirs[name]['text'] or 'accepts', rules or 'accept'))
    print('%d of %d verdicts are the hub\'s; %d differ as documented'
          % (same, len(directories), len(directories) - same - len(different)))
    assert not different, '\n' + '\n'.join(different)
    stale = [name for name in verdict_cases.STRICTER if not theirs[name]['accepted']]
    assert not stale, 'the hub refuses these itself: %s' % stale
