"""How the devices are, to rows and back."""

from typing import NamedTuple

from sqlalchemy import Connection, Row, select, update
from sqlalchemy.dialects.sqlite import insert

from contracts.devices import DeviceState
from contracts.ids import DeviceId, RegisterId
from services.devices.model.word import Word
from services.devices.store.tables import device


class Known(NamedTuple):
    """A device and how it is known to be."""

    device: DeviceId
    state: DeviceState


class DeviceStore:
    """How the devices are."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, name: str) -> DeviceState | None:
        """How a device is, or None when nothing is known of it."""
        row = self._connection.execute(select(device).where(device.c.device == name)).one_or_none()
        return None if row is None else _state(row)

    def put(self, name: str, state: DeviceState) -> None:
        """Keep how a device is."""
        values = {
            "revision": state.revision,
            "kind": state.kind,
            "state": state.state,
            "reason": state.reason,
            "since": state.since,
            "register": state.register,
        }
        self._connection.execute(
            insert(device)
            .values(device=name, **values)
            .on_conflict_do_update(index_elements=[device.c.device], set_=values)
        )

    def all(self) -> list[Known]:
        """All devices that were ever in the settings, by name."""
        rows = self._connection.execute(select(device).order_by(device.c.device))
        return [Known(DeviceId(row.device), _state(row)) for row in rows]

    def word(self, printer: str) -> Word:
        """What a printer's word has been worth so far."""
        kept = select(device.c.owes_answer, device.c.answers_in_turn).where(device.c.device == printer)
        row = self._connection.execute(kept).one_or_none()
        return Word() if row is None else Word(row.owes_answer, row.answers_in_turn)

    def put_word(self, printer: str, word: Word) -> None:
        """Keep what a printer's word is worth."""
        values = {"owes_answer": word.owes, "answers_in_turn": word.given}
        self._connection.execute(update(device).where(device.c.device == printer).values(values))


def _state(row: Row[tuple[object, ...]]) -> DeviceState:
    return DeviceState(
        revision=row.revision,
        kind=row.kind,
        state=row.state,
        reason=row.reason,
        since=row.since,
        register=None if row.register is None else RegisterId(row.register),
    )
