# SPDX-License-Identifier: LGPL-2.1-or-later
"""Looking at imports over HTTP: lists, one, its metadata, its events; who sees what."""
import http.client
import json
import urllib.parse

import pytest

import contract
from intake_process import Build
from patience import PATIENCE_S


@pytest.fixture(scope='module')
def filled(intake_starter):
    """A server with seven imports: five of osbs (two queued), two of another generator."""
    server = intake_starter()
    server.ids = {}
    for release in '12345':
        build = Build(release)
        answer = server.post_form(build.parts()) if release in '12' else server.post(build.metadata)
        server.ids[release] = answer.json['id']
    for release in '67':
        server.ids[release] = server.post(Build(release, generator='other', name='kernel').metadata).json['id']
    return server


def listed(server, query='', caller='submitter'):
    answer = server.ask('GET', '/v1/imports' + query, caller=caller)
    assert answer.status == 200, answer.json
    names = {identity: release for release, identity in server.ids.items()}
    return ''.join(names[one['id']] for one in answer.json['imports'])


def test_newest_first_without_outputs(filled):
    assert listed(filled) == '7654321'
    assert 'outputs' not in filled.ask('GET', '/v1/imports').json['imports'][0]


@pytest.mark.parametrize('query, expected', [
    ('?state=queued', '21'), ('?state=receiving', '76543'), ('?state=held', ''), ('?nvr=demo-1.0-[12]', '21'),
    ('?nvr=kernel-*', '76'), ('?content_generator=osbs', '54321'), ('?hub=sandbox', '7654321'), ('?hub=other', ''),
    ('?since=2020-01-01T00:00:00Z', '7654321'), ('?until=2020-01-01T00:00:00.5%2B02:00', ''),
    ('?state=queued&nvr=*-2', '2')])
def test_filters(filled, query, expected):
    assert listed(filled, query) == expected


@pytest.mark.parametrize('query, detail', [
    ('?state=lost', 'state is "lost", expected receiving, queued, running, held, imported, rejected or canceled'),
    ('?limit=0', 'limit is "0", expected an integer from 1 to 500'),
    ('?limit=501', 'limit is "501", expected an integer from 1 to 500'),
    ('?limit=ten', 'limit is "ten", expected an integer from 1 to 500'),
    ('?since=yesterday', 'since is "yesterday", expected a time like 2023-11-12T09:00:00Z'),
    ('?until=2023-02-29T00:00:00Z', 'until is "2023-02-29T00:00:00Z", expected a time like 2023-11-12T09:00:00Z'),
    ('?after=1', 'after is "1", expected the id of an import'), ('?nvr=', 'nvr has 0 bytes, expected 1 to 512')])
def test_filters_that_make_no_sense(filled, query, detail):
    answer = filled.ask('GET', '/v1/imports' + query)
    assert (answer.status, answer.json['detail']) == (400, detail)


def test_pages_follow_each_other_by_link_and_by_cursor(filled):
    seen, path = '', '/v1/imports?limit=3&content_generator=osbs&nvr=demo-*'
    while path:
        answer = filled.ask('GET', path)
        names = {identity: release for release, identity in filled.ids.items()}
        seen += ''.join(names[one['id']] for one in answer.json['imports'])
        link, path = answer.headers.get('Link'), None
        if link:
            assert link.endswith('>; rel="next"') and answer.json['next'] == answer.json['imports'][-1]['id']
            path = link[1:link.index('>')][len(filled.url):]
            assert 'nvr=demo-%2A' in path and 'content_generator=osbs' in path
        else:
            assert answer.json['next'] is None
    assert seen == '54321'


def test_a_caller_sees_its_scope_only(filled):
    assert listed(filled, caller='narrow') == '54321'
    assert listed(filled, caller='stranger') == '76'
    assert listed(filled, caller='auditor') == '7654321'
    for path in ('', '/metadata', '/events'):
        assert filled.ask('GET', '/v1/imports/%s%s' % (filled.ids['7'], path), caller='narrow').status == 404
        assert filled.ask('GET', '/v1/imports/%s%s' % (filled.ids['7'], path), caller='auditor').status == 200


def test_not_there_and_not_visible_are_answered_alike(filled):
    hidden = filled.ask('GET', '/v1/imports/' + filled.ids['7'], caller='narrow').json
    absent = filled.ask('GET', '/v1/imports/01890000-0000-7000-8000-000000000000', caller='narrow').json
    del hidden['request_id'], absent['request_id']
    assert hidden == absent


@pytest.mark.parametrize('path', ['/v1/imports/x', '/v1/imports/x/metadata', '/v1/imports/x/events', '/v1/nothing'])
def test_not_there(filled, path):
    assert filled.ask('GET', path).status == 404


def test_without_a_token_nothing_is_told(filled):
    for path in ('/v1/imports', '/v1/imports/' + filled.ids['1'], '/v1/events'):
        answer = filled.ask('GET', path, caller=None)
        assert answer.status == 401 and 'WWW-Authenticate' in answer.headers


def test_one(filled):
    told = filled.ask('GET', '/v1/imports/' + filled.ids['3']).json
    assert told['nvr'] == 'demo-1.0-3' and told['package'] == 'demo' and told['caller'] == 'submitter'
    assert [output['complete'] for output in told['outputs']] == [False, False]
    assert told['missing'] == told['outputs']
    assert told['error'] is None and told['held'] is None and told['finished_at'] is None


def test_links_lead_where_the_caller_came_from(filled):
    answer = filled.ask('GET', '/v1/imports/' + filled.ids['3'], headers={'Host': 'imports.example.com:8443'})
    assert answer.json['href'] == 'http://imports.example.com:8443/v1/imports/' + filled.ids['3']


def test_metadata_that_was_let_go_of_is_gone(intake):
    build = Build('gone')
    told = intake.post(build.metadata).json
    stored = intake.spool / 'contents' / told['metadata']['sha256'][:2] / told['metadata']['sha256'][2:]
    stored.unlink()
    assert intake.ask('GET', '/v1/imports/%s/metadata' % told['id']).status == 503
    intake.ask('POST', '/v1/imports/%s/cancel' % told['id'], caller='operator')
    assert intake.ask('GET', '/v1/imports/%s/metadata' % told['id']).status == 410


# --- events ----------------------------------------------------------------------------------------------------------
def test_the_timeline_of_an_import_in_pages(filled):
    path = '/v1/imports/%s/events' % filled.ids['1']
    whole = filled.ask('GET', path).json
    assert [event['type'] for event in whole['events']] == ['accepted', 'queued']
    assert whole['next'] is None
    first = filled.ask('GET', path + '?limit=1').json
    second = filled.ask('GET', path + '?limit=1&after=%d' % first['next']).json
    assert first['events'] + second['events'] == whole['events']


def test_all_events_are_for_those_who_watch(filled):
    assert filled.ask('GET', '/v1/events', caller='submitter').status == 403
    everything = filled.ask('GET', '/v1/events', caller='auditor').json['events']
    assert {event['import'] for event in everything} == set(filled.ids.values())
    assert [event['id'] for event in everything] == sorted(event['id'] for event in everything)
    scoped = filled.ask('GET', '/v1/events', caller='stranger').json['events']
    assert {event['import'] for event in scoped} == {filled.ids['6'], filled.ids['7']}


@pytest.mark.parametrize('query, headers', [('?after=x', {}), ('?limit=0', {}), ('?stream=1', {}),
                                            ('', {'Last-Event-ID': 'x'}), ('?after=-1', {}), ('?begin=then', {})])
def test_events_that_make_no_sense(filled, query, headers):
    assert filled.ask('GET', '/v1/imports/%s/events%s' % (filled.ids['1'], query), headers=headers).status == 400


class Stream:
    """Server-sent events as they come."""

    def __init__(self, server, path, caller='operator', **headers):
        self.connection = http.client.HTTPConnection('127.0.0.1', server.port, timeout=PATIENCE_S)
        self.connection.request('GET', path, headers={
            'Authorization': 'Bearer ' + server.tokens[caller], 'Accept': 'text/event-stream, */*;q=0.1',
            **{name.replace('_', '-'): value for name, value in headers.items()}})
        self.response = self.connection.getresponse()
        self.status = self.response.status

    def next(self):
        """The next event as a dict of its fields; None at the end of the stream."""
        fields = {}
        while line := self.response.readline().decode():
            if line == '\n' and fields:
                return fields
            name, _, value = line.rstrip('\n').partition(': ')
            if name:
                fields[name] = value
        return None

    def close(self):
        self.connection.close()


def test_events_stream_until_the_import_is_over(intake):
    build = Build('stream')
    told = intake.post(build.metadata).json
    path = '/v1/imports/%s/events' % told['id']
    stream = Stream(intake, path)
    assert (stream.status, stream.response.headers['Content-Type']) == (200, 'text/event-stream')
    first = stream.next()
    assert first['event'] == 'accepted' and json.loads(first['data'])['id'] == int(first['id'])
    intake.ask('POST', '/v1/imports/%s/cancel' % told['id'], caller='operator')
    last = stream.next()
    assert last['event'] == 'canceled'
    assert stream.next() is None
    stream.close()
    # Coming again: what was missed, and at the end of all "do not come again".
    again = Stream(intake, path, Last_Event_ID=first['id'])
    assert (again.next()['id'], again.next()) == (last['id'], None)
    again.close()
    assert Stream(intake, path, Last_Event_ID=last['id']).status == 204


def test_the_stream_of_all_events_shows_the_scope_only_and_goes_on(intake):
    last = max([0] + [event['id'] for event in intake.ask('GET', '/v1/events?limit=1000', caller='auditor').json['events']])
    stream = Stream(intake, '/v1/events?stream=true&after=%d' % last, 'stranger')
    intake.post(Build('unseen').metadata)
    seen = intake.post(Build('seen', generator='other').metadata).json
    assert json.loads(stream.next()['data'])['import'] == seen['id']
    stream.close()


def test_who_watches_begins_now(filled):
    path = '/v1/events?begin=now'
    before = filled.ask('GET', '/v1/events?limit=1000', caller='auditor').json['events'][-1]['id']
    assert filled.ask('GET', path, caller='auditor').json['events'] == []
    stream = Stream(filled, path, 'auditor')
    seen = filled.post(Build('seen_from_now').metadata).json
    assert json.loads(stream.next()['data'])['import'] == seen['id']
    stream.close()
    # Who comes again goes on where it was.
    again = Stream(filled, path, 'auditor', Last_Event_ID=str(before))
    assert int(again.next()['id']) > before
    again.close()
    assert filled.ask('GET', '/v1/events?begin=now&after=%d' % before, caller='auditor').json['events'] != []


def test_the_contract_is_served(intake):
    answer = intake.ask('GET', '/openapi.yaml', caller=None)
    assert answer.status == 200 and answer.body == contract.PATH.read_bytes()
    assert intake.ask('GET', '/openapi.json', caller=None).json == contract.DOCUMENT
    assert urllib.parse.urlparse(intake.url).port == intake.port


# --- log lines -------------------------------------------------------------------------------------------------------
def test_log_lines_of_an_import(intake):
    identity = intake.post(Build('lines').metadata).json['id']
    path = '/v1/imports/%s/log' % identity
    assert intake.ask('GET', path).json == {'lines': [], 'dropped': 0}
    intake.sql("INSERT INTO import_lines (import_id, at, level, text) VALUES"
               " ('%s', '2023-11-12 09:00:00.5+00', 'warning', '<script>alert(1)</script>')" % identity)
    intake.sql("INSERT INTO import_lines_dropped VALUES ('%s', 3)" % identity)
    assert intake.ask('GET', path).json == {
        'lines': [{'at': '2023-11-12T09:00:00.500Z', 'level': 'warning', 'text': '<script>alert(1)</script>'}], 'dropped': 3}
    assert intake.ask('GET', path, caller='stranger').status == 404
    assert intake.ask('GET', path, caller='auditor').status == 200
    assert intake.ask('GET', path, caller=None).status == 401
    assert intake.ask('GET', '/v1/imports/x/log').status == 404
