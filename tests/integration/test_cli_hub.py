# SPDX-License-Identifier: LGPL-2.1-or-later
"""The verb hub: who am I there, what can it do, and what is said when it cannot be asked."""
import json
import os
import pty
import select
import subprocess

import pytest


def test_who_am_i(cg_import, sandbox_hub):
    done = cg_import(sandbox_hub, 'hub')
    assert (done.returncode, done.stderr) == (0, '')
    told = dict(line.split('  ', 1) for line in done.stdout.rstrip('\n').split('\n'))
    told = {label: text.strip() for label, text in told.items()}
    btypes = told.pop('build types').split(', ')
    assert btypes == [btype['name'] for btype in sandbox_hub.call('listBTypes')]
    assert told == {'hub': sandbox_hub.hub, 'version': '1.35.3', 'user': 'osbs (by certificate)',
                    'session': 'in headers', 'cg-import plugin': 'not present', 'promotes drafts': 'yes',
                    'may import as': 'atomic-reactor', 'content generators': 'atomic-reactor'}
    assert len(sandbox_hub.log('logout')) == 1


def test_for_programs(cg_import, sandbox_hub):
    done = cg_import(sandbox_hub, 'hub', '--json')
    told = json.loads(done.stdout)
    assert (done.returncode, done.stdout.count('\n')) == (0, 1)
    assert (told['user'], told['authtype'], told['header_session']) == ('osbs', 'certificate', True)
    assert told['my_content_generators'] == ['atomic-reactor']
    assert 'tar.gz' in told['archive_extensions'] and 'image' in told['btypes']


def test_a_user_without_access_sees_that(cg_import, sandbox_hub):
    told = json.loads(cg_import(sandbox_hub, 'hub', '--json', user='intruder').stdout)
    assert (told['user'], told['my_content_generators']) == ('intruder', [])
    assert 'may import as       none\n' in cg_import(sandbox_hub, 'hub', user='intruder').stdout


def test_without_login(cg_import, sandbox_hub):
    done = cg_import(sandbox_hub, 'hub', '--noauth')
    assert done.returncode == 0 and 'user                not logged in\n' in done.stdout
    assert 'may import' not in done.stdout and sandbox_hub.log('sslLogin') == []
    told = json.loads(cg_import(sandbox_hub, 'hub', '--noauth', '--json').stdout)
    assert (told['user'], told['authtype'], told['header_session']) == (None, None, None)


def test_by_password(cg_import, sandbox_hub, tmp_path):
    done = cg_import(sandbox_hub, 'hub', profile='sandbox-password')
    assert (done.returncode, done.stderr.split('\n')[0]) == (
        2, 'cg-import: hub: logging in by password needs --user and --password-file')
    done = cg_import(None, 'hub', '--hub', sandbox_hub.hub_http, '--user', 'kojiadmin')
    assert (done.returncode, done.stderr.split('\n')[0]) == (
        2, 'cg-import: hub: logging in by password needs --user and --password-file')
    secret = tmp_path / 'password'
    secret.write_text(sandbox_hub.passwords['kojiadmin'] + '\n')
    secret.chmod(0o600)
    done = cg_import(None, 'hub', '--hub', sandbox_hub.hub_http, '--authtype', 'password', '--user', 'kojiadmin',
                     '--password-file', str(secret))
    assert (done.returncode, done.stderr) == (0, '') and 'kojiadmin (by password)' in done.stdout


def test_by_options_instead_of_a_profile(cg_import, sandbox_hub):
    done = cg_import(None, 'hub', '--hub', sandbox_hub.hub, '--cert', sandbox_hub.certificates['osbs'], '--serverca',
                     sandbox_hub.ca, '--authtype', 'ssl')
    assert (done.returncode, done.stderr) == (0, '') and 'osbs (by certificate)' in done.stdout


def test_a_wrong_password(cg_import, sandbox_hub, tmp_path):
    secret = tmp_path / 'password'
    secret.write_text('not-the-password\n')
    secret.chmod(0o600)
    done = cg_import(None, 'hub', '--json', '--hub', sandbox_hub.hub_http, '--authtype', 'password', '--user', 'osbs',
                     '--password-file', str(secret))
    error = json.loads(done.stdout)['error']
    assert (done.returncode, error['name'], error['exit']) == (1, 'CG_E_AUTH', 1)
    assert done.stderr.startswith('cg-import: hub: ') and '[CG_E_AUTH]' in done.stderr
    assert 'not-the-password' not in done.stdout + done.stderr


@pytest.fixture(scope='module')
def stranger(tmp_path_factory):
    """A certificate with its key, of no CA that anybody here trusts."""
    path = tmp_path_factory.mktemp('stranger') / 'stranger.pem'
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-subj', '/CN=osbs', '-keyout', path,
                    '-out', path.with_suffix('.crt')], check=True, stderr=subprocess.DEVNULL)
    path.write_text(path.with_suffix('.crt').read_text() + path.read_text())
    return str(path)


def test_a_hub_that_cannot_be_trusted_is_asked_once(cg_import, sandbox_hub, stranger):
    done = cg_import(None, 'hub', '--hub', sandbox_hub.hub, '--cert', sandbox_hub.certificates['osbs'], '--serverca',
                     stranger, '--authtype', 'ssl')
    first, second, rest = done.stderr.split('\n')
    assert (done.returncode, done.stdout, rest) == (2, '', '')
    assert first.startswith(f'cg-import: hub: cannot trust {sandbox_hub.hub}: ') and first.endswith(' [CG_E_CONFIG]')
    assert second == "    `serverca` must name the certificate of the CA that signed the hub's"


def test_a_certificate_that_the_hub_refuses_is_shown_once(cg_import, sandbox_hub, stranger):
    done = cg_import(None, 'hub', '--hub', sandbox_hub.hub, '--cert', stranger, '--serverca', sandbox_hub.ca,
                     '--authtype', 'ssl')
    first, second, rest = done.stderr.split('\n')
    assert (done.returncode, done.stdout, rest) == (1, '', '')
    assert f'{sandbox_hub.hub} refused the client certificate: ' in first and first.endswith(' [CG_E_AUTH]')
    assert second == '    the certificate must be signed by a CA the hub trusts, and not be expired'


def test_nobody_listens(cg_import):
    done = cg_import(None, 'hub', '--noauth', '--hub', 'http://127.0.0.1:1/kojihub')
    assert done.returncode == 3 and done.stdout == ''
    assert done.stderr.startswith('cg-import: hub: cannot reach http://127.0.0.1:1/kojihub: ')
    assert done.stderr.endswith(' [CG_E_UNREACHABLE]\n    this is temporary: run the same command again later\n')


def test_the_hub_is_offline(cg_import, sandbox_hub):
    sandbox_hub.arm('offline', times=0)
    done = cg_import(sandbox_hub, 'hub', '--noauth', '--json')
    assert (done.returncode, json.loads(done.stdout)['error']['name']) == (3, 'CG_E_OFFLINE')


def test_no_such_profile_lists_those_there_are(cg_import, sandbox_hub):
    done = cg_import(sandbox_hub, 'hub', profile='sandbux')
    assert done.returncode == 2
    assert 'sandbux' in done.stderr and 'sandbox, sandbox-password' in done.stderr
    assert sandbox_hub.profiles['osbs'] in done.stderr


def test_a_profile_and_an_address_are_one_too_many(cg_import):
    done = cg_import(None, 'hub', '--hub', 'http://127.0.0.1:1/kojihub', '--profile', 'x')
    assert done.returncode == 2
    assert done.stderr.startswith('cg-import: hub: --profile and --hub both name a hub: give one of them\n')


def test_what_a_hub_says_does_not_drive_the_terminal(cg_import, sandbox_hub):
    sandbox_hub.arm('fault', method='getLoggedInUser', times=0, code=1000, text='\u009b2Jgone\u202e')
    done = cg_import(sandbox_hub, 'hub')
    assert done.returncode == 1
    assert '\\u009b2Jgone\\u202e' in done.stderr and '\u009b' not in done.stderr


def on_terminal(command, environment):
    """Output of a command whose standard output is a terminal 60 columns wide."""
    ours, its = pty.openpty()
    subprocess.run(['stty', 'cols', '60'], stdin=its, check=True)
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=its, stderr=its, env=environment)
    os.close(its)
    output = b''
    while True:
        try:
            select.select([ours], [], [])
            piece = os.read(ours, 65536)
        except OSError:
            break
        if not piece:
            break
        output += piece
    os.close(ours)
    assert process.wait() == 0
    return output.decode().replace('\r\n', '\n')


def test_long_lists_are_broken_to_the_terminal(cg_import, sandbox_hub):
    output = on_terminal(cg_import.command(sandbox_hub, 'hub'),
                         dict(cg_import.environment(sandbox_hub), TERM='xterm'))
    lines = output.rstrip('\n').split('\n')
    assert max(map(len, lines)) <= 60
    assert lines[-1].startswith(' ' * 20) and lines[-1][20] != ' '
