# SPDX-License-Identifier: LGPL-2.1-or-later
"""Validate attestations and bills of materials with other people's tools, in the Python of attestation-validators.

validate_attestations.py DIRECTORY [KEY]: judges every file by its name (*.statement.json, *.spdx.json, *.cdx15.json,
*.cdx16.json, *.envelope.json, the last signed by the Ed25519 public KEY in hexadecimal digits). Prints a line for each
fault, and at the end how many files there were.
"""
import json
import pathlib
import sys

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from google.protobuf import json_format
from in_toto_attestation.predicates.provenance.v1 import provenance_pb2
from in_toto_attestation.v1 import statement_pb2
from in_toto_attestation.v1.resource_descriptor import ResourceDescriptor
from in_toto_attestation.v1.statement import Statement
from packageurl import PackageURL
from securesystemslib.dsse import Envelope
from securesystemslib.signer import SSlibKey
from spdx_tools.spdx.parser.jsonlikedict.json_like_dict_parser import JsonLikeDictParser
from spdx_tools.spdx.validation.document_validator import validate_full_spdx_document


def check_purls(uris):
    for uri in uris:
        if uri.startswith('pkg:'):
            assert PackageURL.from_string(uri).to_string() == uri, 'purl %s is %s' % (
                uri, PackageURL.from_string(uri).to_string())


def check_statement(document):
    """The protobufs refuse members that the specifications do not have; validate() what they ask for."""
    message = json_format.ParseDict(document, statement_pb2.Statement())
    Statement.copy_from_pb(message).validate()
    predicate = json_format.ParseDict(document['predicate'], provenance_pb2.Provenance())
    definition, run = predicate.build_definition, predicate.run_details
    assert definition.build_type and definition.external_parameters and run.builder.id
    for described in [*definition.resolved_dependencies, *run.byproducts]:
        ResourceDescriptor.copy_from_pb(described).validate()
    check_purls(one['uri'] for one in document['predicate']['buildDefinition']['resolvedDependencies'])


def check_spdx(document):
    faults = validate_full_spdx_document(JsonLikeDictParser().parse(document))
    assert not faults, [fault.validation_message for fault in faults][:3]
    check_purls(reference['referenceLocator'] for package in document['packages']
                for reference in package['externalRefs'])


def check_cyclonedx(version):
    def check(document):
        fault = JsonStrictValidator(version).validate_str(json.dumps(document))
        assert fault is None, str(fault)[:500]
        check_purls(component['purl'] for component in document['components'])
        check_purls([document['metadata']['component']['purl']])
    return check


def check_envelope(document):
    key = SSlibKey('given', 'ed25519', 'ed25519', {'public': sys.argv[2]})
    envelope = Envelope.from_dict(document)
    # Its key ids are hints that only their maker knows.
    for signature in list(envelope.signatures.values()):
        key.verify_signature(type(signature)('given', signature.signature), envelope.pae())
    assert envelope.signatures and envelope.payload_type == 'application/vnd.in-toto+json'
    check_statement(json.loads(envelope.payload))


CHECKS = {'.statement.json': check_statement, '.spdx.json': check_spdx, '.envelope.json': check_envelope,
          '.cdx15.json': check_cyclonedx(SchemaVersion.V1_5), '.cdx16.json': check_cyclonedx(SchemaVersion.V1_6)}


def main():
    files = sorted(pathlib.Path(sys.argv[1]).glob('*.json'))
    for path in files:
        check = next(function for end, function in CHECKS.items() if path.name.endswith(end))
        try:
            check(json.loads(path.read_text()))
        except Exception as fault:  # whatever a validator says, is told
            print(' '.join(('%s: %s: %s' % (path.name, type(fault).__name__, fault)).split())[:1000])
    print('%d files' % len(files))


if __name__ == '__main__':
    main()
