# SPDX-License-Identifier: LGPL-2.1-or-later
"""Files sent to the hub: raw POSTs, uploadFile (base64 in a call) and checkUpload (kojihub.py, handle_upload)."""
import base64
import fcntl
import hashlib
import os
import stat
import urllib.parse
import zlib

from . import errors

READ_SIZE_BYTES = 1 << 18


class Adler32:
    """zlib's sum with the face of hashlib."""

    def __init__(self, data=b''):
        self.value = zlib.adler32(data)

    def update(self, data):
        self.value = zlib.adler32(data, self.value)

    def hexdigest(self):
        return '%08x' % self.value


VERIFY_KINDS = {'md5': hashlib.md5, 'adler32': Adler32, 'sha256': hashlib.sha256}


def verify_class(kind):
    """The digest of that kind, None for none at all."""
    if not kind:
        return None
    if not isinstance(kind, str) or kind not in VERIFY_KINDS:
        raise errors.GenericError('Unsupported verify type: %s' % kind)
    return VERIFY_KINDS[kind]


def join_path(base, *segments):
    """A path below base; a segment that leaves it is refused in Koji's words."""
    for segment in segments:
        if os.path.isabs(segment) or os.path.normpath(segment).split('/')[0] == '..':
            raise ValueError('Invalid path segment: %s' % segment)
    return os.path.join(base, *map(os.path.normpath, segments))


def upload_path(call, directory, name, create=False, volume=None):
    """Where an upload lies; with `create` the directory is made and belongs to the caller from then on."""
    if '/' in name or name.startswith('.'):
        raise errors.GenericError('Invalid upload filename: %s' % name)
    normal = os.path.normpath(directory)
    if not normal or normal.startswith('..'):
        raise errors.GenericError('Invalid upload directory: %s' % directory)
    if volume is not None and not call.hub.state.row('volumes', name=volume):
        raise errors.GenericError('No such entry in table volume: %s' % volume)
    if create and normal.split('/')[0] == 'tasks':
        raise errors.AuthError('User %s is not a host' % call.session.user_id)
    path = join_path(call.hub.paths.work, normal)
    if create:
        os.makedirs(path, exist_ok=True)
        assert_owner(call, path, directory)
    return os.path.join(path, name)


def assert_owner(call, path, shown):
    owner_file = os.path.join(path, '.user')
    if os.path.exists(owner_file):
        with open(owner_file, encoding='ascii') as reading:
            if int(reading.read()) != call.session.user_id:
                raise errors.GenericError('Invalid upload directory, not owner: %s' % shown)
        return
    with open(owner_file, 'w', encoding='ascii') as writing:
        writing.write(str(call.session.user_id))


def raw_upload(call, read):
    """A POST of application/octet-stream; read(n) gives the next bytes of its body."""
    if not call.session.logged_in:
        raise errors.ActionNotAllowed('you must be logged-in to upload a file')
    arguments = urllib.parse.parse_qs(call.environ['QUERY_STRING'], strict_parsing=True)
    name = arguments['filename'][0]
    directory = arguments.get('filepath', [''])[0]
    verify = arguments.get('fileverify', [''])[0]
    overwrite = arguments.get('overwrite', [''])[0]
    offset = int(arguments.get('offset', ['0'])[0])
    path = upload_path(call, directory, name, create=True, volume=arguments.get('volume', ['DEFAULT'])[0])
    assert_destination(call, path, offset, overwrite)
    digest = verify_class(verify)()
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        with WriteLock(call.hub, descriptor):
            offset, size = receive(call, descriptor, read, digest, offset, overwrite)
            if not overwrite:
                length, expected = os.lseek(descriptor, 0, os.SEEK_END), offset + size
                if length != expected:
                    raise errors.GenericError('Incorrect upload length for %s - Expected %d, actual %d'
                                              % (path, expected, length))
    finally:
        os.close(descriptor)
    return {'size': size, 'fileverify': verify, 'offset': offset, 'hexdigest': digest.hexdigest()}


def assert_destination(call, path, offset, overwrite):
    try:
        mode = os.lstat(path).st_mode
        if not call.hub.flavour.refuses_symlink and stat.S_ISLNK(mode):
            mode = os.stat(path).st_mode
    except FileNotFoundError:
        return
    if stat.S_ISLNK(mode):
        raise errors.GenericError('destination is a symlink: %s' % path)
    if not stat.S_ISREG(mode):
        raise errors.GenericError('destination not a file: %s' % path)
    if offset == 0 and not overwrite:
        raise errors.GenericError('upload path exists: %s' % path)


def receive(call, descriptor, read, digest, offset, overwrite):
    """Write the body; the offset where it began and its length."""
    if offset == -1:
        offset = os.lseek(descriptor, 0, os.SEEK_END)
    else:
        if overwrite or call.hub.flavour.always_truncates:
            os.ftruncate(descriptor, offset)
        os.lseek(descriptor, offset, os.SEEK_SET)
    size = 0
    while chunk := read(READ_SIZE_BYTES):
        size += len(chunk)
        digest.update(chunk)
        os.write(descriptor, chunk)
    return offset, size


class WriteLock:
    """The lock of one upload: among the threads of the sandbox, and a POSIX lock that other processes see."""

    def __init__(self, hub, descriptor):
        info = os.fstat(descriptor)
        self.hub, self.descriptor, self.key = hub, descriptor, (info.st_dev, info.st_ino)

    def __enter__(self):
        try:
            fcntl.lockf(self.descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise errors.LockError(error)
        with self.hub.state.lock:
            if self.key in self.hub.writing:
                raise errors.LockError('[Errno 11] Resource temporarily unavailable')
            self.hub.writing.add(self.key)

    def __exit__(self, *_):
        with self.hub.state.lock:
            self.hub.writing.discard(self.key)


def upload_file(call, path, name, size, md5sum, offset, data, volume=None, checksum=None):
    """upload file to the hub

    Files can be uploaded in chunks, if so the hash and size describe the
    chunk rather than the whole file.  A wrong size or sum answers False.
    """
    call.session.assert_login()
    contents = base64.b64decode(data)
    offset, size = int(offset), None if size is None else int(size)
    checksum = md5sum if checksum is None else checksum
    kind, expected = ('md5', checksum) if isinstance(checksum, str) else (checksum or (None, None))
    digest = verify_class(kind)
    if offset != -1 and size is not None and size != len(contents):
        return False
    if offset != -1 and digest and digest(contents).hexdigest() != expected:
        return False
    target = upload_path(call, path, name, create=True, volume=volume)
    if os.path.lexists(target):
        if not stat.S_ISREG(os.lstat(target).st_mode):
            raise errors.GenericError('destination not a file: %s' % target)
        if offset == 0 and not target.endswith('.log'):
            raise errors.GenericError('file already exists: %s' % target)
    write_contents(target, contents, offset, size)
    if offset != -1 or not digest:
        return True
    with open(target, 'rb') as reading:
        return digest(reading.read()).hexdigest() == expected


def write_contents(target, contents, offset, size):
    descriptor = os.open(target, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        if offset == 0 or (offset == -1 and size == len(contents)):
            os.ftruncate(descriptor, 0)
        os.lseek(descriptor, 0 if offset == -1 else offset, os.SEEK_END if offset == -1 else os.SEEK_SET)
        os.write(descriptor, contents)
        if offset == -1 and size is not None:
            os.ftruncate(descriptor, size)
    finally:
        os.close(descriptor)


def check_upload(call, path, name, verify=None, tail=None, volume=None):
    """Return basic information about an uploaded file"""
    target = upload_path(call, path, name, volume=volume)
    try:
        descriptor = os.open(target, os.O_RDONLY)
    except FileNotFoundError:
        return None
    with os.fdopen(descriptor, 'rb') as reading:
        info = os.fstat(reading.fileno())
        if (info.st_dev, info.st_ino) in call.hub.writing:
            raise errors.LockError('[Errno 11] Resource temporarily unavailable')
        try:
            fcntl.lockf(reading, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError as error:
            raise errors.LockError(error)
        if not stat.S_ISREG(info.st_mode):
            raise errors.GenericError('Not a regular file: %s' % target)
        answer = {'size': info.st_size, 'mtime': info.st_mtime}
        if verify:
            answer.update(digest_of_tail(reading, info.st_size, verify_class(verify)(), tail))
        return answer


def digest_of_tail(reading, size, digest, tail):
    if tail is not None:
        if tail < 0:
            raise errors.GenericError('Invalid tail value: %r' % tail)
        reading.seek(max(size - tail, 0))
    length = 0
    while chunk := reading.read(READ_SIZE_BYTES):
        length += len(chunk)
        digest.update(chunk)
    return {'sumlength': length, 'hexdigest': digest.hexdigest()}


METHODS = {'uploadFile': upload_file, 'checkUpload': check_upload}
