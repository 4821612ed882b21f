# SPDX-License-Identifier: LGPL-2.1-or-later
"""The pages as files: where they are, what a browser is told about them, what it reports."""
import json
import pathlib

import pytest

WEB = pathlib.Path(__file__).resolve().parent.parent.parent / 'cg-import/web'
PAGES = {'/ui/': 'overview.html', '/ui/imports': 'imports.html', '/ui/imports?state=held': 'imports.html',
         '/ui/imports/018bc2b5-6f2e-7c31-9c5e-2f1f8f6c6a01': 'import.html', '/ui/builds/a-1-1': 'build.html',
         '/ui/builds/a-1-1/graph': 'graph.html', '/ui/builds/a-1-1/difference?from=b-1-1': 'difference.html',
         '/ui/search?q=a': 'search.html', '/ui/log': 'log.html', '/ui/log/0': 'entry.html',
         '/ui/sign-in?next=/ui/': 'sign-in.html'}
GUARDS = {
    'Content-Security-Policy':
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; report-uri /ui/reports",
    'X-Content-Type-Options': 'nosniff', 'Referrer-Policy': 'no-referrer', 'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin'}
TYPES = {'.html': 'text/html; charset=utf-8', '.css': 'text/css; charset=utf-8', '.svg': 'image/svg+xml',
         '.js': 'text/javascript; charset=utf-8'}


def ask(server, path, method='GET', body=None, **headers):
    return server.ask(method, path, body, {k.replace('_', '-'): v for k, v in headers.items()}, caller=None)


def assert_guarded(answer):
    assert {name: answer.headers[name] for name in GUARDS} == GUARDS


@pytest.mark.parametrize('path', PAGES)
def test_each_page_is_there_for_anyone(intake, path):
    answer = ask(intake, path)
    assert answer.status == 200
    assert answer.body == (WEB / PAGES[path]).read_bytes()
    assert answer.headers['Content-Type'] == TYPES['.html']
    assert_guarded(answer)


def test_each_file_is_an_asset(intake):
    files = [path for path in sorted(WEB.iterdir())]
    assert files
    for path in files:
        answer = ask(intake, '/ui/assets/' + path.name)
        assert answer.status == 200, path
        assert answer.body == path.read_bytes()
        assert answer.headers['Content-Type'] == TYPES[path.suffix]
        assert answer.headers['Cache-Control'] == 'no-cache'
        assert_guarded(answer)


@pytest.mark.parametrize('path', ['/', '/ui'])
def test_the_way_in(intake, path):
    answer = ask(intake, path)
    assert answer.status == 303 and answer.headers['Location'] == '/ui/'


def test_a_page_that_did_not_change_is_not_sent_again(intake):
    first = ask(intake, '/ui/')
    etag = first.headers['ETag']
    assert etag.startswith('"') and etag.endswith('"') and len(etag) == 34
    for given in (etag, 'W/' + etag, '"x", ' + etag, etag + ' , "x"', '*'):
        again = ask(intake, '/ui/', If_None_Match=given)
        assert again.status == 304 and again.body == b'' and again.headers['ETag'] == etag, given
        assert_guarded(again)
    for given in ('"x"', etag[:-1], etag[1:-1], ''):
        assert ask(intake, '/ui/', If_None_Match=given).status == 200, given
    head = ask(intake, '/ui/', 'HEAD')
    assert head.status == 200 and head.body == b'' and head.headers['ETag'] == etag
    assert head.headers['Content-Length'] == str(len(first.body))


def test_failures_are_guarded_too(intake):
    for path in ('/ui/nothing', '/ui/assets/nothing.js', '/ui/assets/..%2Fserver.h', '/ui/?a=%zz'):
        answer = ask(intake, path)
        assert answer.status in (400, 404)
        assert answer.headers['Content-Type'] == 'application/problem+json'
        assert_guarded(answer)
    assert ask(intake, '/ui/', 'POST', b'').status == 405


def test_answers_of_the_api_are_not_kept_nor_guessed_at(intake):
    answer = intake.ask('GET', '/v1/imports')
    assert answer.headers['Cache-Control'] == 'no-store'
    assert answer.headers['X-Content-Type-Options'] == 'nosniff'
    assert 'Content-Security-Policy' not in answer.headers


# --- reports ---------------------------------------------------------------------------------------------------------
def reports(server):
    text = ask(server, '/metrics').body.decode()
    return int(text.split('\ncg_import_page_reports_total ')[1].split()[0])


def test_reports_of_browsers_are_logged_and_counted(intake_starter):
    server = intake_starter()
    report = {'csp-report': {'document-uri': 'http://localhost/ui/', 'violated-directive': 'script-src-elem',
                             'blocked-uri': 'inline\nlevel=error'}}
    assert ask(server, '/ui/reports', 'POST', json.dumps(report), Content_Type='application/csp-report').status == 204
    newer = [{'type': 'csp-violation', 'body': {'documentURL': 'http://localhost/ui/log', 'blockedURL': 'eval',
                                                'effectiveDirective': 'script-src'}}]
    assert ask(server, '/ui/reports', 'POST', json.dumps(newer)).status == 204
    assert ask(server, '/ui/reports', 'POST', b'\xff not JSON').status == 204
    assert reports(server) == 3
    lines = [line for line in server.log.read_text().splitlines() if 'a browser kept something' in line]
    assert len(lines) == 3
    assert 'level=warning' in lines[0] and 'rule=script-src-elem' in lines[0] and 'page=http://localhost/ui/' in lines[0]
    assert r'what="inline\nlevel=error"' in lines[0]
    assert 'rule=script-src' in lines[1] and 'what=eval' in lines[1]


def test_reports_are_bounded(intake_starter):
    server = intake_starter()
    assert ask(server, '/ui/reports', 'POST', b'x' * 65537).status == 413
    for _ in range(40):
        assert ask(server, '/ui/reports', 'POST', b'{}').status == 204
    assert reports(server) == 40
    assert server.log.read_text().count('a browser kept something') == 30
