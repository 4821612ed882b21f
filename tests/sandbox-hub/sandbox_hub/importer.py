# SPDX-License-Identifier: LGPL-2.1-or-later
"""CGImport: check the metadata against the uploads, move the files into the build, record it (CG_Importer).

Koji's steps in Koji's order, because what is refused first and what is left behind by a refusal is part of how a hub
behaves.  Checking takes no lock; recording does, and does not look again, so two imports of one reservation can do to
each other here what they do on a real hub.
"""
import copy
import datetime
import hashlib
import json
import os
import shutil

from . import columns, errors, record
from .archives import archive_type_of, archive_types
from .builds import assert_cg, assert_token, check_nvr, draft_release, find_build, lookup, new_build
from .state import CANCELED, CHECKSUM_TYPES, COMPLETE, BUILDING, FAILED, now
from .uploads import join_path, verify_class

LEGACY_TYPES = ('maven', 'win', 'image')
ARCH_LENGTH_MAX = 16


def cg_import(call, metadata, directory, token=None):
    """Import a build: `metadata` is a file name ending in .json, nil for metadata.json, JSON text or a struct;
    `directory` holds the uploads; `token` is the one of the reservation that the metadata names by build_id.
    """
    return Import(call, directory).run(metadata, token)


class Import:
    """One CGImport."""

    def __init__(self, call, directory):
        self.call, self.hub, self.directory = call, call.hub, directory
        self.log_lines = []

    def run(self, metadata, token):
        self.read_metadata(metadata)
        version = self.metadata['metadata_version']
        if version != 0:
            raise errors.GenericError('No such metadata version: %r' % version)
        self.check_access()
        self.check_build(token)
        self.check_buildroots()
        self.check_outputs()
        self.hub.policy.check(self.build['name'])
        self.build_directory = self.hub.paths.build(self.build)
        if os.path.lexists(self.build_directory):
            raise errors.GenericError('Destination directory already exists: %s' % self.build_directory)
        self.hub.faults.pause('before-recording', self.call)
        with self.hub.state.lock:
            return self.record(token)

    def record(self, token):
        columns.text(self.build['source'], 'source')
        columns.integer(self.build['epoch'], 'epoch')
        self.check_task()
        build_id = self.update_reserved() if token else self.create()
        self.build['release'] = self.hub.state.get('builds', build_id)['release']
        self.build_directory = self.hub.paths.build(self.build)
        for btype, empty in (('maven', 'Maven'), ('win', 'Windows')):
            if btype in self.typeinfo and not self.typeinfo[btype]:
                raise errors.GenericError('%s info is empty' % empty)
        for btype in self.typeinfo:
            self.call.change.insert('build_types', build_id=build_id, btype=btype)
        numbers = {key: self.import_buildroot(build_id, given) for key, given in self.buildroots.items()}
        try:
            self.import_outputs(build_id, numbers)
            os.makedirs(self.build_directory, exist_ok=True)
            with open(self.build_directory + '/metadata.json', 'w', encoding='utf-8') as writing:
                writing.write(self.raw_metadata)
        except Exception:
            if os.path.lexists(self.build_directory):
                shutil.rmtree(self.build_directory)
            raise
        self.write_log()
        record.note_import(self.call, build_id, hashlib.sha256(self.raw_metadata.encode()).hexdigest(), self.directory,
                           self.metadata['output'])
        return find_build(self.call, build_id, strict=True)

    # --- reading and checking ----------------------------------------------------------------------------------------
    def read_metadata(self, metadata):
        if isinstance(metadata, dict):
            self.metadata, self.raw_metadata = copy.deepcopy(metadata), json.dumps(metadata, indent=2)
            return
        metadata = 'metadata.json' if metadata is None else metadata
        if not isinstance(metadata, str):
            raise errors.ParameterError("Invalid type for value '%s': %s, expected type <class 'str'>"
                                        % (metadata, type(metadata)))
        if metadata.endswith('.json'):
            path = join_path(self.hub.paths.work, self.directory, metadata)
            if not os.path.exists(path):
                raise errors.GenericError('No such file: %s' % metadata)
            with open(path, encoding='utf-8', newline='') as reading:
                metadata = reading.read()
        self.raw_metadata = metadata
        try:
            self.metadata = json.loads(metadata)
        except ValueError:
            raise errors.GenericError('Invalid json data: %r' % metadata)

    def check_access(self):
        cg = None
        for buildroot in self.metadata['buildroots']:
            row = lookup(self.call, 'content_generators', buildroot['content_generator']['name'], 'content_generator')
            if cg is not None and cg != row['id']:
                raise errors.GenericError('Koji now support only one content-generator per import')
            cg = row['id']
        self.cg = assert_cg(self.call, cg)['id']

    def check_build(self, token):
        given = self.metadata['build']
        if given.get('build_id'):
            self.check_reservation(given, token)
        elif token is not None:
            raise errors.GenericError('Reservation token given, but no build_id in metadata')
        else:
            self.check_absent(given)
        self.build = {key: given[key] for key in ('name', 'version', 'release', 'extra', 'source')}
        self.build.update(epoch=given.get('epoch'), draft=bool(given.get('draft', False)) and self.knows_drafts(),
                          start_time=date_of(given['start_time']), completion_time=date_of(given['end_time']),
                          build_id=given.get('build_id'), task_id=task_id_of(given))
        if given.get('owner'):
            self.build['owner'] = self.owner_of(given['owner'])
        check_nvr(self.build)
        self.check_typeinfo()

    def knows_drafts(self):
        return self.hub.flavour.imports_drafts

    def check_reservation(self, given, token):
        build_id = given['build_id']
        build = find_build(self.call, build_id, strict=True)
        assert_token(self.call, build_id, token)
        if build['cg_id'] != self.cg:
            raise errors.GenericError('Build ID %s is not reserved by this CG' % build_id)
        if build['task_id'] and build['task_id'] != task_id_of(given):
            raise errors.GenericError('Build is owned by task %(task_id)s' % build)
        if build['state'] != BUILDING:
            raise errors.GenericError('Build ID %s is not in BUILDING state' % build_id)
        draft = build.get('draft', False)
        if self.knows_drafts() and draft != given.get('draft', False):
            raise errors.GenericError('Draft field does not match reservation (build id = %s)' % build_id)
        release = draft_release(given['release'], build_id) if draft else given['release']
        if (build['name'], build['version'], build['release']) != (given['name'], given['version'], release):
            raise errors.GenericError('Build (%i) NVR is different' % build_id)
        if 'epoch' in given and build['epoch'] != given['epoch']:
            raise errors.GenericError('Build (%i) epoch is different' % build_id)

    def check_absent(self, given):
        build = find_build(self.call, given)
        if build and build['state'] not in (CANCELED, FAILED):
            shown = '%(nvr)s (id=%(id)s)' % build if self.hub.flavour.names_existing_build else '%r' % build
            raise errors.GenericError('Build already exists: %s' % shown)
        self.existed = build is not None

    def owner_of(self, name):
        if not isinstance(name, str):
            raise errors.GenericError('Invalid owner format (expected username): %s' % name)
        row = self.hub.state.row('users', name=name)
        if not row:
            raise errors.GenericError('No such user: %r' % name)
        return row['id']

    def check_typeinfo(self):
        extra = self.build['extra'] = copy.deepcopy(self.build['extra'])
        self.typeinfo = extra.setdefault('typeinfo', {})
        for btype in LEGACY_TYPES:
            if btype in extra and btype in self.typeinfo:
                raise errors.GenericError('Duplicate typeinfo for %r' % btype)
            if btype in extra:
                self.typeinfo[btype] = extra[btype]
        for btype in self.typeinfo:
            lookup(self.call, 'btypes', btype, 'btype')

    def check_buildroots(self):
        used = {output['buildroot_id'] for output in self.metadata['output']}
        self.buildroots = {}
        for buildroot in self.metadata['buildroots']:
            number = buildroot['id']
            if number not in used:
                raise errors.GenericError('Buildroot id not used in output: %r' % number)
            if number in self.buildroots:
                raise errors.GenericError('Duplicate buildroot id in metadata: %r' % number)
            for section, key in (('content_generator', 'version'), ('container', 'type'), ('container', 'arch'),
                                 ('host', 'os'), ('host', 'arch')):
                buildroot[section][key]
            self.match_components(buildroot['components'])
            buildroot['tools']
            self.buildroots[number] = buildroot

    def match_components(self, components):
        for component in components:
            kind = component['type']
            if kind == 'rpm':
                self.match_rpm(component)
            elif kind == 'file':
                self.match_file(component)
            elif kind == 'kojifile':
                self.match_kojifile(component)
            else:
                raise errors.GenericError('No such component type: %s' % kind)

    def match_rpm(self, component):
        if 'location' in component:
            raise errors.GenericError('External rpms not allowed')
        if 'id' in component:
            raise errors.GenericError("Unexpected 'id' field in component")
        for key in ('name', 'version', 'release', 'arch'):
            columns.compared_text(component[key], key)
        self.log_lines.append('IGNORING unmatched rpm component: %r' % component)

    def match_file(self, component):
        for row in self.hub.state.rows('archives', filename=component['filename'], size=component['filesize']):
            if (row['checksum_type'], row['checksum']) == (component['checksum_type'], component['checksum']):
                return
        self.log_lines.append('IGNORING unmatched archive %s: %r' % (component['checksum'], component))

    def match_kojifile(self, component):
        archive = self.hub.state.get('archives', component['archive_id'])
        if not archive:
            raise errors.GenericError('No such archive: %s' % component['archive_id'])
        build = find_build(self.call, archive['build_id'], strict=True)
        expected = dict(nvr=build['nvr'], filename=archive['filename'], filesize=archive['size'],
                        checksum=archive['checksum'], checksum_type=archive['checksum_type'])
        for key in ('nvr', 'filename'):
            if key not in component:
                raise errors.GenericError('%s field missing for component, archive_id=%s' % (key, archive['id']))
        for key, value in expected.items():
            if key in component and component[key] != value:
                raise errors.GenericError('Component field %s does not match for archive_id=%s: %s != %s'
                                          % (key, archive['id'], value, component[key]))

    def check_outputs(self):
        self.outputs = [self.check_output(dict(output)) for output in self.metadata['output']]

    def check_output(self, output):
        path = output['path'] = join_path(self.hub.paths.work, self.directory, output.get('relpath', ''),
                                          output['filename'])
        size = os.path.getsize(path)
        if size != output['filesize']:
            raise errors.GenericError("File size %s for %s (expected %s) doesn't match. Corrupted upload?"
                                      % (size, output['filename'], output['filesize']))
        digest = digest_of(path, verify_class(output['checksum_type'])())
        if digest != output['checksum']:
            raise errors.GenericError('File checksum mismatch for %s: %s != %s'
                                      % (output['filename'], output['checksum'], digest))
        if output['buildroot_id'] not in self.buildroots:
            raise errors.GenericError('Missing buildroot metadata for id %r' % output['buildroot_id'])
        if output['type'] == 'rpm':
            raise errors.GenericError('rpm outputs are not supported by the sandbox hub')
        if output['type'] != 'log':
            self.check_archive(output)
        return output

    def check_archive(self, output):
        extra = output.get('extra', {})
        legacy = [key for key in extra if key in LEGACY_TYPES]
        types = legacy + list(extra.get('typeinfo', {}))
        if len(legacy) == 1 and legacy[0] in extra.get('typeinfo', {}):
            raise errors.GenericError('Duplicate typeinfo for: %r' % legacy[0])
        if len(types) > 1:
            raise errors.GenericError('Output file has multiple types: %s' % output['filename'])
        if legacy and output.get('subdir') and self.hub.flavour.knows_subdir:
            raise errors.GenericError('subdir field not allowed for legacy btypes')
        if not types:
            raise errors.GenericError('No typeinfo for: %s' % output['filename'])
        btype = output['btype'] = types[0]
        if btype not in self.typeinfo:
            raise errors.GenericError('Output type %s not listed in build types' % btype)
        output['type_info'] = extra[btype] if legacy else extra['typeinfo'][btype]
        if 'components' in output:
            if btype in ('maven', 'win'):
                raise errors.GenericError('Component list not allowed for archives of type %s' % btype)
            self.match_components(output['components'])

    # --- recording ---------------------------------------------------------------------------------------------------
    def check_task(self):
        task_id = self.build['task_id']
        if task_id is not None and not self.hub.state.get('tasks', task_id):
            raise columns.DatabaseError('errors.ForeignKeyViolation', 'insert or update on table "build" violates '
                                        'foreign key constraint "build_task_id_fkey"\n')

    def update_reserved(self):
        build_id = self.build['build_id']
        row = self.hub.state.row('reservations', build_id=build_id)
        self.call.change.update('builds', build_id, state=COMPLETE, extra=self.build['extra'],
                                owner_id=self.build.get('owner', self.call.session.user_id),
                                source=self.build['source'], task_id=self.build['task_id'], completion_time=now())
        record.note_state(self.call, build_id, BUILDING, COMPLETE)
        if row:
            self.call.change.delete('reservations', row['id'])
        return build_id

    def create(self):
        data = dict(self.build, state=COMPLETE, cg_id=self.cg)
        del data['build_id']
        if not self.existed and data['name'] and find_build(self.call, data):
            raise errors.UniqueViolation('duplicate key value violates unique constraint '
                                         '"build_unique_pkg_ver_rel"')
        return new_build(self.call, data)

    def import_buildroot(self, build_id, given):
        columns.buildroot(given)
        return self.call.change.insert('buildroots', build_id=build_id)

    def import_outputs(self, build_id, numbers):
        for output in self.outputs:
            if output['type'] == 'log':
                self.import_log(output)
            else:
                self.import_archive(output, build_id, numbers[output['buildroot_id']])

    def import_log(self, output):
        if output.get('metadata_only'):
            return
        directory = self.hub.paths.logs(self.build)
        if output.get('subdir') and self.hub.flavour.knows_subdir:
            directory = join_path(directory, output['subdir'])
        os.makedirs(directory, exist_ok=True)
        target = os.path.join(directory, os.path.basename(output['path']))
        if os.path.exists(target):
            raise errors.GenericError('Error importing build log. %s already exists.' % target)
        if os.path.islink(output['path']):
            raise errors.GenericError('Error importing build log. %s is not a regular file.' % output['path'])
        move(output['path'], target)

    def import_archive(self, output, build_id, buildroot_id):
        if self.build['draft']:
            raise errors.GenericError('Draft build not supported')
        metadata_only = bool(output.get('metadata_only', False))
        CHECKSUM_TYPES[output['checksum_type']]
        name = os.path.basename(output['path'])
        kind = archive_type_of(self.hub, name, strict=True)
        btype = output['btype']
        arch = None
        if btype == 'image':
            arch = columns.required_text(output['type_info']['arch'], 'arch', 'image_archives', ARCH_LENGTH_MAX)
        self.call.change.insert('archives', build_id=build_id, buildroot_id=buildroot_id, filename=name, btype=btype,
                                arch=arch, size=output['filesize'], checksum=output['checksum'],
                                checksum_type=output['checksum_type'], metadata_only=metadata_only,
                                extra=output.get('extra'), type_index=archive_types(self.hub).index(kind))
        if metadata_only:
            return
        directory = self.hub.paths.type_directory(self.build, btype)
        if output.get('subdir') and self.hub.flavour.knows_subdir:
            directory = join_path(directory, output['subdir'])
        target = '%s/%s' % (directory, name)
        if os.path.exists(target):
            raise errors.GenericError('Error importing archive file, %s already exists' % target)
        if os.path.islink(output['path']):
            raise errors.GenericError('Error importing archive file, %s is not a regular file' % output['path'])
        os.makedirs(directory, exist_ok=True)
        move(output['path'], target)

    def write_log(self):
        if not self.log_lines:
            return
        directory = self.hub.paths.logs(self.build)
        os.makedirs(directory, exist_ok=True)
        with open(directory + '/cg_import.log', 'w', encoding='utf-8', errors='surrogateescape') as writing:
            writing.write('\n'.join(self.log_lines + ['CG import was SUCCESSFUL.']) + '\n')


def digest_of(path, digest):
    with open(path, 'rb') as reading:
        while chunk := reading.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()


def move(source, target):
    """Into the build, with a relative link left where the upload was."""
    shutil.move(source, target)
    os.symlink(os.path.relpath(target, os.path.dirname(source)), source)


def date_of(seconds):
    return datetime.datetime.fromtimestamp(float(seconds), datetime.timezone.utc)


def integer_of(value):
    if value is None:
        raise errors.ParameterError("Invalid type, expected type <class 'int'>")
    try:
        return int(value)
    except (ValueError, TypeError):
        raise errors.ParameterError("Invalid type for value '%s': %s, expected type <class 'int'>"
                                    % (value, type(value)))


def task_id_of(given):
    """build.task_id, or the container_koji_task_id of extra, which must be the same."""
    task_id = integer_of(given['task_id']) if 'task_id' in given else None
    extra = given.get('extra', {})
    if 'container_koji_task_id' not in extra:
        return task_id
    other = integer_of(extra['container_koji_task_id'])
    if task_id is not None and task_id != other:
        raise errors.GenericError('CG provided non-matching task_id %s and container_koji_task_id %s'
                                  % (task_id, other))
    return other


METHODS = {'CGImport': cg_import}
