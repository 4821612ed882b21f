# SPDX-License-Identifier: LGPL-2.1-or-later
"""Builds that the tests of the pages post: sound ones, and such that only the hub finds fault with."""
import json
import pathlib

import make_build

SCRIPT = '<script>document.title="owned"</script>'
IMAGE = '<img src=x onerror=document.title="owned">'
HOSTILE = SCRIPT + IMAGE + '"\'&amp;\u202egnitsrever\u202c' + 'w' * 180


def make(directory, name='webserver-container', release='1', edit=None, indent=2, **options):
    """The directory of a build; `edit` changes its document, `indent` None writes it on one line."""
    directory = pathlib.Path(directory)
    make_build.make(str(directory), name=name, release=release, **dict({'size': 20000, 'components': 5}, **options))
    path = directory / 'metadata.json'
    document = json.loads(path.read_text())
    if edit:
        edit(document)
    path.write_text(json.dumps(document, indent=indent) + '\n')
    return directory


def misspell(document):
    """A content generator that no hub has, and a source without its commit, which is a warning."""
    document['buildroots'][0]['content_generator']['name'] = 'atomic-reactr'
    document['build']['source'] = document['build']['source'].split('#')[0]


def make_hostile(document):
    """What reads like HTML where people write: a content generator (which the hub refuses), owner's words, a component."""
    document['buildroots'][0]['content_generator']['name'] = 'atomic<b onclick=alert(1)>'
    document['build']['extra']['submitter'] = HOSTILE
    document['build']['source'] = HOSTILE
    document['buildroots'][0]['components'][0]['name'] = IMAGE


# Refused by the hub's own lists alone, by the name under which tests ask for one.
REFUSED = {'plain': {'edit': misspell}, 'repaired': {'edit': misspell}, 'minified': {'edit': misspell, 'indent': None},
           'hostile': {'edit': make_hostile}}
