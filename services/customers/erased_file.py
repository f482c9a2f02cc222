"""Erasures in a file beside the databases, so that a restored backup forgets again, just as it was.

One line an erasure, as JSON. No personal data: ids, a time, a reason, keyed hashes of addresses. Lines are only added,
and each is on the disk before anybody is told that somebody was erased. A line of before was one id (``id time
erasure-id``); such lines are read, too.
"""

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import msgspec

from contracts.customers.privacy.erasing import ErasureId, ErasureReason
from contracts.ids import CustomerId, StaffId, Timestamp
from services.runtime.writer import DatabaseFault

NAME = "erased-customers.txt"
_OF_BEFORE = re.compile(rb"([0-9a-f-]{36}) ([0-9T:.-]{19,27}Z) ([0-9a-f-]{36})")
BACKUPS = "backups"


class Erased(msgspec.Struct, frozen=True):
    """One erasure: whom (the one who was on file comes first), when, why, and which addresses it suppressed.

    ``suppressed`` is None where a line of before did not say it. ``seal`` is that of a certificate of before, if any.
    """

    erasure_id: ErasureId
    customer_ids: tuple[CustomerId, ...]
    reason: ErasureReason
    erased_at: Timestamp
    staff_id: StaffId | None = None
    suppressed: tuple[bytes, ...] | None = ()
    seal: str | None = None


class ErasedFile:
    """The file in the data directory. No backup of a database holds it; the hub lays a copy beside them."""

    def __init__(self, data: Path) -> None:
        self._file = data / NAME
        self._copy = data / BACKUPS / NAME

    def read(self) -> tuple[Erased, ...]:
        """All erasures, those included that only the copy beside the backups knows, as on a new machine."""
        found: dict[ErasureId, Erased] = {}
        for each in (each for file in (self._copy, self._file) for each in _read(file).erased):
            before = found.get(each.erasure_id)
            if each.suppressed is not None or before is None or before.suppressed is None:
                found[each.erasure_id] = each
        return tuple(found.values())

    def unreadable(self) -> int:
        """How many lines are no erasures: those whom they told of may come back with a backup."""
        return sum(_read(file).unreadable for file in (self._copy, self._file))

    def add(self, erased: Iterable[Erased]) -> None:
        """Write erasures down for good; each once, and once more where a line of before did not say all.

        Raises:
            DatabaseFault: the disk does not take them; nobody is erased then.
        """
        try:
            known = {each.erasure_id for each in _read(self._file).erased if each.suppressed is not None}
            lines = b"".join(_line(each) for each in erased if each.erasure_id not in known)
            if lines:
                self._append(lines)
        except OSError as error:
            raise DatabaseFault(type(error).__name__) from error

    def copy(self) -> tuple[Path, bytes] | None:
        """Where the copy beside the backups belongs, and what stands in it; None while nobody was erased."""
        lines = b"".join(_line(each) for each in self.read())
        return (self._copy, lines) if lines else None

    def _append(self, lines: bytes) -> None:
        with self._file.open("ab+") as file:
            if file.tell():
                file.seek(-1, os.SEEK_END)
                if file.read(1) != b"\n":
                    lines = b"\n" + lines
            file.write(lines)
            file.flush()
            os.fsync(file.fileno())
        folder = os.open(self._file.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _line(erased: Erased) -> bytes:
    return msgspec.json.encode(erased) + b"\n"


class _Read(NamedTuple):
    erased: list[Erased]
    unreadable: int


def _read(file: Path) -> _Read:
    """The erasures in a file; a line that a crash cut off is none: nobody was told of it."""
    if not file.exists():
        return _Read([], 0)
    found, of_before, unreadable = [], dict[str, Erased](), 0
    for line in file.read_bytes().splitlines():
        if match := _OF_BEFORE.fullmatch(line):
            one = _of_before(*(each.decode() for each in match.groups()))
            ids = of_before[one.erasure_id].customer_ids if one.erasure_id in of_before else ()
            of_before[one.erasure_id] = msgspec.structs.replace(one, customer_ids=(*ids, *one.customer_ids))
            continue
        try:
            found.append(msgspec.json.decode(line, type=Erased))
        except msgspec.MsgspecError:
            unreadable += bool(line)
    return _Read([*of_before.values(), *found], unreadable)


def _of_before(customer_id: str, erased_at: str, erasure_id: str) -> Erased:
    """What a line of before tells of: one id, erased as most were."""
    return Erased(
        erasure_id=ErasureId(erasure_id),
        customer_ids=(CustomerId(customer_id),),
        reason="asked_for",
        erased_at=erased_at,
        suppressed=None,
    )
