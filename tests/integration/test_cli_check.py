# SPDX-License-Identifier: LGPL-2.1-or-later
"""The verb check: exact reports, exit statuses, files, and what a hub is asked."""
import json
import os
import pty
import re
import subprocess

import pytest


@pytest.fixture
def build(make_build):
    """A good build, and write(change): its metadata.json after change(document)."""
    directory = make_build(release='1')

    class Build:
        path = directory
        file = directory / 'metadata.json'

        @staticmethod
        def write(change):
            document = json.loads(Build.file.read_text())
            change(document)
            Build.file.write_text(json.dumps(document))
    return Build


def break_it(document):
    """Six faults: one of the schema, five of the rules."""
    document['build']['version'] = '1.0-beta'
    del document['build']['source']
    document['buildroots'][0]['tools'].append(dict(document['buildroots'][0]['tools'][0]))
    document['output'][0]['checksum_type'] = 'sha1'
    document['output'][1]['buildroot_id'] = 'nowhere'
    document['output'][2]['filename'] = '../\u001b[31mimage.tar.gz'


def test_a_good_build(cg_import, build):
    done = cg_import(None, 'check', build.file)
    assert (done.returncode, done.stderr) == (0, '')
    assert done.stdout == '%s (test-container-1.0-1)\nno findings: acceptable\n' % build.file
    with_files = cg_import(None, 'check', build.file, build.path)
    assert (with_files.returncode, with_files.stdout) == (0, done.stdout)


def test_a_broken_document_is_told_whole(cg_import, build):
    build.write(break_it)
    done = cg_import(None, 'check', build.file, build.path)
    assert (done.returncode, done.stderr) == (1, '')
    assert done.stdout.replace(str(build.file), 'FILE') == BROKEN


NOT_LOOKED_AT = 'the output files were not looked at: the document must be right first\n'
BROKEN = r'''FILE (test-container-1.0-beta-1)
error at /build (schema.required)
    "source" is missing
    expected: The SCM URL of the sources with the commit: https://example.com/repo#0123abc. The key must be there; null is allowed.
    found: {"name":"test-container","version":"1.0-beta","release":"1","start_time":1760000000,"end_time":1760000300,"owner":"os...
error at /build/version (nvr.version)
    "1.0-beta" has a dash, which a version must not
    expected: a version without dashes and slashes
    found: "1.0-beta"
error at /output/0/checksum_type (output.checksum-type)
    the hub cannot verify a checksum of this type
    expected: sha256, md5 or adler32
    found: "sha1"
error at /output/1/buildroot_id (output.buildroot-id)
    no buildroot has this id
    expected: the id of one of the buildroots
    found: "nowhere"
error at /output/2/filename (output.path)
    filename has a control character
    expected: a relative path of plain names
    found: "../\u001B[31mimage.tar.gz"
error at /buildroots/0/tools/2/name (buildroot.tool-duplicate)
    tool 0 of this buildroot has the same name
    expected: each tool once in a buildroot
    found: "podman"
6 errors: refused
the output files were not looked at: the document must be right first
'''


def test_the_same_for_programs(cg_import, build):
    build.write(break_it)
    done = cg_import(None, 'check', '--json', build.file)
    told = json.loads(done.stdout)
    assert (done.returncode, done.stdout.count('\n')) == (1, 1)
    assert (told['file'], told['nvr'], told['verdict']) == (str(build.file), 'test-container-1.0-beta-1', 'refused')
    assert (told['errors'], told['warnings'], told['files_checked']) == (len(told['findings']), 0, False)
    pointers = [finding['pointer'] for finding in told['findings']]
    assert re.findall(r'^error at (.+) \(', BROKEN, re.M) == pointers
    assert told['findings'][1] == {'level': 'error', 'rule': 'nvr.version', 'pointer': '/build/version',
                                   'message': '"1.0-beta" has a dash, which a version must not',
                                   'expected': 'a version without dashes and slashes', 'got': '"1.0-beta"'}


def test_standard_input(cg_import, build):
    with open(build.file) as text:
        done = subprocess.run([str(cg_import.path), 'check', '-'], stdin=text, stdout=subprocess.PIPE, text=True)
    assert (done.returncode, done.stdout) == (0, 'standard input (test-container-1.0-1)\nno findings: acceptable\n')


def test_strict_makes_warnings_refuse(cg_import, build):
    build.write(lambda document: document['build'].update(end_time=document['build']['start_time'] - 1))
    lax, strict = cg_import(None, 'check', build.file), cg_import(None, 'check', '--strict', build.file)
    assert lax.returncode == 0 and lax.stdout.endswith('\n1 warning: acceptable\n')
    assert strict.returncode == 1 and strict.stdout.endswith('\n1 error: refused\n')


def test_files(cg_import, build):
    log = build.path / 'orchestrator.log'
    content = bytearray(log.read_bytes())
    content[0] ^= 1
    log.write_bytes(content)
    (build.path / 'x86_64.log').unlink()
    told = json.loads(cg_import(None, 'check', '--json', build.file, build.path).stdout)
    assert [(finding['pointer'].rsplit('/', 1)[0], finding['rule']) for finding in told['findings']] == [
        ('/output/0', 'file.checksum'), ('/output/1', 'file.missing')]
    assert told['files_checked'] is True
    assert cg_import(None, 'check', build.file).returncode == 0


@pytest.mark.parametrize('arguments, name', [
    (['nosuch.json'], 'CG_E_IO'), (['.'], 'CG_E_IO'), (['metadata.json', 'nosuchdirectory'], 'CG_E_IO'),
    (['--hub', 'http://127.0.0.1:1/kojihub', 'metadata.json'], 'CG_E_UNREACHABLE'),
    (['--profile', 'nosuch', 'metadata.json'], 'CG_E_CONFIG')])
def test_what_cannot_be_judged(cg_import, build, arguments, name):
    done = cg_import(None, 'check', *arguments, cwd=str(build.path))
    assert (done.returncode, done.stdout) == (2, '')
    assert done.stderr.startswith('cg-import: cannot judge %s: ' % ([a for a in arguments if '.' in a and '/' not in a][0]))
    assert '[%s]' % name in done.stderr
    done = cg_import(None, 'check', '--json', *arguments, cwd=str(build.path))
    error = json.loads(done.stdout)['error']
    assert (done.returncode, error['name'], error['exit']) == (2, name, 2)


def test_a_file_name_does_not_drive_the_terminal(cg_import, build):
    name = build.path / 'a\u001b[31mb.json'
    build.file.rename(name)
    done = cg_import(None, 'check', name)
    assert done.returncode == 0 and 'a\\u001b[31mb.json (test-container-1.0-1)\n' in done.stdout
    gone = cg_import(None, 'check', str(name) + '\u009b')
    assert gone.returncode == 2 and 'a\\u001b[31mb.json\\u009b: ' in gone.stderr
    for text in (done.stdout, gone.stderr):
        assert '\u001b' not in text and '\u009b' not in text


# --- with a hub ------------------------------------------------------------------------------------------------------
def test_the_hub_decides_what_is_registered(cg_import, build, sandbox_hub):
    assert cg_import(sandbox_hub, 'check', build.file, build.path).returncode == 0
    assert sandbox_hub.log('sslLogin') == []

    def other_generator(document):
        for buildroot in document['buildroots']:
            buildroot['content_generator']['name'] = 'other-reactor'
    build.write(other_generator)
    assert cg_import(None, 'check', build.file).returncode == 0
    told = json.loads(cg_import(sandbox_hub, 'check', '--json', build.file).stdout)
    assert told['verdict'] == 'refused'
    assert told['findings'][0]['pointer'] == '/buildroots/0/content_generator/name'


def test_a_tag(cg_import, build, sandbox_hub):
    good = cg_import(sandbox_hub, 'check', '--tag', 'test-candidate', build.file)
    assert (good.returncode, good.stdout.split('\n')[1]) == (0, 'no findings: acceptable')
    none = cg_import(sandbox_hub, 'check', '--tag', 'nosuch', build.file)
    assert none.returncode == 1
    assert none.stdout.split('\n', 1)[1] == ('error at the top of the document (hub.tag)\n    the hub has no tag nosuch\n'
                                             '    expected: a tag that takes builds\n1 error: refused\n')
    build.write(lambda document: document['build'].update(name='unlisted'))
    unlisted = cg_import(sandbox_hub, 'check', '--tag', 'test-candidate', build.file)
    assert unlisted.returncode == 0
    assert 'warning at /build/name (hub.tag-package)\n    package unlisted is not listed in tag test-candidate' \
        in unlisted.stdout
    assert cg_import(sandbox_hub, 'check', '--strict', '--tag', 'test-candidate', build.file).returncode == 1


def test_a_hub_that_breaks_off_leaves_no_verdict(cg_import, build, sandbox_hub):
    sandbox_hub.arm('fault', method='listCGs', times=0, code=1, text="<class 'KeyError'>: 'x'")
    sandbox_hub.arm('fault', method='multiCall', times=0, code=1, text="<class 'KeyError'>: 'x'")
    done = cg_import(sandbox_hub, 'check', build.file)
    assert (done.returncode, done.stdout) == (2, '') and '[CG_E_HUB_FAULT]' in done.stderr


# --- on a terminal ---------------------------------------------------------------------------------------------------
def on_terminal(cg_import, *arguments, **environment):
    ours, its = pty.openpty()
    subprocess.run(['stty', 'cols', '70'], stdin=its, check=True)
    process = subprocess.Popen([str(cg_import.path), *map(str, arguments)], stdin=subprocess.DEVNULL, stdout=its,
                               stderr=its, env=dict({'PATH': os.environ['PATH'], 'TERM': 'xterm'}, **environment))
    os.close(its)
    output = b''
    while True:
        try:
            piece = os.read(ours, 65536)
        except OSError:
            break
        output += piece
    os.close(ours)
    process.wait()
    return output.decode().replace('\r\n', '\n')


def test_colours_on_a_terminal_only(cg_import, build):
    build.write(break_it)
    report = BROKEN.replace('FILE', str(build.file)).replace(NOT_LOOKED_AT, '')
    coloured = on_terminal(cg_import, 'check', build.file)
    assert '\033[1;31merror at /build' in coloured
    for plain in (on_terminal(cg_import, 'check', build.file, NO_COLOR='1'),
                  on_terminal(cg_import, 'check', build.file, TERM='dumb')):
        assert '\033' not in plain
        assert re.sub(r'\s+', ' ', plain) == re.sub(r'\s+', ' ', report)
        indented = [line for line in plain.split('\n') if ' ' in line.strip() and line.startswith(' ')]
        assert max(map(len, indented)) <= 70
    assert re.sub('\033\\[[0-9;]*m', '', coloured) == on_terminal(cg_import, 'check', build.file, NO_COLOR='1')


def test_reading_the_files_shows_a_bar_on_a_terminal(cg_import, build):
    seen = on_terminal(cg_import, 'check', build.file, build.path)
    bar, report = seen.rsplit('\r\033[K', 1)
    assert bar.startswith('\r\033[Kreading ') and ' % ' in bar
    assert 'no findings: acceptable' in report
    assert report == on_terminal(cg_import, 'check', build.file)


def test_an_empty_no_color_asks_for_nothing(cg_import, build):
    build.write(break_it)
    assert '\033[1;31m' in on_terminal(cg_import, 'check', build.file, NO_COLOR='')
