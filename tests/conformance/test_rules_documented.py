# SPDX-License-Identifier: LGPL-2.1-or-later
"""docs/rules.md lists the rules that the code has, with their levels, and no others."""
import pathlib
import re

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
NAME = r'(?:[a-z][a-z-]*)\.(?:[a-z][a-z0-9-]*)'


def rules_of_the_code():
    found = set()
    for source in sorted((TOP / 'cg-import' / 'libcg').glob('rules*.c')):
        found |= set(re.findall(r'"(%s)"' % NAME, source.read_text()))
    # what is a file name or an extension in the same spelling
    return {name for name in found if not re.fullmatch(r'(changes|erofs|iso|liveimg|qcow2|raw|squashfs|tar|vhd|vhdx|vmdk|'
                                                       r'vmlinuz|xml)\..*|rules\.h', name)}


def rules_of_the_page():
    rows = [line.split('|')[1] for line in (TOP / 'docs' / 'rules.md').read_text().splitlines() if line.startswith('| `')]
    return {name for row in rows for name in re.findall(r'`(%s)`' % NAME, row)}


def test_page_and_code_have_the_same_rules():
    assert rules_of_the_page() == rules_of_the_code()


def test_what_is_stricter_is_a_rule():
    page = (TOP / 'docs' / 'stricter-than-the-hub.md').read_text()
    named = {name for line in page.splitlines() if line.startswith('|') for name in re.findall(r'`(%s)`' % NAME, line.split('|')[2])}
    assert {name for name in named if not name.startswith('schema.')} <= rules_of_the_code()
