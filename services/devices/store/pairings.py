"""Which scanner was paired with which register, and the codes that pair."""

from datetime import datetime

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects.sqlite import insert

from contracts.ids import DeviceId, RegisterId
from services.devices.store.tables import pairing, pairing_code
from services.runtime.clock import stamp


class PairingStore:
    """Pairings and their codes."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def all(self) -> dict[DeviceId, RegisterId]:
        """The register of every scanner that was paired."""
        rows = self._connection.execute(select(pairing.c.device, pairing.c.register))
        return {DeviceId(row.device): RegisterId(row.register) for row in rows}

    def put(self, device: DeviceId, register: RegisterId, now: datetime) -> None:
        """Keep which register a scanner belongs to."""
        values = {"register": register, "paired_at": stamp(now)}
        self._connection.execute(
            insert(pairing)
            .values(device=device, **values)
            .on_conflict_do_update(index_elements=[pairing.c.device], set_=values)
        )

    def remove(self, device: DeviceId) -> None:
        """Forget that a scanner was paired."""
        self._connection.execute(delete(pairing).where(pairing.c.device == device))

    def code_of(self, register: RegisterId) -> str | None:
        """The code that pairs with a register, or None when there is none yet."""
        return self._connection.execute(
            select(pairing_code.c.code).where(pairing_code.c.register == register)
        ).scalar_one_or_none()

    def put_code(self, register: RegisterId, code: str, now: datetime) -> None:
        """Keep the code of a register; one it had before pairs no more."""
        values = {"code": code, "made_at": stamp(now)}
        self._connection.execute(
            insert(pairing_code)
            .values(register=register, **values)
            .on_conflict_do_update(index_elements=[pairing_code.c.register], set_=values)
        )

    def register_with(self, code: str) -> RegisterId | None:
        """The register whose code that is, or None."""
        found = self._connection.execute(
            select(pairing_code.c.register).where(pairing_code.c.code == code)
        ).scalar_one_or_none()
        return None if found is None else RegisterId(found)
