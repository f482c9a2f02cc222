"""Once: the same command id changes things once and gets the same answer for seven days.

The row is written in the transaction of the command's effect; one written in another, or kept
in memory, would sell twice after a crash.
"""

from dataclasses import dataclass
from hashlib import blake2b

from sqlalchemy import Connection, bindparam, delete, insert, select

from services.runtime import tables
from services.runtime.prepared import Prepared

_FIND = Prepared(
    select(tables.handled_request.c.digest, tables.handled_request.c.outcome, tables.handled_request.c.reply).where(
        tables.handled_request.c.caller == bindparam("caller_"), tables.handled_request.c.id == bindparam("id_")
    )
)
_KEEP = Prepared(insert(tables.handled_request))


@dataclass(frozen=True, slots=True)
class Handled:
    """How a command with that id was answered; ``reply`` is None where it is rebuilt from ids."""

    digest: bytes
    outcome: str
    reply: bytes | None


def digest(key: bytes, name: str, payload: bytes) -> bytes:
    """The keyed hash by which a repeated command is told from another with the same id."""
    return blake2b(name.encode() + b"\0" + payload, key=key, digest_size=16).digest()


def find(connection: Connection, caller: str, message_id: str) -> Handled | None:
    """How that caller's command with that id was answered, or None when it is new."""
    row = _FIND.first(connection, {"caller_": caller, "id_": message_id})
    return None if row is None else Handled(row.digest, row.outcome, row.reply)


def keep(connection: Connection, caller: str, message_id: str, handled: Handled, at: str) -> None:
    """Remember how a command was answered."""
    _KEEP.run(
        connection,
        {
            "caller": caller,
            "id": message_id,
            "digest": handled.digest,
            "outcome": handled.outcome,
            "reply": handled.reply,
            "at": at,
        },
    )


def forget(connection: Connection, older_than: str) -> int:
    """Forget commands that were answered before a time; returns how many."""
    return connection.execute(delete(tables.handled_request).where(tables.handled_request.c.at < older_than)).rowcount
