# SPDX-License-Identifier: LGPL-2.1-or-later
"""Import documents with the koji library alone, nothing checked before: what the hub itself says.

usage: raw_import.py PROFILE CONFIG < LINES > LINES
A line in is {"name", "directory"}: the directory holds metadata.json and the files it names, laid out as uploaded.
A line out is {"name", "accepted", "fault", "text"}. Runs in an interpreter that has the koji package.
"""
import json
import os
import sys
import uuid

import koji


def login(profile, config):
    options = koji.read_config(profile, user_config=config)
    session = koji.ClientSession(options['server'], opts=dict(options, user=options.get('user'), max_retries=1))
    if options['authtype'] == 'ssl' or options['cert']:
        session.ssl_login(options['cert'], None, options['serverca'])
    else:
        session.gssapi_login(principal=options['principal'], keytab=options['keytab'])
    return session


def upload_tree(session, directory, target):
    for top, _, names in os.walk(directory):
        below = os.path.relpath(top, directory)
        for name in sorted(names):
            if not name.startswith('.'):
                session.fastUpload(os.path.join(top, name), os.path.normpath(os.path.join(target, below)))


def main():
    session = login(sys.argv[1], sys.argv[2])
    for line in sys.stdin:
        item = json.loads(line)
        target = 'cg-verdict/%s' % uuid.uuid4().hex
        answer = {'name': item['name'], 'accepted': True, 'fault': 0, 'text': ''}
        try:
            upload_tree(session, item['directory'], target)
            session.CGImport('metadata.json', target)
        except Exception as error:  # whatever the hub's refusal was turned into
            answer.update(accepted=False, fault=getattr(error, 'faultCode', -1), text=str(error).strip()[-300:])
        print(json.dumps(answer), flush=True)
    session.logout()


if __name__ == '__main__':
    main()
