# SPDX-License-Identifier: LGPL-2.1-or-later
"""schema/openapi.json is schema/openapi.yaml, as `make contract` writes it."""
import json

import contract


def test_the_json_is_the_yaml():
    written = contract.PATH.with_suffix('.json').read_text(encoding='utf-8')
    assert written == json.dumps(contract.DOCUMENT, indent=1) + '\n', 'run make contract'
