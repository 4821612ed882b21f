# SPDX-License-Identifier: LGPL-2.1-or-later
"""Help, version, mistyped command lines, manual pages and completion: all three know the same options."""
import json
import pathlib
import re
import shutil
import subprocess

import pytest

TOP = pathlib.Path(__file__).resolve().parents[2]
CLIENT_VERBS = ('submit', 'list', 'show', 'watch', 'retry', 'cancel', 'release', 'provenance')
SERVER_VERBS = ('serve', 'migrate', 'token')
VERBS = ('check', 'import', 'hub', *CLIENT_VERBS, *SERVER_VERBS, 'backfill', 'audit', 'witness', 'help')
AUDIT_VERBS = tuple('audit ' + verb for verb in ('keygen', 'log', 'show', 'prove', 'verify', 'mirror', 'export',
                                                  'restore'))
ALL_VERBS = (*VERBS, *AUDIT_VERBS)
PAGES = {verb: 'cg-import-%s.1' % verb.replace(' ', '-') for verb in ALL_VERBS} | {'help': 'cg-import.1'}
COMPLETION = TOP / 'cg-import' / 'cli' / 'completion.bash'


def help_options(cg_import, verb):
    """{'--profile': ('p', 'NAME')}"""
    text = cg_import(None, *verb.split(), '--help').stdout
    rows = re.findall(r'^  (?:-(\w), |    )--([a-z-]+)(?: ([A-Z:]+))?(?:  |$)', text, re.M)
    return {'--' + name: (letter, argument) for letter, name, argument in rows}


def page_options(verb):
    """{'--profile': ('p', True)} of the manual page; of cg-import.1, which also has options without a verb, help's."""
    text = (TOP / 'docs' / 'man' / PAGES[verb]).read_text()
    if verb == 'help':
        text = text[:text.index('The options are:')]
        assert text[text.index('.It Cm help'):].split('.El')[0].split('\n')[-3:-1] == ['and', '.Fl -help']
        return {'--help': ('h', False)}
    rows = re.findall(r'^\.It (?:Fl (\w) , )?Fl -([a-z-]+)( Ar [\w:]+)?$', text, re.M)
    return {'--' + name: (letter, bool(argument)) for letter, name, argument in rows}


@pytest.mark.parametrize('verb', ALL_VERBS)
def test_every_option_is_in_the_help_the_page_and_the_completion(cg_import, verb):
    shown = help_options(cg_import, verb)
    assert '--help' in shown
    assert {name: (letter, bool(argument)) for name, (letter, argument) in shown.items()} == page_options(verb)
    letters = {'-' + letter for letter, _ in shown.values() if letter}
    assert set(complete('cg-import', *verb.split(), '-')) == set(shown) | letters


VALUES = {'N': '3', 'TYPE': 'ssl', 'ROLE': 'auditor', 'DAYS': '3', 'ACTION': 'forget', 'NUMBER': '3',
          'LEVEL': 'off', 'TIME': '2026-01-31',
          'KEY': 'PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW'}


@pytest.mark.parametrize('verb', ALL_VERBS)
def test_every_option_is_read(cg_import, verb):
    for name, (letter, argument) in help_options(cg_import, verb).items():
        value = [VALUES.get(argument, 'value')] if argument else []
        for spelling in [name] + (['-' + letter] if letter else []):
            done = cg_import(None, *verb.split(), spelling, *value, '--help')
            assert (done.returncode, done.stderr) == (0, ''), spelling
            if argument and name != '--help':
                done = cg_import(None, *verb.split(), spelling)
                assert (done.returncode, 'needs a value' in done.stderr) == (2, True), spelling


def test_overview(cg_import):
    expected = '''Usage: cg-import VERB [OPTION]... [ARGUMENT]...
       cg-import --help | --version

Checks finished content-generator builds and imports them into a Koji hub.

Verbs:
  check      judge a metadata document and its output files; all findings at
             once
  import     check a finished build, upload it, import it and see that the hub
             has it
  hub        who am I on a hub, and what can it do
  submit     post a finished build to the service, which imports it
  list       the imports of the service, newest first
  show       one import of the service: its state, what is wrong and what to do
  watch      what happens to an import of the service, as it happens
  retry      import again what the service holds, rejected or canceled
  cancel     give an import of the service up
  release    let a held import of the service go on
  provenance what is in a build, where it came from, which builds contain
             something
  serve      run the service: builds post over HTTP, a queue imports them
  migrate    bring the service's database up to date
  token      make, list and revoke the tokens by which callers are known
  backfill   bring a hub's history of imports into provenance and audit log
  audit      verify, copy and prove the audit trail; make its keys
  witness    cosign the checkpoints of logs that are seen to grow only
  help       show the verbs, or the help of one

"cg-import VERB --help" tells the options of a verb, "man cg-import" the rest.
'''
    for arguments in (['help'], ['--help'], ['-h']):
        done = cg_import(None, *arguments)
        assert (done.returncode, done.stdout, done.stderr) == (0, expected, '')
    nothing = cg_import(None)
    assert (nothing.returncode, nothing.stdout, nothing.stderr) == (2, '', expected)


@pytest.mark.parametrize('verb', VERBS)
def test_help_of_a_verb_is_what_its_help_option_shows(cg_import, verb):
    asked, told = cg_import(None, 'help', verb), cg_import(None, verb, '--help')
    assert asked.returncode == 0 and asked.stdout == told.stdout
    assert asked.stdout.startswith('Usage: cg-import %s' % verb)
    assert max(map(len, asked.stdout.split('\n'))) <= 80


def test_help_of_a_verb_of_two_words(cg_import):
    asked, told = cg_import(None, 'help', 'audit', 'verify'), cg_import(None, 'audit', 'verify', '--help')
    assert (asked.returncode, asked.stdout, asked.stderr) == (0, told.stdout, '')
    assert asked.stdout.startswith('Usage: cg-import audit verify')
    wrong = cg_import(None, 'help', 'audit', 'verfy')
    assert (wrong.returncode, wrong.stdout) == (2, '')


def test_version(cg_import):
    done = cg_import(None, '--version')
    assert done.returncode == 0
    schema = json.loads((TOP / 'schema' / 'content-generator-metadata.schema.json').read_text())
    digest = subprocess.run(['sha256sum', TOP / 'schema' / 'content-generator-metadata.schema.json'],
                            stdout=subprocess.PIPE, text=True, check=True).stdout.split()[0]
    lines = done.stdout.split('\n')
    assert re.fullmatch(r'cg-import \d+\.\d+\.\d+', lines[0])
    assert lines[2].split() == ['schema', schema['$id']]
    assert lines[3].split() == ['sha256', digest]
    assert 'libcurl/' in done.stdout and 'jansson ' in done.stdout
    assert cg_import(None, '-V').stdout == done.stdout


@pytest.mark.parametrize('arguments, expected', [
    (['chekc'], 'cg-import: usage: there is no verb "chekc"\n    did you mean "check"?\n    try "cg-import help"\n'),
    (['imp'], 'cg-import: usage: there is no verb "imp"\n    did you mean "import"?\n    try "cg-import help"\n'),
    (['frobnicate'], 'cg-import: usage: there is no verb "frobnicate"\n    try "cg-import help"\n'),
    (['--profile', 'x', 'import'],
     'cg-import: usage: option --profile without a verb before it\n'
     '    options come after the verb: cg-import import --profile NAME METADATA DIR\n    try "cg-import help"\n'),
    (['help', 'hbu'], 'cg-import: help: there is no verb "hbu"\n    did you mean "hub"?\n    try "cg-import help --help"\n'),
    (['check', '--strit', 'x'],
     'cg-import: check: unknown option --strit\n    did you mean --strict?\n    try "cg-import check --help"\n'),
    (['check', '-x'], 'cg-import: check: unknown option -x\n    try "cg-import check --help"\n'),
    (['import', '-qx'], 'cg-import: import: unknown option -x\n    try "cg-import import --help"\n'),
    (['check', '--json=yes', 'x'],
     'cg-import: check: option --json takes no value, and "--json=yes" gives it one\n'
     '    try "cg-import check --help"\n'),
    (['import', '--p', 'x'],
     'cg-import: import: option --p may mean several: write it out\n    try "cg-import import --help"\n'),
    (['check'], 'cg-import: check: the metadata file is missing\n    try "cg-import check --help"\n'),
    (['check', 'a', 'b', 'c'],
     'cg-import: check: one metadata file and one directory at most, and "c" is too many\n'
     '    try "cg-import check --help"\n'),
    (['check', '--tag', 't', 'a'],
     'cg-import: check: --tag t needs a hub to ask: give --profile or --hub\n    try "cg-import check --help"\n'),
    (['import'], 'cg-import: import: the metadata file and the directory of the files are missing\n'
                 '    try "cg-import import --help"\n'),
    (['import', 'a'],
     'cg-import: import: the directory of the output files is missing\n    try "cg-import import --help"\n'),
    (['import', 'a', 'b', 'c'],
     'cg-import: import: one metadata file and one directory, and "c" is too many\n'
     '    many builds are imported by --batch LIST\n    try "cg-import import --help"\n'),
    (['import', '--batch', 'l', 'a'],
     'cg-import: import: --batch names the builds, and "a" is too many\n    try "cg-import import --help"\n'),
    (['import', '--jobs', '2', 'a', 'b'],
     'cg-import: import: --jobs is for --batch; the files of one build go in --lanes\n'
     '    try "cg-import import --help"\n'),
    (['import', '--build-id', '7', 'a', 'b'],
     'cg-import: import: --build-id needs the token of the reservation\n'
     '    give it by --token-file or in the environment variable CG_IMPORT_TOKEN\n'
     '    try "cg-import import --help"\n'),
    (['import', '--token', 't', '--token-file', 'f', 'a', 'b'],
     'cg-import: import: --token and --token-file both give a token: give one of them\n'
     '    try "cg-import import --help"\n'),
    (['import', '--reserve', '--token', 't', 'a', 'b'],
     'cg-import: import: --reserve makes a reservation of its own, but a token of another is given\n'
     '    try "cg-import import --help"\n'),
    (['import', '--token', 't', '--batch', 'l'],
     'cg-import: import: a token is for one build, but --batch names a list of them\n'
     '    try "cg-import import --help"\n'),
    (['import', '--authtype', 'magic', 'a', 'b'],
     'cg-import: import: --authtype magic is not known; it may be ssl, kerberos or password\n'
     '    try "cg-import import --help"\n'),
    (['hub', 'brew'],
     'cg-import: hub: hub takes no arguments, and there is "brew"\n    a hub is named by --profile or --hub\n'
     '    try "cg-import hub --help"\n'),
])
def test_a_wrong_command_line_is_told_in_one_breath(cg_import, arguments, expected):
    done = cg_import(None, *arguments)
    assert (done.returncode, done.stdout, done.stderr) == (2, '', expected)


@pytest.mark.parametrize('option, low, high', [('--jobs', 1, 64), ('--lanes', 1, 32), ('--build-id', 1, 2147483647)])
def test_numbers_have_bounds(cg_import, option, low, high):
    for good in (low, high):
        assert cg_import(None, 'import', option, str(good), '--help').returncode == 0
    for bad in (str(low - 1), str(high + 1), '', '1x', 'x', '99999999999999999999'):
        done = cg_import(None, 'import', option, bad, '--help')
        assert done.returncode == 2
        assert '%s wants a whole number from %d to %d, not "%s"' % (option, low, high, bad) in done.stderr


def test_a_wrong_command_line_is_told_to_programs_too(cg_import):
    done = cg_import(None, 'hub', '--json', '--tga', 'x')
    assert json.loads(done.stdout) == {'error': {'code': 2, 'name': 'CG_E_USAGE', 'message': 'unknown option --tga',
                                                 'hint': '', 'exit': 2}}
    assert done.returncode == 2


def test_a_full_disk_under_standard_output_is_noticed(cg_import):
    with open('/dev/full', 'w') as full:
        done = subprocess.run([str(cg_import.path), 'help'], stdout=full, stderr=subprocess.PIPE, text=True)
    assert (done.returncode, done.stderr) == (2, 'cg-import: cannot write to standard output\n')


def test_the_help_of_provenance_shows_each_question(cg_import):
    done = cg_import(None, 'provenance', '--help')
    asked = re.search(r'what is asked is ([\w, ]+) or (\w+)', cg_import(None, 'provenance').stderr)
    for question in [*asked.group(1).split(', '), asked.group(2)]:
        assert re.search(r'^(Usage:| {6}) cg-import provenance %s ' % question, done.stdout, re.M), question


@pytest.mark.parametrize('arguments, expected', [
    (['backfill', '--rate', 'fast'], '--rate wants a whole number from 0 to 10000, not "fast"'),
    (['audit', 'verify', '--quorum', 'x', 'p'], '--quorum wants a whole number from 0 to 32, not "x"'),
    (['witness', '--key-file', 'k', '--state', 's', '--log', VALUES['KEY'], '--listen', '127.0.0.1:http'],
     '--listen 127.0.0.1:http is not an address and a port, like 127.0.0.1:8081'),
])
def test_a_wrong_number_is_told_with_its_option(cg_import, arguments, expected):
    done = cg_import(None, *arguments)
    name = ' '.join(arguments[:2] if arguments[0] == 'audit' else arguments[:1])
    assert (done.returncode, done.stderr) == (
        2, 'cg-import: %s: %s\n    try "cg-import %s --help"\n' % (name, expected, name))


# --- manual pages ----------------------------------------------------------------------------------------------------
def pages():
    return sorted((TOP / 'docs' / 'man').glob('*.[15]'))


@pytest.mark.parametrize('page', pages(), ids=lambda page: page.name)
def test_pages_are_clean(page):
    if not shutil.which('mandoc'):
        pytest.skip('mandoc is not installed')
    done = subprocess.run(['mandoc', '-Tlint', str(page)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    # mandoc looks for the other pages among those installed on this machine.
    said = [line for line in done.stdout.splitlines() if 'referenced manual not found' not in line]
    assert said == []
    there = {path.name for path in pages()}
    assert set(re.findall(r'^\.Xr (\S+) (\d)', page.read_text(), re.M)) <= {tuple(name.rsplit('.', 1)) for name in there}


def test_pages_tell_every_exit_status(cg_import):
    for verb in (*VERBS[:-1], *AUDIT_VERBS):
        helped = re.findall(r'^  (\d+)  ', cg_import(None, *verb.split(), '--help').stdout, re.M)
        page = (TOP / 'docs' / 'man' / PAGES[verb]).read_text().split('.Sh EXIT STATUS')[1].split('.El')[0]
        assert re.findall(r'^\.It (\d+)', page, re.M) == helped


# --- completion ------------------------------------------------------------------------------------------------------
def complete(*words, directory=None, home='/nonexistent'):
    """What bash would offer for the last word."""
    script = ('source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=(); _cg_import; '
              'printf "%s\\n" "${COMPREPLY[@]}"')
    done = subprocess.run(['bash', '--norc', '-c', script, 'bash', str(COMPLETION), *words], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True, cwd=directory, env={'PATH': '/usr/bin:/bin', 'HOME': str(home)})
    assert (done.returncode, done.stderr) == (0, '')
    return [line for line in done.stdout.split('\n') if line]


def test_completion_is_registered():
    done = subprocess.run(['bash', '--norc', '-c', 'source "$1"; complete -p cg-import', 'bash', str(COMPLETION)],
                          stdout=subprocess.PIPE, text=True)
    assert done.stdout == 'complete -F _cg_import cg-import\n'


def test_completion_of_verbs(cg_import):
    assert complete('cg-import', '') == [*VERBS, '--help', '--version']
    assert complete('cg-import', 'h') == ['hub', 'help']
    assert complete('cg-import', 'token', '') == ['create', 'list', 'revoke']
    assert complete('cg-import', 'audit', 'm') == ['mirror']
    assert complete('cg-import', 'help', 'i') == ['import']
    assert complete('cg-import', 'frobnicate', '-') == []


def test_completion_of_profiles(tmp_path):
    koji = tmp_path / '.koji'
    (koji / 'config.d').mkdir(parents=True)
    (koji / 'config').write_text('[DEFAULT]\nuser = x\n[brew]\nserver = https://brew.example/kojihub\n[brew-stage]\n')
    (koji / 'config.d' / 'more.conf').write_text('[bodhi]\n')
    other = tmp_path / 'other.conf'
    other.write_text('[elsewhere]\n')
    assert complete('cg-import', 'import', '--profile', 'b', home=tmp_path) == ['brew', 'brew-stage', 'bodhi']
    assert complete('cg-import', 'hub', '--profile', '=', 'brew', home=tmp_path) == ['brew', 'brew-stage']
    assert complete('cg-import', 'hub', '--config', str(other), '-p', 'e', home=tmp_path) == ['elsewhere']


def test_completion_of_values_and_files(tmp_path):
    (tmp_path / 'metadata.json').write_text('{}')
    (tmp_path / 'more out').mkdir()
    assert sorted(complete('cg-import', 'import', 'm', directory=tmp_path)) == ['metadata.json', 'more out']
    assert complete('cg-import', 'import', '--state-dir', 'm', directory=tmp_path) == ['more out']
    assert complete('cg-import', 'import', '--authtype', 'k') == ['kerberos']
    assert complete('cg-import', 'import', '--tag', '') == []
    assert complete('cg-import', 'hub', '') == []
