"""How the devices are, to rows and back."""

from collections.abc import Iterable
from typing import NamedTuple

from sqlalchemy import Connection, Row, delete, select
from sqlalchemy.dialects.sqlite import insert

from contracts.devices import DeviceState
from contracts.ids import DeviceId, RegisterId
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
        """All devices, by name."""
        rows = self._connection.execute(select(device).order_by(device.c.device))
        return [Known(DeviceId(row.device), _state(row)) for row in rows]

    def keep_only(self, names: Iterable[str]) -> None:
        """Forget the devices that are not named."""
        self._connection.execute(delete(device).where(device.c.device.not_in(list(names))))


def _state(row: Row[tuple[object, ...]]) -> DeviceState:
    return DeviceState(
        revision=row.revision,
        kind=row.kind,
        state=row.state,
        reason=row.reason,
        since=row.since,
        register=None if row.register is None else RegisterId(row.register),
    )
