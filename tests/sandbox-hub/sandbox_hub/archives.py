# SPDX-License-Identifier: LGPL-2.1-or-later
"""Archive types, the archives of builds and their logs (kojihub.py, archivetypes of schema.sql)."""
import os

from . import errors
from .builds import find_build
from .state import CHECKSUM_TYPES

# name | extensions | description | compression, in the order of Koji's schema, which numbers them from 1
ARCHIVE_TYPES_TEXT = '''
jar | jar war rar ear sar jdocbook jdocbook-style | Jar file | zip
zip | zip | Zip file | zip
pom | pom | Maven Project Object Management file
tar | tar tar.gz tar.bz2 tar.xz tgz | Tar file | tar
xml | xml | XML file
xmlcompressed | xml.gz xml.bz2 xml.xz | Compressed XML file
xsd | xsd | XML Schema Definition
spec | spec | RPM spec file
exe | exe | Windows executable
dll | dll | Windows dynamic link library
lib | lib | Windows import library
sys | sys | Windows device driver
inf | inf | Windows driver information file
cat | cat | Windows catalog file
msi | msi | Windows Installer package
pdb | pdb | Windows debug information
oem | oem | Windows driver oem file
iso | iso | CD/DVD Image
raw | raw | Raw disk image
qcow | qcow | QCOW image
qcow2 | qcow2 | QCOW2 image
vmdk | vmdk | vSphere image
ova | ova | Open Virtualization Archive
ks | ks | Kickstart
cfg | cfg | Configuration file
vdi | vdi | VirtualBox Virtual Disk Image
aar | aar | Binary distribution of an Android Library project
apklib | apklib | Source distribution of an Android Library project
cab | cab | Windows cabinet file
dylib | dylib | OS X dynamic library
gem | gem | Ruby gem
ini | ini | INI config file
js | js | Javascript file
ldif | ldif | LDAP Data Interchange Format file
manifest | manifest | Runtime environment for .NET applications
msm | msm | Windows merge module
properties | properties | Properties file
sig | sig signature | Signature file
so | so | Shared library
txt | txt | Text file
vhd | vhd | Hyper-V image
vhdx | vhdx | Hyper-V Virtual Hard Disk v2 image
wsf | wsf | Windows script file
box | box | Vagrant Box Image
raw-xz | raw.xz | xz compressed raw disk image
json | json | JSON data
key | key | Key file
dot | dot gv | DOT graph description
groovy | groovy gvy | Groovy script file
batch | bat | Batch file
shell | sh | Shell script
rc | rc | Resource file
wsdl | wsdl | Web Services Description Language
obr | obr | OSGi Bundle Repository
liveimg-squashfs | liveimg.squashfs | liveimg compatible squashfs image
tlb | tlb | OLE type library file
jnilib | jnilib | Java Native Interface library
yaml | yaml yml | YAML Ain't Markup Language
xjb | xjb | JAXB(Java Architecture for XML Binding) Binding Customization File
raw-gz | raw.gz | GZIP compressed raw disk image
qcow2-compressed | qcow2.gz qcow2.xz | Compressed QCOW2 image
iso-compressed | iso.gz iso.xz | Compressed iso image
vhd-compressed | vhd.gz vhd.xz | Compressed VHD image
vhdx-compressed | vhdx.gz vhdx.xz | Compressed VHDx image
vmdk-compressed | vmdk.gz vmdk.xz | Compressed VMDK image
kernel-image | vmlinuz vmlinuz.gz vmlinuz.xz | Kernel BZ2 Image
initramfs | img | Compressed Initramfs Image
checksum | sha256 | Checksum file
changes | changes.xz changes | Kiwi changes file
packages | packages | Kiwi packages listing
verified | verified | Kiwi verified package list
erofs | erofs | erofs image
erofs-compressed | erofs.gz erofs.xz | Compressed erofs image
squashfs | squashfs | SquashFS image
squashfs-compressed | squashfs.gz squashfs.xz | Compressed SquashFS image
wsl | wsl | Compressed tarball for Windows Subsystem for Linux
'''
RELEASE_LACKS = ('erofs', 'erofs-compressed', 'squashfs', 'squashfs-compressed', 'wsl')


def archive_types(hub):
    found = []
    for number, line in enumerate(ARCHIVE_TYPES_TEXT.strip().splitlines(), 1):
        name, extensions, description, *compression = (part.strip() for part in line.split('|'))
        if hub.flavour.knows_new_archive_types or name not in RELEASE_LACKS:
            found.append({'id': number, 'name': name, 'description': description, 'extensions': extensions,
                          'compression_type': compression[0] if compression else None})
    return found


def archive_type_of(hub, filename, strict=False):
    """The type by the longest extension of the name."""
    parts = filename.lower().split('.')
    for start in range(len(parts)):
        extension = '.'.join(parts[start:])
        for kind in archive_types(hub):
            if extension in kind['extensions'].split():
                return kind
    if strict:
        raise errors.GenericError('unsupported file extension: %s' % filename)
    return None


def get_archive_types(call):
    """Return a list of all supported archive types."""
    return archive_types(call.hub)


def get_archive_type(call, filename=None, type_name=None, type_id=None, strict=False):
    """Get the archive type for the given filename, type_name, or type_id."""
    if filename and not (type_id or type_name):
        return archive_type_of(call.hub, filename, strict)
    for kind in archive_types(call.hub):
        if kind['id'] == type_id or kind['name'] == type_name:
            return kind
    if strict:
        raise errors.GenericError('Invalid archive type: %s' % (type_id or type_name))
    return None


def list_btypes(call, query=None, queryOpts=None):
    """Return btypes matching a query"""
    rows = call.hub.state.rows('btypes')
    wanted = query or {}
    return [{'id': row['id'], 'name': row['name']} for row in rows
            if all(row.get(key) == value for key, value in wanted.items())]


def get_build_type(call, buildInfo, strict=False):
    """Return type info about the build: a map of build type and its typeinfo."""
    build = find_build(call, buildInfo, strict)
    if not build:
        return None
    types = [row['btype'] for row in call.hub.state.rows('build_types', build_id=build['id'])]
    typeinfo = (build['extra'] or {}).get('typeinfo', {})
    return {name: typeinfo.get(name) if name not in ('image', 'maven', 'win') else {'build_id': build['id']}
            for name in types}


def describe_archive(hub, row):
    kind = archive_types(hub)[row['type_index']]
    return {'btype': row['btype'], 'btype_id': hub.state.row('btypes', name=row['btype'])['id'],
            'build_id': row['build_id'], 'buildroot_id': row['buildroot_id'], 'checksum': row['checksum'],
            'checksum_type': CHECKSUM_TYPES[row['checksum_type']], 'compression_type': kind['compression_type'],
            'extra': row['extra'], 'filename': row['filename'], 'id': row['id'],
            'metadata_only': row['metadata_only'], 'size': row['size'], 'type_description': kind['description'],
            'type_extensions': kind['extensions'], 'type_id': kind['id'], 'type_name': kind['name']}


def list_archives(call, buildID=None, buildrootID=None, componentBuildrootID=None, hostID=None, type=None,
                  filename=None, size=None, checksum=None, checksum_type=None, typeInfo=None, queryOpts=None,
                  imageID=None, archiveID=None, strict=False):
    """Retrieve information about archives."""
    wanted = {'build_id': buildID, 'buildroot_id': buildrootID, 'filename': filename, 'size': size,
              'checksum': checksum, 'checksum_type': checksum_type, 'id': archiveID, 'btype': type}
    wanted = {key: value for key, value in wanted.items() if value is not None}
    found = [describe_archive(call.hub, row) for row in call.hub.state.rows('archives')]
    found = [info for info in found if all(info[key] == value for key, value in wanted.items())]
    if componentBuildrootID is not None or hostID is not None or imageID is not None:
        found = []
    if type == 'image':
        for info in found:
            info['arch'] = call.hub.state.get('archives', info['id'])['arch']
    if strict and not found:
        raise errors.GenericError('No archives found.')
    return found


def get_archive(call, archive_id, strict=False):
    """Get information about the archive with the given ID."""
    row = call.hub.state.get('archives', archive_id)
    if row:
        info = describe_archive(call.hub, row)
        if row['btype'] == 'image':
            info.update(arch=row['arch'], rootid=False)
        return info
    if strict:
        raise errors.GenericError('No such archive: %s' % archive_id)
    return None


def get_build_logs(call, build):
    """Return a list of log files for the given build"""
    directory = call.hub.paths.logs(find_build(call, build, strict=True))
    relative = os.path.relpath(directory, call.hub.paths.topdir)
    logs = []
    for path, _, names in os.walk(directory):
        below = os.path.relpath(path, directory)
        logs += [{'name': name, 'dir': below, 'path': '%s/%s/%s' % (relative, below, name)} for name in names
                 if os.path.isfile(os.path.join(path, name)) and not os.path.islink(os.path.join(path, name))]
    return sorted(logs, key=lambda log: log['path'])


METHODS = {'getArchiveTypes': get_archive_types, 'getArchiveType': get_archive_type, 'listBTypes': list_btypes,
           'getBuildType': get_build_type, 'listArchives': list_archives, 'getArchive': get_archive,
           'getBuildLogs': get_build_logs}
