"""Opening what somebody named to us."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import BinaryIO


class NoFile(OSError):
    """A pipe, a socket or a device: one could wait for it for good, or read it without end."""


def opened(path: Path) -> BinaryIO:
    """The file for reading; OSError when it cannot be read or is none. /dev/null is an empty file."""
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    try:
        found = os.fstat(handle)
        if stat.S_ISDIR(found.st_mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
        if not stat.S_ISREG(found.st_mode) and not os.path.samestat(found, Path(os.devnull).stat()):
            raise NoFile(errno.EINVAL, "it is no regular file", str(path))
        return os.fdopen(handle, "rb")
    except BaseException:
        os.close(handle)
        raise
