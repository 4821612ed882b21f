# SPDX-License-Identifier: LGPL-2.1-or-later
"""json_text.js in the browser: which part of a JSON text a pointer names."""
import json

import pytest

TEXT = ' {"a": {"x~/y":[1, {"q" : "}\\"]\\\\"}, true ],"a":null}, "a" :2e5,\r\n"\\u00e9\\n":[ ], "":{"":[[]]}, "\U0001f600": -0 } '


@pytest.fixture(scope='module')
def script(bare_page):
    """script('expression over m, the module', argument)"""
    def run(expression, argument=None):
        return bare_page.evaluate('async (given) => { const m = await import("/ui/assets/json_text.js"); return (%s)(m, given); }'
                                  % expression, argument)
    return run


LOCATE = '(m, [text, pointer]) => m.locate(text, [pointer]).get(pointer).map((p) => [text.slice(p.start, p.end), p.key && text.slice(p.key.start, p.key.end)])'


@pytest.mark.parametrize('pointer, found', [
    ('', [[TEXT.strip(), None]]),
    ('/a', [['{"x~/y":[1, {"q" : "}\\"]\\\\"}, true ],"a":null}', '"a"'], ['2e5', '"a"']]),
    ('/a/a', [['null', '"a"']]),
    ('/a/x~0~1y', [['[1, {"q" : "}\\"]\\\\"}, true ]', '"x~/y"']]),
    ('/a/x~0~1y/0', [['1', None]]),
    ('/a/x~0~1y/1/q', [['"}\\"]\\\\"', '"q"']]),
    ('/a/x~0~1y/2', [['true', None]]),
    ('/a/x~0~1y/3', []), ('/a/x~0~1y/00', []), ('/a/x~1~0y', []), ('/b', []),
    ('/é\n', [['[ ]', '"\\u00e9\\n"']]),
    ('/', [['{"":[[]]}', '""']]), ('//', [['[[]]', '""']]), ('///0', [['[]', None]]),
    ('/\U0001f600', [['-0', '"\U0001f600"']])])
def test_the_part_that_a_pointer_names(script, pointer, found):
    assert script(LOCATE, [TEXT, pointer]) == found


@pytest.mark.parametrize('text', ['', '{', '{"a"', '{"a":', '{"a":1', '{"a":1,}', '[1,', '"a', '{a:1}', '[' * 501, 'nul l', '{"\\x":1}', '[01]', '["\t"]', '[1] 2'])
def test_text_that_is_not_json_ends_where_it_does(script, text):
    assert script(LOCATE, [text, '/b']) == []
    assert script('(m, text) => m.layOut(text)', text) is None


def test_what_stands_before_the_fault_is_found(script):
    assert script(LOCATE, ['{"a": {"b": 1}, "c": }', '/a/b']) == [['1', '"b"']]


def test_the_nearest_place_stands_for_one_that_is_not_there(script):
    text = '{"build": {"name": "x"}, "output": []}'
    found = script('(m, text) => [...m.nearest(text, ["/build/version/0", "/output/3/type", "/other"]).values()].map('
                   '(p) => [text.slice(p.start, p.end), p.exact])', text)
    assert found == [['{"name": "x"}', False], ['[]', False], [text, False]]


def test_the_laid_out_text_is_the_same_document(script):
    document = {'a': [1, 2.5, {'b': [], 'c': {}}, 'text: {"x": [1, 2]}, \\ "'], 'd': None, 'e': True}
    text = json.dumps(document, separators=(',', ':'))
    told = script('''(m, text) => {
        const out = m.layOut(text), place = m.locate(text, ['/a/2/c']).get('/a/2/c')[0], to = out.range(place);
        return [out.text, out.text.slice(to.start, to.end)];
    }''', text)
    assert json.loads(told[0]) == document
    assert told[0] == json.dumps(document, indent=2) + '\n'
    assert told[1] == '{}'
    # Digits and escapes stay as they were written.
    assert script('(m, text) => m.layOut(text).text', '[1.0,1E+2,"\\u0041"]') == '[\n  1.0,\n  1E+2,\n  "\\u0041"\n]\n'


def test_a_large_document_is_read_in_one_go(script):
    """100 findings in a document of ten thousand components: each place is right."""
    found = script('''(m) => {
        const text = JSON.stringify({c: Array.from({length: 10000}, (_, i) => ({name: 'n' + i, v: '1'}))});
        const pointers = Array.from({length: 100}, (_, i) => `/c/${i * 100}/name`);
        const places = m.locate(text, pointers);
        return pointers.filter((p, i) => text.slice(places.get(p)[0].start, places.get(p)[0].end) !== `"n${i * 100}"`);
    }''')
    assert found == []


@pytest.mark.parametrize('text, at', [('{"a":}', 5), ('{"a":1', 6), ('[1,]', 3), ('[1 2]', 3), ('{"a":1}', None), ('["\\u00zz"]', 1)])
def test_the_fault_is_where_the_text_stops_being_json(script, text, at):
    assert script('(m, text) => m.faultIn(text)', text) == at


def test_lines_are_counted(script):
    assert script('(m) => [0, 1, 2, 3, 4, 9].map((at) => m.lineOf("a\\nb\\n\\nc", at))') == [1, 1, 2, 2, 3, 4]
