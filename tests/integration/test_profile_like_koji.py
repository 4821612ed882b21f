# SPDX-License-Identifier: LGPL-2.1-or-later
"""A profile is what koji's own read_config makes of the same files.

koji's library reads /etc and the home directory; a small program puts others in their place, without changing koji.
Where we differ on purpose, the test says so: `no_ssl_verify` is a boolean, an address must be one, numbers are not
negative, an unknown authtype is refused, and a configuration that begins with a byte order mark names its trouble.
"""
import json
import os
import pathlib
import subprocess

import pytest

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
DUMP = pathlib.Path(os.environ.get('CG_BUILD') or TOP / 'build') / 'tests' / 'conformance' / 'profile_dump'

pytestmark = pytest.mark.skipif(not DUMP.exists(), reason='%s is not built: make tools' % DUMP)

READER = r'''
import json, os, sys
import koji
real = koji.read_config_files
etc = None
def moved(path):
    return etc + path[4:] if path.startswith("/etc/koji.conf") else path
koji.read_config_files = lambda configs: real([moved(c) if isinstance(c, str) else c for c in configs])
for line in sys.stdin:
    etc, os.environ["HOME"], profile, user_config = json.loads(line)
    try:
        result = koji.read_config(profile, user_config=None if user_config == "-" else user_config)
        # the rest of what the koji command does with it (cli/koji get_options)
        result["topdir"] = os.path.expanduser(result["topdir"])
    except Exception as error:
        result = {"error": "%s: %s" % (type(error).__name__, error)}
    print(json.dumps(result), flush=True)
'''

KEYS = ['server', 'weburl', 'topurl', 'topdir', 'authtype', 'cert', 'serverca', 'principal', 'keytab', 'max_retries',
        'retry_interval', 'anon_retry', 'offline_retry', 'offline_retry_interval', 'timeout', 'auth_timeout',
        'poll_interval']


@pytest.fixture(scope='module')
def koji_reader(koji_client):
    """koji's library in a process of its own, which is asked line by line."""
    command = [str(pathlib.Path(koji_client).parent / 'python'), '-c', READER]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.stdin.close()


@pytest.fixture
def both(tmp_path, koji_reader):
    """both(files, profile='koji', config='-'): what koji and we make of a tree of files."""
    etc, home = str(tmp_path / 'etc'), str(tmp_path / 'home')

    def write(name, text):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if text is None:
            path.mkdir()
        else:
            path.write_bytes(text if isinstance(text, bytes) else text.encode())

    def run(files, profile='koji', config='-'):
        for directory in (etc, home):
            os.makedirs(directory, exist_ok=True)
        for name, text in files.items():
            write(name, text)
        koji_reader.stdin.write(json.dumps([etc, home, profile, config]) + '\n')
        koji_reader.stdin.flush()
        theirs = json.loads(koji_reader.stdout.readline())
        ours = subprocess.run([str(DUMP), etc, home, config, profile], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              check=False, env=dict(os.environ, HOME=home))
        return theirs, json.loads(ours.stdout) if ours.returncode == 0 else {'error': ours.stderr.decode()}
    return run


def in_our_words(theirs):
    """koji's "" is our null for a credential, and its addresses may end in a slash."""
    result = {key: theirs[key] for key in KEYS}
    for key in ('cert', 'serverca'):
        result[key] = result[key] or None
    result['server'] = result['server'].rstrip('/')
    return result


SAME = {
    'nothing but the section': {'home/.koji/config': '[koji]\n'},
    'all files': {'etc/koji.conf.d/b.conf': '[koji]\nserver=http://b\nweburl=b\n',
                  'etc/koji.conf.d/a.conf': '[koji]\nserver=http://a\ntopurl=a\n',
                  'etc/koji.conf.d/c.txt': '[koji]\nserver=http://c\n',
                  'etc/koji.conf': '[koji]\ntopdir=/etc\n',
                  'home/.koji/config.d/z.conf': '[koji]\ntopdir=~/z\nprincipal=z\n',
                  'home/.koji/config': '[koji]\nprincipal=home\n'},
    'profile in a drop-in only': {'etc/koji.conf': '[other]\n', 'home/.koji/config.d/x.conf': '[koji]\ntimeout=7\n'},
    'koji.conf is a directory': {'etc/koji.conf/x.conf': '[koji]\nweburl=x\n'},
    'a directory named like a file': {'etc/koji.conf.d/x.conf': None, 'etc/koji.conf': '[koji]\n'},
    'koji.conf.d is a file': {'etc/koji.conf.d': '[koji]\nweburl=x\n'},
    'default section': {'etc/koji.conf': '[DEFAULT]\nweburl=d\ntimeout=5\n[koji]\ntimeout=6\n'},
    'default section in a later file': {'etc/koji.conf': '[koji]\n', 'home/.koji/config': '[DEFAULT]\ntopurl=d\n'},
    'references': {'etc/koji.conf': '[DEFAULT]\nhost=d\n[koji]\nhost=h\nserver=https://%(HOST)s/hub\nweburl=%(server)s/%%41\n'},
    'a reference to what a later file sets': {'etc/koji.conf': '[koji]\nhost=a\nweburl=%(host)s\n',
                                              'home/.koji/config': '[koji]\nhost=b\n'},
    'signs and case': {'etc/koji.conf': '[koji]\nServer : http://x:80/=\nWEBURL=a=b:c\n topdir = ignored\n'},
    'continued values': {'etc/koji.conf': '[koji]\nweburl = a\n  b\n\n  c\n# x\n  d\n\nprincipal = p\n\n\n'},
    'indented everything': {'etc/koji.conf': '  [koji]\n    weburl = a\n    principal = b\n      c\n  keytab = d\n'},
    'comments': {'etc/koji.conf': '# a\n; b\n[koji] # c\nweburl = a # b\nprincipal = c ; d\n   # e\n#keytab = f\n'},
    'line ends': {'etc/koji.conf': '[koji]\r\nweburl = a\r\n\r\nprincipal = b\rkeytab = c\r\n'},
    'odd white space': {'etc/koji.conf': '\t[koji]\t\n\x0bweburl\x0c=\x1ca\x1d\n'},
    'brackets in a heading': {'etc/koji.conf': '[a]b]\n[koji]\nweburl = [x]\n'},
    'numbers': {'etc/koji.conf': '[koji]\nmax_retries = +1_000\nretry_interval = 007\ntimeout =  5 \nauth_timeout = 0\n'},
    'booleans': {'etc/koji.conf': '[koji]\nanon_retry = YES\noffline_retry = oN\n[x]\n'},
    'credentials in the home': {'etc/koji.conf': '[koji]\n', 'home/.koji/client.crt': '', 'home/.koji/serverca.crt': ''},
    'credentials switched off': {'etc/koji.conf': '[koji]\ncert=\nserverca=\n', 'home/.koji/client.crt': '',
                                 'home/.koji/serverca.crt': ''},
    'credentials by tilde': {'etc/koji.conf': '[koji]\ncert=~/a\nserverca=~nobody-of-that-name/b\nkeytab=~/k\ntopdir=~\n'},
    'credentials of another user': {'etc/koji.conf': '[koji]\ncert=~root/a\nserverca=x~/y\n'},
    'text beyond ASCII': {'etc/koji.conf': '[koji]\nprincipal = jos\u00e9 \U0001f600\n'},
    'authtypes': {'etc/koji.conf': '[koji]\nauthtype = kerberos\n'},
    'slashes behind the address': {'etc/koji.conf': '[koji]\nserver = https://x/hub//\n'},
}

REFUSED = {
    'no such profile': {'etc/koji.conf': '[other]\n'},
    'no files at all': {},
    'another case of the name': {'etc/koji.conf': '[Koji]\n'},
    'section twice in a file': {'etc/koji.conf': '[koji]\n[koji]\n'},
    'option twice in a file': {'etc/koji.conf': '[koji]\na=1\nA=2\n'},
    'option twice in the defaults': {'etc/koji.conf': '[DEFAULT]\na=1\n[DEFAULT]\na=2\n[koji]\n'},
    'option before any section': {'etc/koji.conf': 'a=1\n[koji]\n'},
    'no option': {'etc/koji.conf': '[koji]\nserver\n'},
    'no name': {'etc/koji.conf': '[koji]\n=x\n'},
    'empty heading': {'etc/koji.conf': '[]\n[koji]\n'},
    'trouble in another section': {'etc/koji.conf': '[koji]\n[x]\nserver\n'},
    'lone percent sign': {'etc/koji.conf': '[koji]\nunused = 5%\n'},
    'reference to nothing': {'etc/koji.conf': '[koji]\nunused = %(x)s\n'},
    'reference to itself': {'etc/koji.conf': '[koji]\nunused = %(unused)s\n'},
    'bad reference in the defaults': {'etc/koji.conf': '[DEFAULT]\nunused = %(x\n[koji]\n'},
    'no number': {'etc/koji.conf': '[koji]\ntimeout = 5s\n'},
    'empty number': {'etc/koji.conf': '[koji]\ntimeout =\n'},
    'no boolean': {'etc/koji.conf': '[koji]\nanon_retry = 2\n'},
    'not UTF-8': {'etc/koji.conf': b'[koji]\nprincipal = \xff\n'},
    'byte order mark': {'etc/koji.conf': b'\xef\xbb\xbf[koji]\n'},
}


@pytest.mark.parametrize('files', SAME.values(), ids=SAME.keys())
def test_reads_the_same(both, files):
    theirs, ours = both(files)
    assert 'error' not in theirs
    assert 'error' not in ours, ours
    assert {key: ours[key] for key in KEYS} == in_our_words(theirs)


@pytest.mark.parametrize('files', REFUSED.values(), ids=REFUSED.keys())
def test_refuses_the_same(both, files):
    theirs, ours = both(files)
    assert 'error' in theirs
    assert ours.get('error', '').startswith('CG_E_CONFIG: '), ours


def test_reads_a_file_in_place_of_the_homes(both, tmp_path):
    files = {'etc/koji.conf': '[koji]\nweburl=etc\n', 'home/.koji/config': '[koji]\nweburl=home\n',
             'home/mine': '[koji]\ntopurl=mine\n'}
    for config in ('~/mine', str(tmp_path / 'home' / 'mine')):
        theirs, ours = both(files, config=config)
        assert {key: ours[key] for key in KEYS} == in_our_words(theirs)
    assert ours['weburl'] == 'etc'


@pytest.mark.parametrize('config', ['~/none', '~/empty', '~/odd'])
def test_wants_a_given_file_to_be_there(both, tmp_path, config):
    (tmp_path / 'home' / 'empty').mkdir(parents=True)
    (tmp_path / 'home' / 'odd' / 'x.conf').mkdir(parents=True)
    theirs, ours = both({'etc/koji.conf': '[koji]\n'}, config=config)
    assert 'ConfigurationError' in theirs['error']
    assert 'CG_E_CONFIG' in ours['error']


@pytest.mark.parametrize('depth', [9, 10, 11])
def test_follows_references_as_deep(both, depth):
    lines = ['v1 = end%%'] + ['v%d = %%(v%d)s' % (i, i - 1) for i in range(2, depth)] + ['weburl = %%(v%d)s' % (depth - 1)]
    theirs, ours = both({'etc/koji.conf': '[koji]\n' + '\n'.join(lines) + '\n'})
    assert ('error' in theirs) == ('error' in ours) == (depth > 10)


def test_no_ssl_verify_is_a_boolean(both):
    """koji takes any text for yes, so that `no_ssl_verify = false` switches verification off there."""
    theirs, ours = both({'etc/koji.conf': '[koji]\nno_ssl_verify = false\n'})
    assert bool(theirs['no_ssl_verify']) is True
    assert ours['no_ssl_verify'] is False
