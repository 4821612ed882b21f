# SPDX-License-Identifier: LGPL-2.1-or-later
"""Findings in the document, however it is written; and the lines that are shown around a place."""
import json

import pytest


def test_a_document_on_one_line_is_laid_out(site, visit, expect):
    rejected = site.reject('minified')
    text = (site.early['minified'][0] / 'metadata.json').read_text()
    assert text.count('\n') == 1
    laid = json.dumps(json.loads(text), indent=2).splitlines()
    page = visit('/ui/imports/' + rejected)
    line = page.locator('ol.findings > li').first.locator('.line', has=page.locator('mark'))
    expect(line).to_have_text('"name": "atomic-reactr",', use_inner_text=True)
    assert laid[int(line.get_attribute('data-n')) - 1].strip() == '"name": "atomic-reactr",'
    page.get_by_role('button', name='Correct the metadata').click()
    expect(page.locator('#corrected')).to_be_focused()
    assert page.locator('#corrected').input_value().splitlines() == laid
    page.get_by_role('button', name='Leave it').click()
    expect(page.locator('#corrected')).to_have_count(0)
    expect(line).to_be_visible()
    # What is there to download is what was posted.
    page.get_by_text('Metadata document', exact=True).click()
    with page.expect_download() as download:
        page.get_by_role('link', name='Download').click()
    assert download.value.path().read_text() == text


def test_the_whole_document_has_its_marks(site, visit, expect):
    page = visit('/ui/imports/' + site.reject('plain'))
    page.get_by_text('Metadata document', exact=True).click()
    marks = page.get_by_label('Metadata document').locator('pre mark')
    expect(marks).to_have_count(2)
    expect(marks.nth(1)).to_have_text('"name": "atomic-reactr"')
    expect(marks.nth(1)).to_have_attribute('title', 'the hub has no content generator of this name')


def test_findings_stay_when_the_document_was_let_go_of(site, visit, expect):
    rejected = site.reject('hostile')
    page = visit(None)
    page.route('**/metadata', lambda route: route.fulfill(status=410, json={'title': 'gone', 'status': 410}))
    visit.expect('status of 410')
    page.goto('/ui/imports/' + rejected)
    expect(page.get_by_text('The document is no longer kept')).to_be_visible()
    expect(page.locator('ol.findings > li')).to_have_count(2)
    page.get_by_role('button', name='Correct the metadata').click()
    expect(page.get_by_text('post the corrected build anew')).to_be_visible()


@pytest.fixture(scope='module')
def shown(bare_page):
    """shown(text, finding…): of each finding the lines that are shown, [number, text, marked part]."""
    def run(text, *findings):
        return bare_page.evaluate('''async ([text, findings]) => {
            const {findingsView} = await import('/ui/assets/findings.js');
            return [...findingsView(findings, text).children].map((one) => [...one.querySelectorAll('.line, .skipped')].map((line) =>
              [Number(line.dataset.n ?? 0), line.textContent, line.querySelector('mark')?.textContent ?? null]));
        }''', [text, [dict({'level': 'error', 'rule': 'r', 'message': 'm'}, **finding) for finding in findings]])
    return run


DOCUMENT = json.dumps({'build': {'name': 'a', 'version': '1', 'extra': {'list': list(range(20))}}, 'output': []}, indent=2)


def test_three_lines_around(shown):
    lines, = shown(DOCUMENT, {'pointer': '/build/version'})
    assert lines == [[1, '{', None], [2, '  "build": {', None], [3, '    "name": "a",', None],
                     [4, '    "version": "1",', '"version": "1"'], [5, '    "extra": {', None], [6, '      "list": [', None],
                     [7, '        0,', None]]


def test_of_a_long_place_its_begin_and_what_follows(shown):
    lines, = shown(DOCUMENT, {'pointer': '/build/extra/list'})
    assert [line[0] for line in lines] == [3, 4, 5, 6, 7, 8, 9, 10, 11, 0, 28, 29, 30]
    assert lines[3][2] == '"list": [' and lines[4][2] == '0,'
    assert lines[9][1].strip() == '16 more lines'


def test_the_first_and_the_last_line(shown):
    first, last = shown('{"a": 1,\n"b": 2}', {'pointer': '/a'}, {'pointer': '/b'})
    assert first == [[1, '{"a": 1,', '"a": 1'], [2, '"b": 2}', None]]
    assert last == [[1, '{"a": 1,', None], [2, '"b": 2}', '"b": 2']]


def test_a_name_that_is_there_twice_is_shown_where_the_finding_says(shown):
    text = '{\n"a": 1,\n"b": 0,\n"a": 2\n}'
    by_line, last = shown(text, {'pointer': '/a', 'line': 2}, {'pointer': '/a'})
    assert [line[2] for line in by_line if line[2]] == ['"a": 1']
    assert [line[2] for line in last if line[2]] == ['"a": 2']


def test_text_that_is_not_json_is_shown_at_line_and_column(shown):
    lines, = shown('{\n"a": 1,\n"b": nul\n}\n', {'pointer': '', 'line': 3, 'column': 6})
    assert [line for line in lines if line[2]] == [[3, '"b": nul', 'nul']]


def test_what_is_missing_is_shown_at_what_lacks_it(shown):
    lines, = shown('{\n"build": {"name": "a"}\n}', {'pointer': '/build/source'})
    assert [line[2] for line in lines if line[2]] == ['"build": {"name": "a"}']


def test_errors_come_first_and_long_lines_are_cut(shown):
    error, warning = shown(json.dumps({'w': 'x' * 1000, 'e': 1}, indent=1), {'pointer': '/w', 'level': 'warning'}, {'pointer': '/e'})
    assert [line[2] for line in error if line[2]] == ['"e": 1']
    assert warning[1][2].endswith('… 607 characters more')
