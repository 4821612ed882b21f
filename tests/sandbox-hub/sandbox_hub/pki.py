# SPDX-License-Identifier: LGPL-2.1-or-later
"""A throwaway certificate authority, a server certificate and a client certificate a user, by the openssl command."""
import os
import subprocess

ORGANISATION = 'sandbox hub throwaway'
DAYS = '30'


def openssl(directory, *arguments):
    subprocess.run(('openssl',) + arguments, cwd=directory, check=True, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def make_authority(directory):
    openssl(directory, 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', DAYS, '-sha256',
            '-subj', '/O=%s/CN=sandbox hub CA' % ORGANISATION, '-addext', 'basicConstraints=critical,CA:TRUE',
            '-addext', 'keyUsage=critical,keyCertSign,cRLSign', '-keyout', 'ca.key', '-out', 'ca.crt')


def issue(directory, name, common_name, extensions):
    with open(os.path.join(directory, name + '.ext'), 'w', encoding='ascii') as writing:
        writing.write(extensions + '\n')
    openssl(directory, 'req', '-newkey', 'rsa:2048', '-nodes', '-sha256',
            '-subj', '/O=%s/CN=%s' % (ORGANISATION, common_name), '-keyout', name + '.key', '-out', name + '.csr')
    openssl(directory, 'x509', '-req', '-sha256', '-days', DAYS, '-in', name + '.csr', '-CA', 'ca.crt',
            '-CAkey', 'ca.key', '-CAcreateserial', '-extfile', name + '.ext', '-out', name + '.crt')
    os.remove(os.path.join(directory, name + '.csr'))
    os.remove(os.path.join(directory, name + '.ext'))


def make(directory, users):
    """All certificates; a user's NAME.pem holds the certificate and its key, as koji wants them."""
    os.makedirs(directory, mode=0o700, exist_ok=True)
    make_authority(directory)
    issue(directory, 'server', 'localhost',
          'subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth')
    for user in users:
        issue(directory, user, user, 'extendedKeyUsage=clientAuth')
        with open(os.path.join(directory, user + '.pem'), 'wb') as joined:
            for kind in ('.crt', '.key'):
                with open(os.path.join(directory, user + kind), 'rb') as part:
                    joined.write(part.read())
        os.chmod(os.path.join(directory, user + '.pem'), 0o600)
