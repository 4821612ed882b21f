# SPDX-License-Identifier: LGPL-2.1-or-later
"""cg-import.conf: every key, every fault with its exact text, and that file, page and program say the same."""
import base64
import hashlib
import os
import pathlib
import re
import subprocess

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
EXAMPLE = TOP / 'koji-config' / 'cg-import.conf'
PAGE = TOP / 'docs' / 'man' / 'cg-import.conf.5'

def vkey(name, kind):
    """A verifier key of C2SP signed-note; type 4 is that of witnesses."""
    key = bytes([kind]) + bytes(range(32))
    return '%s+%s+%s' % (name, hashlib.sha256(name.encode() + b'\n' + key).hexdigest()[:8],
                         base64.b64encode(key).decode())


WITNESS = vkey('w.example', 4)
HUB = '[hub koji]\nurl = http://127.0.0.1:1/kojihub\n'


@pytest.fixture
def check(cg_import, tmp_path):
    """check(text): serve --check-config of a file with that text."""
    def run(text, **environment):
        path = tmp_path / 'c.conf'
        path.write_text(text)
        kept = {key: value for key, value in os.environ.items() if not key.startswith(('CG_', 'KOJI', 'XDG_', 'STATE'))}
        done = subprocess.run([str(cg_import.path), 'serve', '--check-config', '--config', str(path)],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, stdin=subprocess.DEVNULL,
                              env=dict(kept, HOME=str(tmp_path), **environment))
        done.stderr = done.stderr.replace(str(path), 'F').replace(str(tmp_path), 'D')
        return done
    return run


def sections(text):
    """{'listen': {'port': '8181'}}"""
    found, section = {}, None
    for line in text.splitlines():
        if line.startswith('['):
            section = found.setdefault(line.strip('[]'), {})
        elif line and not line.startswith('#'):
            key, _, value = line.partition('=')
            section[key.strip()] = value.strip()
    return found


def commented(text):
    """The example with its keys and sections made live."""
    return re.sub(r'^#(\[|[a-z_]+ =)', r'\1', text, flags=re.M)


# --- what is in force ------------------------------------------------------------------------------------------------
def test_nothing_written_is_all_defaults(check):
    done = check(HUB, STATE_DIRECTORY='/state')
    assert (done.returncode, done.stderr) == (0, '')
    told = sections(done.stdout)
    assert told['service'].pop('replica')
    assert told['service'] == {'state_directory': '/state', 'default_hub': 'koji', 'log_format': 'key-value',
                               'log_level': 'info', 'drain': '30 s'}
    assert (told['spool']['directory'], told['worker']['directory']) == ('/state/spool', '/state/work')
    assert told['hub koji'] == {'url': 'http://127.0.0.1:1/kojihub', 'lists': '5 min', 'outbox': 'auto',
                                'outbox_every': '10 s'}


def test_the_example_has_every_key_with_its_default(check):
    example = sections(commented(EXAMPLE.read_text()))
    told = sections(check(HUB).stdout)
    for section in ('service', 'listen', 'database', 'spool', 'callers', 'limits', 'worker', 'images', 'audit'):
        unset = {key for key, value in example[section].items() if not value}
        computed = {'state_directory', 'replica', 'default_hub', 'directory', 'last_signed', 'key_file'}
        assert {k: v for k, v in example[section].items() if v} == \
            {k: v for k, v in told[section].items() if k not in computed}, section
        assert set(told[section]) - set(example[section]) == set()
        assert unset.isdisjoint(set(told[section]) - computed)


def test_the_example_is_accepted(check):
    assert check(EXAMPLE.read_text() + HUB).returncode == 0


def program_keys(check):
    """Every key of the program's table: those that a wrong key is not near to cannot be listed, so each is tried."""
    return {section: list(keys) for section, keys in sections(commented(EXAMPLE.read_text())).items()}


def test_the_page_has_every_key(check):
    page, written = {}, None
    for line in PAGE.read_text().split('\n'):
        if line.startswith('.Ss Section '):
            written = page.setdefault(line.split()[2], [])
        elif written is not None and re.fullmatch(r'\.It Cm [a-z_]+', line):
            written.append(line.split()[2])
    assert page == {section.split()[0]: keys for section, keys in program_keys(check).items()}


def test_every_key_of_the_example_is_known(check):
    for section, keys in program_keys(check).items():
        for key in keys:
            done = check('[%s]\n%s = x\n' % (section, key))
            assert 'has no key' not in done.stderr, (section, key)


def test_every_value_comes_back(check, tmp_path):
    for name in ('cert', 'key', 'ca', 'conf'):
        (tmp_path / name).write_text('x\n')
    text = '''[service]
state_directory = /s
replica = one
default_hub = b
log_format = json
log_level = warning
drain = 90 s
[listen]
address = ::
port = 443
unix_socket = /run/s
unix_mode = 0666
tls_cert = D/cert
tls_key = D/key
public_url = https://x.example/%%7Ea
threads = 3
[database]
connections = 7
connect_timeout = 2 min
statement_timeout = 1 h
lock_timeout = 1500 ms
migrate = yes
private_user = pg
private_programs = /p
[spool]
directory = /d
reserve = 0 B
keep = 36 h
keep_part = 90 min
collect = 1 s
[callers]
tokens = no
session_idle = 45 min
session_most = 10 h
client_ca = D/ca
client_crl = D/ca
front_user_header = X-User
kubernetes_url = https://k
kubernetes_ca = D/ca
kubernetes_token_file = D/key
kubernetes_audience = me
[limits]
metadata_size = 1 MiB
output_size = 5 GiB
outputs = 5
connections = 100
connections_per_caller = 2
imports_per_caller = 3
header_timeout = 1 s
idle_timeout = 2 s
rate_min = 10 B
[worker]
threads = 2
lease = 10 s
retry_first = 100 ms
retry_most = 3 s
give_up = 365 d
directory = /w
[images]
inspect = no
levels = off rpm-differs=error
memory = 512 MiB
processor_time = 1 min
time = 1 h
[audit]
directory = /audit
last_signed = /elsewhere/last
key_file = /k
second_key_file = /k2
attestation_key_file = D/key
trusted_keys = a b
origin = log.example/1
quorum = 1
witness_ca = D/ca
wait = 1 min
[witness w]
url = https://w.example
key = %s
[hub a]
profile = x
koji_config = D/conf
lists = 1 min
outbox = yes
outbox_every = 2 s
[hub b]
url = http://h/kojihub
authtype = password
serverca = D/ca
cert = D/cert
principal = p
keytab = D/key
user = u
password_file = D/key
runas = r
lists = 1 s
outbox = no
outbox_every = 10 ms
[grant g]
caller = CN=*
roles = submitter operator auditor
content_generators = a b
packages = c*
[root r]
directory = /mnt
'''.replace('%s', WITNESS).replace('D/', str(tmp_path) + '/')
    (tmp_path / 'conf').write_text('[x]\nserver = http://h/kojihub\n')
    done = check(text)
    assert (done.returncode, done.stderr) == (0, '')
    told = sections(done.stdout)
    expected = sections(text)
    expected['service']['drain'] = '90 s'
    assert told == expected
    again = check(done.stdout)
    assert again.stdout == done.stdout


def test_secrets_are_hidden_and_come_from_files(check, tmp_path):
    assert 'conninfo = (hidden)' in check(HUB + '[database]\nconninfo = host=x password=geheim\n').stdout
    secret = tmp_path / 'conninfo'
    secret.write_text('host=x password=geheim\n')
    secret.chmod(0o600)
    done = check(HUB + '[database]\nconninfo_file = %s\n' % secret)
    assert 'conninfo = (hidden)' in done.stdout and 'geheim' not in done.stdout + done.stderr


def test_hubs_default_to_the_profile_koji(check, tmp_path):
    (tmp_path / '.koji').mkdir()
    (tmp_path / '.koji' / 'config').write_text('[koji]\nserver = http://h/kojihub\n')
    assert sections(check('').stdout)['hub koji'] == {'profile': 'koji', 'lists': '5 min', 'outbox': 'auto',
                                                        'outbox_every': '10 s'}


# --- what is wrong ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize('text, expected', [
    ('[listen]\nprot = 1\n', 'F:2: [listen] has no key prot; did you mean port?'),
    ('[listen]\nfrobnicate = 1\n', 'F:2: [listen] has no key frobnicate'),
    ('[lisen]\n', 'F:1: there is no section [lisen]; did you mean [listen]?'),
    ('[frobnicate]\n', 'F:1: there is no section [frobnicate]'),
    ('[listen x]\n', 'F:1: section [listen] takes no name, and there is "x"'),
    ('[hub]\n', 'F:1: section [hub] wants a name: [hub NAME]'),
    ('[root  x]\ndirectory = /y\n', 'F:1: section [root  x] is written [root x]'),
    ('[root\tx]\ndirectory = /y\n', 'F:1: section [root\tx] is written [root x]'),
    ('[root %s]\ndirectory = /y\n' % ('x' * 101), 'F:1: the name of a section is longer than 100 bytes'),
    ('[DEFAULT]\nport = 1\n', 'F:2: section [DEFAULT] is not used here: write keys in their own section'),
    ('[listen]\nport = 65536\n', 'F:2: [listen] port wants a whole number from 0 to 65535, not "65536"'),
    ('[listen]\nport = -1\n', 'F:2: [listen] port wants a whole number from 0 to 65535, not "-1"'),
    ('[listen]\nport = x\n', 'F:2: [listen] port wants a whole number from 0 to 65535, not "x"'),
    ('[listen]\nport =\n', 'F:2: [listen] port is empty: leave the line out for the default'),
    ('[audit]\nquorum = 2\n', 'F:2: [audit] quorum is 2, and there are 0 witnesses'),
    ('[witness w]\nurl = http://w\nkey = %s\n' % WITNESS, 'F: [audit] quorum is not set: how many of the witnesses must '
     'sign before a checkpoint is published?'),
    ('[audit]\nquorum = 1\n[witness w]\nurl = http://w\n', 'F:3: [witness w] wants url and key'),
    ('[audit]\nquorum = 1\n[witness w]\nurl = w\nkey = %s\n' % WITNESS,
     'F:4: [witness w] url wants an address that begins with http:// or https://, not "w"'),
    ('[audit]\nquorum = 1\n[witness w]\nurl = http://w\nkey = %s\n' % vkey('w', 1),
     'F:5: [witness w] key is no key of a witness (type 04)'),
    ('[service]\ndrain = 30\n',
     'F:2: [service] drain wants a time with its unit (ms, s, min, h, d) from 0 ms to 1 h, not "30"'),
    ('[service]\ndrain = 61 min\n',
     'F:2: [service] drain wants a time with its unit (ms, s, min, h, d) from 0 ms to 1 h, not "61 min"'),
    ('[limits]\nmetadata_size = 65 MiB\n', 'F:2: [limits] metadata_size wants a size with its unit (B, KiB, MiB, GiB, '
     'TiB) from 1 KiB to 64 MiB, not "65 MiB"'),
    ('[limits]\nmetadata_size = 10 MB\n', 'F:2: [limits] metadata_size wants a size with its unit (B, KiB, MiB, GiB, '
     'TiB) from 1 KiB to 64 MiB, not "10 MB"'),
    ('[listen]\nunix_mode = 0888\n', 'F:2: [listen] unix_mode wants octal permission bits such as 0660, not "0888"'),
    ('[listen]\nunix_mode = 1777\n', 'F:2: [listen] unix_mode wants octal permission bits such as 0660, not "1777"'),
    ('[database]\nmigrate = true\n', 'F:2: [database] migrate wants yes or no, not "true"'),
    ('[service]\nlog_level = loud\n', 'F:2: [service] log_level knows debug, info, warning, error, not "loud"'),
    ('[grant x]\ncaller = y\nroles = submitter boss\n',
     'F:3: [grant x] roles knows submitter, operator, auditor, not "boss"'),
    ('[grant x]\nroles = auditor\n', 'F:1: [grant x] wants a caller'),
    ('[grant x]\ncaller = y\n', 'F:1: [grant x] wants roles'),
    ('[root x]\n', 'F:1: [root x] wants a directory'),
    ('[root x]\ndirectory = y\n', 'F:2: [root x] directory wants an absolute path, not "y"'),
    ('[listen]\ntls_cert = /nonexistent\ntls_key = /etc/passwd\n',
     'F:2: [listen] tls_cert: cannot read /nonexistent: No such file or directory'),
    ('[listen]\ntls_cert = /etc/passwd\n', 'F:2: [listen] tls_cert is set and tls_key is not'),
    ('[listen]\ntls_key = /etc/passwd\n', 'F:2: [listen] tls_key is set and tls_cert is not'),
    ('[listen]\naddress = none\n', 'F:2: [listen] address is none, and no unix_socket is set'),
    ('[listen]\nunix_socket = /%s\n' % ('x' * 107), 'F:2: [listen] unix_socket is longer than 107 bytes'),
    ('[listen]\npublic_url = x.example\n',
     'F:2: [listen] public_url wants an address that begins with http:// or https://, not "x.example"'),
    ('[callers]\nclient_crl = /etc/passwd\n', 'F:2: [callers] client_crl is set and client_ca is not'),
    ('[callers]\nclient_ca = /etc/passwd\n', 'F:2: [callers] client_ca needs TLS: tls_cert and tls_key in [listen]'),
    ('[callers]\nfront_user_header = X\n',
     'F:2: [callers] front_user_header is believed on the Unix socket only: set unix_socket in [listen]'),
    ('[callers]\nkubernetes_url = http://k\n',
     'F:2: [callers] kubernetes_url wants an address that begins with https://, not "http://k"'),
    ('[callers]\nkubernetes_audience = x\n', 'F:2: [callers] kubernetes_audience is set and kubernetes_url is not'),
    ('[callers]\ntokens = no\n', 'F:2: [callers] knows nobody: tokens is no and no other way is set'),
    ('[worker]\nretry_most = 1 s\n', 'F:2: [worker] retry_most is shorter than retry_first'),
    ('[service]\ndefault_hub = x\n', 'F:2: [service] default_hub is x, and there is no [hub x]'),
    ('[hub a]\nurl = http://x\nprofile = y\n', 'F:2: [hub a] url and profile both name a hub: set one of them'),
    ('[hub a]\nurl = http://x\nauthtype = password\n', 'F:3: [hub a] authtype password needs user and password_file'),
    ('[hub a]\nurl = http://x\nauthtype = magic\n', 'F:3: [hub a] authtype knows ssl, kerberos, password, not "magic"'),
    ('[database]\nconninfo_file = /nonexistent\n',
     'F:2: [database] conninfo_file: cannot open /nonexistent: No such file or directory'),
])
def test_a_fault(check, text, expected):
    done = check(text + HUB)
    assert done.stdout == ''
    assert done.stderr.split('\n')[:2] == [expected, 'cg-import: serve: the configuration has 1 fault [CG_E_CONFIG]']
    assert done.returncode == 2


def test_all_faults_at_once(check):
    done = check('[listen]\nport = x\nprot = 1\n[nothing]\n[worker]\nthreads = 0\n' + HUB)
    assert done.stderr.split('\n')[:5] == [
        'F:2: [listen] port wants a whole number from 0 to 65535, not "x"',
        'F:3: [listen] has no key prot; did you mean port?',
        'F:4: there is no section [nothing]',
        'F:6: [worker] threads wants a whole number from 1 to 64, not "0"',
        'cg-import: serve: the configuration has 4 faults [CG_E_CONFIG]']


def test_a_line_that_is_none(check):
    done = check('[listen]\nport\n')
    assert done.stderr.startswith('F:2: ') and done.returncode == 2


def test_a_profile_that_is_not_there(check):
    done = check('[hub koji]\nprofile = nope\n')
    assert '[hub koji] no configuration for profile name: nope' in done.stderr and done.returncode == 2


def test_hubs_do_not_log_in_by_kerberos_as_different_users(check, tmp_path):
    """The keytab and the cache are variables of the process."""
    one, other = tmp_path / 'one', tmp_path / 'other'
    one.touch()
    other.touch()
    hubs = ('[service]\ndefault_hub = a\n[hub a]\nurl = http://x\nauthtype = kerberos\n%s\n'
            '[hub b]\nurl = http://y\n%s\n')
    keytab = 'keytab = %s' % one
    for keys in ('keytab = %s' % other, '', keytab + '\nprincipal = p'):
        done = check(hubs % (keytab, keys))
        assert (done.returncode, done.stdout) == (2, '')
        assert '[hub a] and [hub b] log in by Kerberos, each as somebody else' in done.stderr
        assert 'run a service for each' in done.stderr
    for first, second in ((keytab, keytab), (keytab, 'authtype = ssl\nkeytab = %s' % other), ('principal = p', '')):
        done = check(hubs.replace('authtype = kerberos\n', '') % (first, second))
        assert done.returncode == 0, done.stderr


def test_one_database_is_named(check, tmp_path):
    secret = tmp_path / 'conninfo'
    secret.write_text('host=db2\n')
    secret.chmod(0o600)
    done = check(HUB + '[database]\nconninfo = host=db1\nconninfo_file = %s\n' % secret)
    assert (done.returncode, done.stdout) == (2, '')
    assert 'F:4: [database] conninfo and conninfo_file both name a database: set one of them\n' in done.stderr


def test_a_user_without_a_password(check):
    done = check('[hub koji]\nurl = http://x\nuser = somebody\n')
    assert done.returncode == 2
    assert '[hub koji] would log in by password, and has not both user and password_file' in done.stderr
    assert '--' not in done.stderr
    assert check('[hub koji]\nurl = http://x\nuser = somebody\nauthtype = ssl\n').returncode == 0


def test_a_file_that_is_named_must_be_there(cg_import):
    done = subprocess.run([str(cg_import.path), 'serve', '--check-config', '--config', '/nonexistent'],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert (done.returncode, done.stdout) == (2, '')
    assert 'cannot open /nonexistent: No such file or directory' in done.stderr
