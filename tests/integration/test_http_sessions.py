# SPDX-License-Identifier: LGPL-2.1-or-later
"""Signing in with a token, the session's cookie, signing out; requests of other sites."""
import http.cookies
import json

import pytest

from intake_process import Build

COOKIE = 'cg_import_session'


def sign_in(intake, caller='operator', token=None, **headers):
    return intake.ask('POST', '/v1/session', json.dumps({'token': token or intake.tokens[caller]}),
                      {'Content-Type': 'application/json', **{k.replace('_', '-'): v for k, v in headers.items()}}, None)


def cookie_of(answer):
    """The header that sends the cookie back, and the cookie with its attributes."""
    cookies = http.cookies.SimpleCookie(answer.headers['Set-Cookie'])
    assert list(cookies) == [COOKIE]
    return {'Cookie': '%s=%s' % (COOKIE, cookies[COOKIE].value)}, cookies[COOKIE]


def test_a_token_is_exchanged_for_a_session(intake):
    answer = sign_in(intake)
    assert answer.status == 201
    sent, cookie = cookie_of(answer)
    assert cookie['httponly'] and cookie['samesite'] == 'Strict' and cookie['path'] == '/'
    assert not cookie['domain'] and not cookie['secure']
    assert cookie['max-age'] == '43200'
    assert cookie.value.startswith('cgs_') and len(cookie.value) == 47
    told = intake.ask('GET', '/v1/session', headers=sent, caller=None)
    assert told.status == 200
    assert told.headers['Cache-Control'] == 'no-store'
    assert told.json['caller'] == 'operator' and told.json['via'] == 'session'
    assert told.json['roles'] == ['operator']
    assert told.json['content_generators'] == ['*'] and told.json['packages'] == ['*']
    assert told.json['may'] == {'post': True, 'retry': True, 'cancel': True, 'release': True, 'read_all': True,
                                'audit': True}
    assert answer.json['expires_at'] and told.json['expires_at']
    # The key is kept by its digest only.
    assert intake.sql("SELECT count(*) FROM sessions WHERE key_sha256 = encode(sha256('%s'), 'hex')" % cookie.value) == '1'
    assert intake.sql("SELECT count(*) FROM sessions s WHERE s::text LIKE '%%%s%%'" % cookie.value[4:]) == '0'
    assert cookie.value not in intake.log.read_text()


def test_a_session_is_its_token_and_no_more(intake):
    sent, _ = cookie_of(sign_in(intake, 'narrow'))
    told = intake.ask('GET', '/v1/session', headers=sent, caller=None).json
    assert told['content_generators'] == ['osbs'] and told['packages'] == ['demo*', 'minimal', 'webserver']
    assert told['may']['post'] and not told['may']['retry'] and not told['may']['read_all']
    posted = intake.ask('POST', '/v1/imports', Build('by_session').metadata, {'Content-Type': 'application/json', **sent},
                        None)
    assert posted.status == 202 and posted.json['caller'] == 'narrow'
    other = Build('by_session', name='bash').metadata
    assert intake.ask('POST', '/v1/imports', other, {'Content-Type': 'application/json', **sent}, None).status == 403
    assert intake.ask('POST', '/v1/imports/%s/cancel' % posted.json['id'], headers=sent, caller=None).status == 403


def test_events_stream_with_a_session(intake):
    identity = intake.post(Build('streamed').metadata).json['id']
    sent, _ = cookie_of(sign_in(intake))
    intake.ask('POST', '/v1/imports/%s/cancel' % identity, headers=sent, caller=None)
    stream = intake.ask('GET', '/v1/imports/%s/events?stream=true' % identity, headers=sent, caller=None)
    assert stream.status == 200 and stream.headers['Content-Type'] == 'text/event-stream'
    assert b'event: canceled' in stream.body


def test_what_is_said_of_callers_with_a_token(intake):
    told = intake.ask('GET', '/v1/session', caller='auditor').json
    assert told['via'] == 'token' and told['roles'] == ['auditor'] and told['expires_at'] is None
    assert told['may'] == {'post': False, 'retry': False, 'cancel': False, 'release': False, 'read_all': True,
                           'audit': True}
    assert told['service']['default_hub'] == 'sandbox'
    assert intake.ask('GET', '/v1/session', caller=None).status == 401


@pytest.mark.parametrize('body,kind,status', [
    ('{"token": "cgi_wrong"}', 'application/json', 401),
    ('{"token": ""}', 'application/json', 401),
    ('{"token": 1}', 'application/json', 400),
    ('{"token": "a", "token": "b"}', 'application/json', 400),
    ('{"token": "a", "more": 1}', 'application/json', 400),
    ('[]', 'application/json', 400),
    ('', 'application/json', 400),
    ('token=a', 'application/x-www-form-urlencoded', 415),
    ('{"token": "%s"}' % ('a' * 5000), 'application/json', 413)])
def test_what_is_no_sign_in(intake, body, kind, status):
    answer = intake.ask('POST', '/v1/session', body, {'Content-Type': kind}, None)
    assert answer.status == status
    assert 'Set-Cookie' not in answer.headers
    assert answer.headers['Content-Type'] == 'application/problem+json'


def test_sign_ins_that_fail_again_and_again_are_put_off(intake_starter):
    server = intake_starter()
    assert [sign_in(server, token='cgi_wrong').status for _ in range(20)] == [401] * 20
    answer = sign_in(server)
    assert answer.status == 429 and answer.headers['Retry-After'] == '60'
    metrics = server.ask('GET', '/metrics', caller=None).body.decode()
    assert 'cg_import_sign_ins_refused_total 20\n' in metrics
    assert server.ask('GET', '/v1/session', caller='operator').status == 200


def test_sessions_end(intake):
    sent, cookie = cookie_of(sign_in(intake))
    answer = intake.ask('DELETE', '/v1/session', headers=sent, caller=None)
    assert answer.status == 204
    assert http.cookies.SimpleCookie(answer.headers['Set-Cookie'])[COOKIE]['max-age'] == '0'
    assert intake.ask('GET', '/v1/session', headers=sent, caller=None).status == 401
    assert intake.ask('DELETE', '/v1/session', headers=sent, caller=None).status == 204
    assert intake.ask('DELETE', '/v1/session', caller=None).status == 204


def test_a_new_session_takes_the_place_of_the_one_before(intake):
    first, _ = cookie_of(sign_in(intake))
    second, _ = cookie_of(sign_in(intake, Cookie=first['Cookie']))
    assert second != first
    assert intake.ask('GET', '/v1/session', headers=first, caller=None).status == 401
    assert intake.ask('GET', '/v1/session', headers=second, caller=None).status == 200


def test_a_key_of_the_browsers_own_choice_is_never_good(intake):
    chosen = {'Cookie': COOKIE + '=cgs_' + 'A' * 43}
    answer = sign_in(intake, Cookie=chosen['Cookie'])
    assert cookie_of(answer)[0] != chosen
    assert intake.ask('GET', '/v1/session', headers=chosen, caller=None).status == 401


def test_two_cookies_of_the_name_are_none(intake):
    sent, _ = cookie_of(sign_in(intake))
    other, _ = cookie_of(sign_in(intake, 'auditor'))
    both = {'Cookie': sent['Cookie'] + '; ' + other['Cookie']}
    assert intake.ask('GET', '/v1/session', headers=both, caller=None).status == 401
    among = {'Cookie': 'theme=dark; %s; x%s=cgs_x' % (sent['Cookie'], COOKIE)}
    assert intake.ask('GET', '/v1/session', headers=among, caller=None).status == 200


def test_a_revoked_token_ends_its_sessions_at_once(intake_starter):
    server = intake_starter()
    sent, _ = cookie_of(sign_in(server))
    assert server.ask('GET', '/v1/session', headers=sent, caller=None).status == 200
    server.sql("UPDATE callers SET revoked_at = now() WHERE name = 'operator'")
    assert server.ask('GET', '/v1/session', headers=sent, caller=None).status == 401


@pytest.mark.parametrize('way', ['session', 'token', 'signed out'])
def test_a_stream_ends_with_its_caller(intake_starter, way):
    server = intake_starter()
    sent = cookie_of(sign_in(server))[0] if way != 'token' else {'Authorization': 'Bearer ' + server.tokens['operator']}
    connection = server.open()
    connection.request('GET', '/v1/events?stream=true', headers=sent)
    stream = connection.getresponse()
    identity = server.post(Build('watched').metadata).json['id']
    while b'id: ' not in (line := stream.readline()):
        assert line, 'the stream ended'      # lines before are there to keep it open
    if way == 'signed out':
        server.ask('DELETE', '/v1/session', headers=sent, caller=None)
    else:
        server.sql("UPDATE callers SET revoked_at = now() WHERE name = 'operator'")
    assert identity.encode() in stream.read()
    connection.close()


# --- other sites -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize('headers,status', [
    ({}, 409),
    ({'Sec-Fetch-Site': 'same-origin'}, 409),
    ({'Sec-Fetch-Site': 'none'}, 409),
    ({'Sec-Fetch-Site': 'same-site'}, 403),
    ({'Sec-Fetch-Site': 'cross-site'}, 403),
    ({'Sec-Fetch-Site': 'cross-site', 'Origin': 'OWN'}, 403),
    ({'Sec-Fetch-Site': 'same-origin', 'Origin': 'https://elsewhere.example'}, 409),
    ({'Origin': 'OWN'}, 409),
    ({'Origin': 'https://elsewhere.example'}, 403),
    ({'Origin': 'OWN.elsewhere.example'}, 403),
    ({'Origin': 'null'}, 403)])
@pytest.mark.parametrize('way', ['session', 'token'])
def test_requests_of_other_sites_are_refused(intake, headers, status, way):
    identity = intake.post(Build('cross').metadata).json['id']
    known = cookie_of(sign_in(intake))[0] if way == 'session' else {'Authorization': 'Bearer ' + intake.tokens['operator']}
    headers = {name: value.replace('OWN', intake.url) for name, value in headers.items()}
    answer = intake.ask('POST', '/v1/imports/%s/release' % identity, headers={**known, **headers}, caller=None)
    assert answer.status == status
    if status == 403:
        assert answer.json['reason'] == 'cross-site'
        assert answer.json['hint'] == 'the service takes requests of browsers from its own pages only, ' + intake.url
    assert intake.ask('GET', '/v1/imports/' + identity, headers={**known, **headers}, caller=None).status == 200
