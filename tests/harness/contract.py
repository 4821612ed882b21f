# SPDX-License-Identifier: LGPL-2.1-or-later
"""schema/openapi.yaml as a judge of answers: is the status documented, is the body what the schema says?"""
import json
import pathlib
import re
import warnings

import jsonschema
import yaml

PATH = pathlib.Path(__file__).resolve().parent.parent.parent / 'schema' / 'openapi.yaml'
DOCUMENT = yaml.safe_load(PATH.read_text(encoding='utf-8'))
METHODS = ('get', 'head', 'post', 'put', 'patch', 'delete')
seen = set()  # (operationId, status) of all answers that were checked in this process


def resolve(thing):
    while '$ref' in thing:
        target = DOCUMENT
        for step in thing['$ref'].lstrip('#/').split('/'):
            target = target[step]
        thing = target
    return thing


def operation(method, path):
    """The operation a request is for, None if there is none."""
    path = path.split('?')[0]
    for template, item in sorted(DOCUMENT['paths'].items(), key=lambda pair: pair[0].count('{')):
        pattern = re.sub(r'\\\{\w+\\\}', '[^/]+', re.escape(template))
        if re.fullmatch(pattern, path) and method.lower() in item:
            return item[method.lower()]
    return None


def documented():
    """Every (operationId, status) that the contract names."""
    return {(item[method]['operationId'], int(status)) for item in DOCUMENT['paths'].values() for method in METHODS
            if method in item for status in item[method]['responses']}


def validate(value, schema):
    with warnings.catch_warnings():
        warnings.simplefilter('ignore', DeprecationWarning)
        resolver = jsonschema.RefResolver.from_schema(DOCUMENT)
        jsonschema.Draft202012Validator(schema, resolver=resolver,
                                        format_checker=jsonschema.FormatChecker()).validate(value)


def check(method, path, answer):
    """Raise AssertionError or ValidationError when the answer is not in the contract."""
    asked = operation(method, path)
    if path == '/' or re.match(r'/ui\b', path):  # files for browsers
        return
    if asked is None:
        assert answer.status in (404, 405), (method, path, answer.status)
        return
    seen.add((asked['operationId'], answer.status))
    assert str(answer.status) in asked['responses'], '%s %s is answered with %d, which the contract does not name: %s' % (
        method, path, answer.status, answer.body)
    response = resolve(asked['responses'][str(answer.status)])
    for name, header in response.get('headers', {}).items():
        schema = resolve(resolve(header)['schema'])
        if name in answer.headers and schema.get('type') == 'integer':
            int(answer.headers[name])
    content = response.get('content', {})
    kind = (answer.headers['Content-Type'] or '').split(';')[0]
    if not answer.body:
        return
    assert kind in content, '%s %s is answered as %s' % (method, path, kind)
    if kind.endswith('json') and 'schema' in content[kind]:
        validate(json.loads(answer.body), content[kind]['schema'])
