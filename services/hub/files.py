"""Files that are there whole or not at all, whenever the power goes.

Never here: what stands in them.
"""

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

READ_AT_MOST = 64 * 1024
"""No file of the hub's own is longer; more is not read into memory."""


class FileDamaged(Exception):
    """A file is there but does not hold what it should; the sentence says what is wrong with it."""


def make_folder(folder: Path, mode: int) -> None:
    """Have the folder, with exactly these rights (``0o750``), whatever the umask is."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(mode)


def write_new(path: Path, content: bytes, mode: int) -> bool:
    """Put a file where none is yet; False, and nothing changed, when there is one already."""
    draft = _draft(path, content, mode)
    try:
        os.link(draft, path)
    except FileExistsError:
        return False
    finally:
        draft.unlink()
    _settle(path.parent)
    return True


def write(path: Path, content: bytes, mode: int) -> None:
    """Put a file in place of the one that may be there; nobody ever sees half of it."""
    with replaced(path, mode) as file:
        file.write(content)


@contextmanager
def replaced(path: Path, mode: int) -> Iterator[BinaryIO]:
    """Write a file piece by piece, that takes the place of the one that may be there once all of it went well."""
    with _drafted(path, mode) as (draft, file):
        yield file
    draft.replace(path)
    _settle(path.parent)


def open_to_append(path: Path, mode: int) -> BinaryIO:
    """Open a file to write at its end; one that is made has at most these rights."""
    return open(path, "ab", opener=lambda name, flags: os.open(name, flags, mode))


def remove(path: Path) -> bool:
    """Take a file away for good; False when there was none."""
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    _settle(path.parent)
    return True


def read(path: Path) -> bytes:
    """Read a whole small file.

    Raises:
        FileNotFoundError: there is none.
        FileDamaged: it is a link, no plain file, longer than 64 kB, or it cannot be read.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise FileDamaged(f"it cannot be opened: {error.strerror}") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise FileDamaged("it is no plain file")
    with os.fdopen(descriptor, "rb") as file:
        content = file.read(READ_AT_MOST + 1)
    if len(content) > READ_AT_MOST:
        raise FileDamaged(f"it is longer than {READ_AT_MOST} bytes")
    return content


def _draft(path: Path, content: bytes, mode: int) -> Path:
    with _drafted(path, mode) as (draft, file):
        file.write(content)
    return draft


@contextmanager
def _drafted(path: Path, mode: int) -> Iterator[tuple[Path, BinaryIO]]:
    """A file beside the one that is meant, on disk in the end; gone again where anything went wrong."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".draft")
    draft = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield draft, file
            file.flush()
            os.fchmod(descriptor, mode)
            os.fsync(descriptor)
    except BaseException:
        draft.unlink()
        raise


def _settle(folder: Path) -> None:
    """Write the folder's own entry to disk, without which a rename may be forgotten."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
