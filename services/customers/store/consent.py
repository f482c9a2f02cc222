"""What was said about being written to: rows are only added. Also which addresses are never written to."""

from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import ColumnElement, Connection, exists, func, insert, select
from sqlalchemy import delete as delete_from
from sqlalchemy.dialects.sqlite import insert as insert_or_leave

from contracts.customers.consent import Channel, Purpose
from contracts.ids import CustomerId
from services.customers.model.consent import ALL_PURPOSES, Said, suppression
from services.customers.store.aliases import family
from services.customers.store.privacy_tables import customer_merge, suppression_exception
from services.customers.store.privacy_tables import suppression as suppressed
from services.customers.store.tables import consent
from services.runtime.clock import stamp

_COLUMNS = tuple(consent.c[field.name] for field in msgspec.structs.fields(Said))


class ConsentStore:
    """All that was said. ``key`` is the hub's, which no database holds."""

    def __init__(self, connection: Connection, key: bytes) -> None:
        self._connection = connection
        self._key = key

    def find(self, consent_id: str) -> Said | None:
        """What was said under an id, or None."""
        row = self._connection.execute(select(*_COLUMNS).where(consent.c.consent_id == consent_id)).one_or_none()
        return None if row is None else Said(*row)

    def settled(self, asked_id: str) -> Said | None:
        """The last that settled a question, or None."""
        row = self._connection.execute(
            select(*_COLUMNS).where(consent.c.asked_id == asked_id).order_by(consent.c.number.desc()).limit(1)
        ).one_or_none()
        return None if row is None else Said(*row)

    def said_by(self, customer_id: CustomerId) -> list[Said]:
        """All that counts of what a customer said, oldest first: not what an undone merge brought."""
        return self.said_by_all([customer_id])[customer_id]

    def said_by_all(self, customer_ids: Sequence[CustomerId]) -> dict[CustomerId, list[Said]]:
        """The same for several customers at once."""
        undone = select(customer_merge.c.merge_id).where(customer_merge.c.undone_at.is_not(None))
        rows = self._connection.execute(
            select(*_COLUMNS)
            .where(
                consent.c.customer_id.in_(customer_ids),
                consent.c.merge_id.is_(None) | consent.c.merge_id.not_in(undone),
            )
            .order_by(consent.c.number)
        )
        found: dict[CustomerId, list[Said]] = {each: [] for each in customer_ids}
        for row in rows:
            found[row.customer_id].append(Said(*row))
        return found

    def everything(self, customer_id: CustomerId) -> list[Said]:
        """All that was ever said by a customer or whoever was merged into them, oldest first."""
        ids = family(self._connection, customer_id)
        rows = self._connection.execute(
            select(*_COLUMNS).where(consent.c.customer_id.in_(ids)).order_by(consent.c.number)
        )
        return [Said(*row) for row in rows]

    def add(self, said: Iterable[Said]) -> None:
        """Keep what was said, each in its turn."""
        for each in said:
            self._connection.execute(
                insert(consent).values({**msgspec.structs.asdict(each), "number": self.last_number() + 1})
            )

    def last_number(self) -> int:
        """How far all that was ever said is counted."""
        number: int = self._connection.execute(select(func.coalesce(func.max(consent.c.number), 0))).scalar_one()
        return number

    def customers_with(self, purpose: Purpose, channel: Channel, after: str, limit: int) -> list[CustomerId]:
        """Who ever said yes for a purpose and channel, in the order of ids."""
        rows = self._connection.execute(
            select(consent.c.customer_id)
            .where(
                consent.c.purpose == purpose,
                consent.c.channel == channel,
                consent.c.state.in_(("granted", "confirmed")),
                consent.c.customer_id > after,
            )
            .distinct()
            .order_by(consent.c.customer_id)
            .limit(limit)
        )
        return [CustomerId(each) for each in rows.scalars()]

    def suppress(self, purpose: Purpose, channel: Channel, address: str, at: datetime) -> None:
        """Let an address never be written to for a purpose, whoever brings it again."""
        own, for_all = self._digests(purpose, channel, address)
        self._suppress(own, at)
        self._connection.execute(delete_from(suppression_exception).where(*_exception(for_all, purpose)))

    def suppress_for_all(self, digests: Iterable[bytes], at: datetime) -> None:
        """Let addresses never be written to for any purpose, by the hashes that ``digest_for_all`` makes of them."""
        for digest in digests:
            self._suppress(digest, at)
            self._connection.execute(delete_from(suppression_exception).where(suppression_exception.c.digest == digest))

    def digest_for_all(self, channel: Channel, address: str) -> bytes:
        """The keyed hash of an address that is to be written to for nothing."""
        return suppression(self._key, ALL_PURPOSES, channel, address)

    def lift(self, purpose: Purpose, channel: Channel, address: str) -> None:
        """Let an address be written to for a purpose again, once its owner has said so, and for no other."""
        own, for_all = self._digests(purpose, channel, address)
        self._connection.execute(delete_from(suppressed).where(suppressed.c.digest == own))
        if self._connection.execute(select(exists().where(suppressed.c.digest == for_all))).scalar():
            self._connection.execute(
                insert_or_leave(suppression_exception).values(digest=for_all, purpose=purpose).on_conflict_do_nothing()
            )

    def is_suppressed(self, purpose: Purpose, channel: Channel, address: str) -> bool:
        """Whether an address is never to be written to for a purpose."""
        own, for_all = self._digests(purpose, channel, address)
        allowed = exists().where(*_exception(for_all, purpose))
        which = (suppressed.c.digest == own) | ((suppressed.c.digest == for_all) & ~allowed)
        return bool(self._connection.execute(select(exists().where(which))).scalar())

    def _suppress(self, digest: bytes, at: datetime) -> None:
        fresh = insert_or_leave(suppressed).values(digest=digest, recorded_at=stamp(at))
        self._connection.execute(fresh.on_conflict_do_nothing())

    def _digests(self, purpose: Purpose, channel: Channel, address: str) -> tuple[bytes, bytes]:
        return suppression(self._key, purpose, channel, address), self.digest_for_all(channel, address)


def _exception(for_all: bytes, purpose: Purpose) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return suppression_exception.c.digest == for_all, suppression_exception.c.purpose == purpose
