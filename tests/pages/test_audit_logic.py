# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the auditors' pages decide without drawing: what a text is taken for, where a family stands, what is remembered of the log."""
import pytest


@pytest.fixture
def call(site, visit):
    """call('guess', 'search_kinds.js', argument, …): what a function of a module of the pages answers."""
    page = visit('/ui/sign-in', None)

    def ask(name, module, *arguments):
        return page.evaluate('''async ([name, module, given]) => {
          const kept = new Map(), storage = {getItem: (key) => kept.get(key) ?? null, setItem: (key, text) => kept.set(key, text)};
          const loaded = await import('/ui/assets/' + module);
          return name === 'meet' ? given.map((log) => loaded.meet(log, storage)) : loaded[name](...given);
        }''', [name, module, list(arguments)])
    visit.expect('401')
    return ask


@pytest.mark.parametrize('text,first', [
    ('018bc2b5-6f2e-7c31-9c5e-2f1f8f6c6a01', 'import'), ('sha256:' + 'a' * 64, 'digest'), ('a' * 64, 'digest'),
    ('a' * 32, 'digest'), ('a' * 40, 'commit'), ('5cb45172e9', 'commit'), ('123456', 'build_id'), ('1234567890', 'build_id'),
    ('https://pkgs.example.com/a', 'source'), ('git://pkgs.example.com/a', 'source'), ('registry.example.com/a:1', 'pullspec'),
    ('registry.example.com/a@sha256:' + 'b' * 64, 'pullspec'), ('host/builder.example.com@EXAMPLE.COM', 'pullspec'),
    ('openssl-3.0.7-27.el9.x86_64', 'rpm'), ('openssl-3.0.7-27.el9.x86_64.rpm', 'rpm'), ('openssl-1:3.0.7-27.el9', 'rpm'),
    ('web-*', 'nvr'), ('webserver-container-1.0-2', 'nvr'), ('jdoe@EXAMPLE.COM', 'submitter'), ('app.jar', 'component'),
    ('bash', 'rpm'), ('<script>', 'rpm')])
def test_what_a_text_is_taken_for(call, text, first):
    assert call('guess', 'search_kinds.js', text)[0] == first


def test_a_number_is_a_build_or_a_task(call):
    assert call('guess', 'search_kinds.js', '123456')[:2] == ['build_id', 'task']


def relative(nvr, depth, origin, known=True):
    return {'nvr': nvr, 'depth': depth, 'from': origin, 'kind': 'base', 'pullspec': None, 'build_id': None,
            'build': {'nvr': nvr, 'hub': 'h', 'state': 'imported'} if known else None}


def test_where_a_family_stands(call):
    ancestors = [relative('b', 1, 'me'), relative('u', 1, 'me', known=False), relative('a', 2, 'b')]
    descendants = [relative('d%d' % n, 1, 'me') for n in range(30)]
    layout = call('layOut', 'graph_layout.js', {'nvr': 'me'}, ancestors, descendants, 25)
    columns = {}
    for node in layout['nodes']:
        columns.setdefault(node['column'], []).append(node['label'])
    assert columns[0] == ['a'] and columns[1] == ['b', 'u'] and columns[2] == ['me']
    assert len(columns[3]) == 26 and columns[3][-1] == '5 more'
    assert {'from': 'a', 'to': 'b'} in layout['edges'] and {'from': 'b', 'to': 'me'} in layout['edges']
    assert {'from': 'me', 'to': 'd24'} in layout['edges'] and {'from': 'me', 'to': 'd25'} not in layout['edges']
    # No two in one place, and the column of one in the middle of that of 26.
    places = [(node['column'], node['row']) for node in layout['nodes']]
    assert len(set(places)) == len(places) and (2, 12.5) in places
    assert (layout['columns'], layout['rows']) == (4, 26)


def test_where_arrow_keys_lead(call):
    layout = call('layOut', 'graph_layout.js', {'nvr': 'me'}, [relative('b', 1, 'me'), relative('u', 1, 'me'), relative('a', 2, 'u')],
                  [relative('d', 1, 'me')], 25)
    for here, key, there in (('me', 'ArrowLeft', 'b'), ('me', 'ArrowRight', 'd'), ('b', 'ArrowDown', 'u'), ('u', 'ArrowUp', 'b'),
                             ('a', 'ArrowRight', 'u'), ('d', 'ArrowRight', None), ('me', 'ArrowDown', None), ('me', 'Enter', None),
                             ('nobody', 'ArrowLeft', None)):
        assert call('neighbour', 'graph_layout.js', layout, here, key) == there, (here, key)


def test_what_is_remembered_of_keys(call):
    log = {'origin': 'example.com/log', 'keys': ['one']}
    told = call('meet', 'log_trust.js', log, log, dict(log, keys=['one', 'two']), dict(log, keys=['two']), dict(log, origin='x'), log)
    assert [(one['state'], one['keys']) for one in told] == [
        ('first', ['one']), ('known', ['one']), ('added', ['one']), ('changed', ['one']), ('changed', ['one']), ('known', ['one'])]
