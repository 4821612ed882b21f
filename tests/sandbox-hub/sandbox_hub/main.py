# SPDX-License-Identifier: LGPL-2.1-or-later
"""The command line: make the certificates and the profile, listen, say where, wait for the end."""
import argparse
import atexit
import json
import os
import shutil
import signal
import sys
import tempfile
import threading

from . import pki
from .hub import FLAVOURS, Hub
from .server import Server
from .transport import Listener, tls_context

PROFILE = '''[{name}]
server = {server}
weburl = {http}/koji
topurl = {http}/kojifiles
topdir = {topdir}
poll_interval = 1
retry_interval = 1
{login}
'''


def parse(arguments):
    parser = argparse.ArgumentParser(prog='sandbox-hub', description='A small Koji hub for demonstrations and tests. '
                                     'It listens on 127.0.0.1 only and forgets everything when it ends.',
                                     epilog='Users: osbs (may import for atomic-reactor), kojiadmin (administrator), '
                                     'intruder (may nothing); the password of NAME is NAME-password. Tag: '
                                     'test-candidate, with the package test-container.')
    parser.add_argument('--state', metavar='DIR', help='where certificates, profile and files go; kept at the end, '
                        'its mnt-koji emptied at the start (default: a temporary directory, removed at the end)')
    parser.add_argument('--topdir', metavar='DIR', help="Koji's file tree, taken as it is (default: STATE/mnt-koji)")
    parser.add_argument('--http-port', type=int, default=0, metavar='PORT', help='0 for any free one (default)')
    parser.add_argument('--https-port', type=int, default=0, metavar='PORT', help='0 for any free one (default)')
    parser.add_argument('--flavour', choices=sorted(FLAVOURS), default='master', help='which Koji to be (default: '
                        'master, the development branch)')
    parser.add_argument('--tls', choices=('1.2', '1.3'), default='1.3', help='1.3 asks for the client certificate at '
                        '/kojihub/ssllogin only, as a hub does; 1.2 in every first handshake')
    parser.add_argument('--fault', action='append', default=[], metavar='JSON', type=json.loads,
                        help='a fault rule, may be repeated: {"method": "CGImport", "action": "lose-after"}; '
                        'the actions are described in sandbox_hub/faults.py')
    parser.add_argument('--option', action='append', default=[], metavar='NAME=JSON',
                        help='a setting of hub.Options, such as task_seconds=0 or upload_limit_bytes=1000000')
    parser.add_argument('--ready-file', metavar='FILE', help='write the line with the addresses there too')
    parser.add_argument('--until-eof', action='store_true', help='end when standard input ends, too: with whoever started '
                        'it, however that ends')
    return parser.parse_args(arguments)


def read_options(given):
    pairs = (one.partition('=') for one in given)
    return {name: json.loads(value) for name, _, value in pairs}


def write_profiles(state, certificates, users, urls, topdir):
    """One koji.conf a user: the profiles sandbox (certificate) and sandbox-password."""
    written = {}
    for user in users:
        login = 'authtype = ssl\ncert = {0}/{1}.pem\nserverca = {0}/ca.crt'.format(certificates, user)
        by_password = 'authtype = password\nuser = {0}\npassword = {0}-password'.format(user)
        written[user] = os.path.join(state, 'koji-%s.conf' % user)
        with open(written[user], 'w', encoding='utf-8') as writing:
            for name, server, how in (('sandbox', urls['https'], login),
                                      ('sandbox-password', urls['http'], by_password)):
                writing.write(PROFILE.format(name=name, server=server + '/kojihub', http=urls['http'], topdir=topdir,
                                             login=how))
        os.chmod(written[user], 0o600)
    shutil.copy(written['osbs'], os.path.join(state, 'koji.conf'))
    return written


def start(options):
    """The running listeners and what to tell about them."""
    state = os.path.abspath(options.state) if options.state else tempfile.mkdtemp(prefix='sandbox-hub-')
    if not options.state:
        atexit.register(shutil.rmtree, state, ignore_errors=True)
    topdir = os.path.abspath(options.topdir) if options.topdir else os.path.join(state, 'mnt-koji')
    if not options.topdir:
        shutil.rmtree(topdir, ignore_errors=True)       # files that no record knows would be in the way of imports
    hub = Hub(topdir, options.flavour, **read_options(options.option))
    for rule in options.fault:
        hub.faults.arm(rule)
    users = [row['name'] for row in hub.state.rows('users')]
    certificates = os.path.join(state, 'pki')
    if not os.path.exists(os.path.join(certificates, 'intruder.pem')):
        pki.make(certificates, users)
    server = Server(hub)
    plain = Listener(options.http_port, server.serve)
    secure = Listener(options.https_port, server.serve, tls_context(certificates, options.tls))
    urls = {'http': 'http://127.0.0.1:%d' % plain.port, 'https': 'https://127.0.0.1:%d' % secure.port}
    profiles = write_profiles(state, certificates, users, urls, topdir)
    told = {'pid': os.getpid(), 'hub': urls['https'] + '/kojihub', 'hub_http': urls['http'] + '/kojihub',
            'web': urls['http'] + '/koji', 'files': urls['http'] + '/kojifiles', 'sandbox': urls['http'] + '/sandbox',
            'flavour': options.flavour, 'state': state, 'topdir': topdir, 'config': os.path.join(state, 'koji.conf'),
            'profile': 'sandbox', 'profiles': profiles, 'ca': certificates + '/ca.crt',
            'certificates': {user: '%s/%s.pem' % (certificates, user) for user in users},
            'passwords': {user: user + '-password' for user in users}, 'tag': 'test-candidate'}
    plain.start()
    secure.start()
    return hub, (plain, secure), told


def end_with_input():
    # Not by sys.stdin, whose lock must be free when Python ends.
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


def main(arguments=None):
    options = parse(arguments)
    # Blocked in all threads and taken when they are waited for. A handler that Python runs would be lost when the signal
    # comes just before the main thread goes to sleep.
    ending = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ending)
    try:
        hub, listeners, told = start(options)
    except (OSError, ValueError) as error:
        print('sandbox-hub: %s' % error, file=sys.stderr)
        return 1
    line = json.dumps(told)
    print(line, flush=True)
    if options.ready_file:
        with open(options.ready_file + '.new', 'w', encoding='utf-8') as writing:
            writing.write(line + '\n')
        os.replace(options.ready_file + '.new', options.ready_file)
    if options.until_eof:
        threading.Thread(target=end_with_input, daemon=True).start()
    signal.sigwait(ending)
    hub.faults.stop()
    for listener in listeners:
        listener.stop()
    return 0
