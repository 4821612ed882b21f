# SPDX-License-Identifier: LGPL-2.1-or-later
"""The hub's plugin cg_import judges metadata, on a real hub: cgimport.checkMetadata, and whatever any client imports."""
import configparser
import json
import os
import subprocess
import xmlrpc.client

import pytest

from module_hub import Build, module_session, named, Session

REFUSAL = 'the metadata of %s is refused:\n'


@pytest.fixture(scope='module')
def session(http_hub):
    return module_session(http_hub)


@pytest.fixture(scope='module')
def other(session, http_hub):
    config = os.environ.get('CG_HUB_OTHER')
    if not config:
        pytest.skip('CG_HUB_OTHER is not set')
    parser = configparser.ConfigParser()
    parser.read(config)
    return Session(parser[http_hub.profile])


@pytest.fixture
def mode(module_conf):
    return lambda value: module_conf('[check]\nmode = %s\n' % value)


@pytest.fixture
def build(tmp_path):
    return Build(tmp_path / 'build')


def fault_of(session, *call):
    with pytest.raises(xmlrpc.client.Fault) as raised:
        session.call(*call)
    return raised.value


def break_checksum_type(build):
    build.metadata['output'][0]['checksum_type'] = 'sha512'
    return build


def break_source(build):
    build.metadata['build']['source'] = 'nowhere'
    return build


# --- hello and checkMetadata -----------------------------------------------------------------------------------------
def test_hello_names_versions_and_abilities(session):
    hello = session.call('cgimport.hello')
    assert {'checkMetadata', 'hello', 'importBuild'} <= set(hello['abilities'])
    assert len(hello['schema_sha256']) == 64 and hello['version'] and hello['libcg']


def test_the_hub_lists_the_methods_for_every_client(session):
    listed = {method['name']: method for method in session.call('_listapi')}
    assert listed['cgimport.checkMetadata']['argdesc'] == '(metadata=None, directory=None, strict=0)'
    assert 'cgimport.checkMetadata(metadata=None, directory=None, strict=0)' in session.call(
        'system.methodHelp', 'cgimport.checkMetadata')


def test_the_report_is_the_programs_own(session, build, cg_import, hub, tmp_path):
    break_source(break_checksum_type(build))
    path = tmp_path / 'metadata.json'
    path.write_bytes(build.text())
    printed = cg_import('check', '--json', *hub.options(), str(path))
    report = session.call('cgimport.checkMetadata', build.text().decode())
    ours = json.loads(printed.stdout)
    assert report['findings'] == ours['findings'] and report['findings']
    assert (report['verdict'], report['errors'], report['warnings']) == ('refused', 1, 1)


@pytest.mark.parametrize('form', ['struct', 'text', 'file', 'default file'])
def test_metadata_in_every_form_of_an_import(session, build, form):
    place = session.send(break_source(build))
    arguments = {'struct': [build.metadata], 'text': [build.text().decode()], 'file': ['metadata.json', place],
                 'default file': [None, place]}[form]
    report = session.call('cgimport.checkMetadata', *arguments)
    assert [f['rule'] for f in report['findings']] == ['build.source']
    assert report['verdict'] == 'acceptable'
    strict = session.call('cgimport.checkMetadata', *(arguments + [None] * (2 - len(arguments)) + [True]))
    assert strict['verdict'] == 'refused'


def test_arguments_by_name(session, build):
    report = session.call('cgimport.checkMetadata', named(metadata=build.text().decode(), strict=True))
    assert report == {'verdict': 'acceptable', 'errors': 0, 'warnings': 0, 'dropped': 0, 'findings': []}


def test_what_the_hub_has_registered_is_asked(session, build):
    build.metadata['buildroots'][0]['content_generator']['name'] = 'no-such-generator'
    report = session.call('cgimport.checkMetadata', build.metadata)
    assert [f['got'] for f in report['findings']] == ['"no-such-generator"']


def test_a_control_character_comes_back_readable(session, build):
    build.metadata['build']['version'] = '1\x1b[2J\ufffe'
    report = session.call('cgimport.checkMetadata', json.dumps(build.metadata))
    assert report['verdict'] == 'refused'


def test_another_users_upload_is_not_read(session, other, build):
    place = session.send(build)
    fault = fault_of(other, 'cgimport.checkMetadata', 'metadata.json', place)
    assert fault.faultString == "the upload directory %s is another user's" % place
    assert fault.faultCode == 1002


@pytest.mark.parametrize('name, place, code, text', [
    ('../../secret.json', 'cg-module', 1019, '"../../secret.json" is no name of an upload'),
    ('/etc/koji.json', 'cg-module', 1019, '"/etc/koji.json" is no name of an upload'),
    ('a.json', '../..', 1019, '"../.." is no upload directory'),
    ('a.json', 'no-such-directory-at-all', 1000, 'no such upload directory: no-such-directory-at-all'),
    ('a.json', None, 1019, 'an upload directory is needed to read a.json'),
])
def test_a_path_leads_nowhere_else(session, name, place, code, text):
    fault = fault_of(session, 'cgimport.checkMetadata', name, place)
    assert fault.faultString.startswith(text) and fault.faultCode == code


def test_nobody_has_to_log_in_first(http_hub, session):
    fault = fault_of(Session(http_hub.settings, anonymous=True), 'cgimport.checkMetadata', '{}')
    assert fault.faultString == 'you must be logged in to have metadata checked'


@pytest.mark.parametrize('arguments', [[5], [[]], [1.5, 'x'], [True]])
def test_what_is_no_metadata(session, arguments):
    fault = fault_of(session, 'cgimport.checkMetadata', *arguments)
    assert fault.faultString == 'the metadata is neither a struct nor a text nor the name of a file'


def test_too_many_arguments(session):
    assert fault_of(session, 'cgimport.checkMetadata', 1, 2, 3, 4).faultCode == 1019


# --- imports by any client -------------------------------------------------------------------------------------------
def arguments_of(form, build, place):
    return {'struct': (build.metadata, place), 'text': (build.text().decode(), place),
            'file': ('metadata.json', place), 'named': (named(metadata='metadata.json', directory=place),)}[form]


@pytest.mark.parametrize('form', ['struct', 'text', 'file', 'named'])
def test_errors_refuse_an_import_with_the_findings_as_text(session, build, mode, form):
    mode('errors')
    build.metadata['build']['start_time'] = True
    place = session.send(build)
    fault = fault_of(session, 'CGImport', *arguments_of(form, build, place))
    assert fault.faultCode == 1000
    assert fault.faultString.startswith(REFUSAL % build.nvr) and '/build/start_time' in fault.faultString
    assert 'Traceback' not in fault.faultString
    assert session.call('getBuild', build.nvr) is None


@pytest.mark.parametrize('form', ['struct', 'text', 'file', 'named'])
def test_a_good_build_is_imported(session, build, mode, form):
    mode('strict')
    place = session.send(build)
    assert session.call('CGImport', *arguments_of(form, build, place))['nvr'] == build.nvr


def test_what_parsing_hides_is_seen(session, build, mode):
    mode('errors')
    text = build.text().decode().replace('"metadata_version": 0', '"metadata_version": 1, "metadata_version": 0')
    fault = fault_of(session, 'CGImport', text, session.send(build))
    assert 'json.duplicate-name' in fault.faultString


def test_in_a_multicall(session, build, mode, tmp_path):
    mode('errors')
    good = Build(tmp_path / 'good')
    build.metadata['build']['start_time'] = True
    calls = [{'methodName': 'CGImport', 'params': ['metadata.json', session.send(b)]} for b in (build, good)]
    refused, imported = session.call('multiCall', calls)
    assert refused['faultString'].startswith(REFUSAL % build.nvr)
    assert imported[0]['nvr'] == good.nvr


@pytest.mark.parametrize('value, refused', [('off', False), ('warn', False), ('errors', False), ('strict', True),
                                            ('nonsense', False)])
def test_modes_and_warnings(session, build, mode, value, refused):
    mode(value)
    place = session.send(break_source(build))
    if refused:
        assert 'build.source' in fault_of(session, 'CGImport', 'metadata.json', place).faultString
    else:
        assert session.call('CGImport', 'metadata.json', place)['nvr'] == build.nvr


@pytest.mark.parametrize('value, refused', [('off', False), ('warn', False), ('errors', True), ('strict', True),
                                            ('nonsense', True)])
def test_modes_and_errors(session, build, mode, value, refused):
    mode(value)
    build.metadata['build']['start_time'] = True
    place = session.send(build)
    if refused:
        assert fault_of(session, 'CGImport', 'metadata.json', place).faultString.startswith(REFUSAL % build.nvr)
    else:
        assert session.call('CGImport', 'metadata.json', place)['nvr'] == build.nvr


def test_the_koji_command_is_refused_in_words(session, build, mode, hub, koji_python, tmp_path):
    mode('errors')
    build.metadata['build']['start_time'] = True
    path = os.path.join(build.directory, 'metadata.json')
    with open(path, 'wb') as writing:
        writing.write(build.text())
    done = subprocess.run([koji_python, os.path.join(os.path.dirname(koji_python), 'koji'), '-c', hub.config, '-p', hub.profile,
                           'import-cg', path, build.directory], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert REFUSAL % build.nvr in done.stdout and 'run_callbacks' not in done.stdout
