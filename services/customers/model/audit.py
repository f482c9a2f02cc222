"""The ledgers recomputed from their entries and compared with what is kept. Pure."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from contracts.customers.balances import HolderId, Ledger
from contracts.customers.ledgers.watching import LedgerDifference, LedgersAudited
from services.customers.model.ledgers import NEVER, Booking, standing

MOST_DIFFERENCES = 1000


class KeptOf(Protocol):
    """What is kept of a ledger beside its entries."""

    @property
    def balance(self) -> int:
        """What all entries are thought to come to."""
        ...

    @property
    def reserved(self) -> int:
        """What held reservations are thought to come to."""
        ...

    @property
    def entries(self) -> int:
        """How many entries there are thought to be."""
        ...

    @property
    def expires_on(self) -> str | None:
        """A day that is not later than the earliest last day of what is left."""
        ...


class Captured(Protocol):
    """A captured reservation."""

    @property
    def ledger(self) -> Ledger:
        """The ledger that it took from."""
        ...

    @property
    def holder_id(self) -> str:
        """Whose balance it was."""
        ...


class Audit:
    """Takes holder after holder and says at the end what differs."""

    def __init__(
        self,
        kept: Mapping[tuple[Ledger, str], KeptOf],
        held: dict[tuple[str, str], int],
        parts: Mapping[tuple[Ledger, str], Mapping[str, int]],
    ) -> None:
        self._kept = kept
        self._parts = parts
        self._held = held
        self._booked: set[tuple[Ledger, str]] = set()
        self._totals: Counter[Ledger] = Counter()
        self._entries = 0
        self._differences: list[LedgerDifference] = []

    def check(self, ledger: Ledger, holder_id: str, bookings: Sequence[Booking]) -> None:
        """Compare one holder's entries with what is kept of them."""
        self._booked.add((ledger, holder_id))
        self._entries += len(bookings)
        running = 0
        for number, booking in enumerate(bookings, 1):
            running += booking.entry.amount
            if (booking.entry.balance, booking.entry.number) != (running, number):
                self._differ(ledger, holder_id, "running_balance", booking.entry.balance, running)
        self._totals[ledger] += running
        kept = self._kept.get((ledger, holder_id))
        self._compare(ledger, holder_id, "balance", None if kept is None else kept.balance, running)
        self._compare(ledger, holder_id, "entries", None if kept is None else kept.entries, len(bookings))
        left = standing(bookings)
        if kept is not None and (kept.expires_on or NEVER) > (left.next_last_day or NEVER):
            self._differ(ledger, holder_id, "lot", left.balance, running)

        others = {owner: part.balance for owner, part in left.parts.items() if owner is not None}
        known = self._parts.get((ledger, holder_id), {})
        for owner in sorted({*others, *known}):
            self._compare(ledger, holder_id, "part", known.get(owner, 0), others.get(owner, 0))

    def check_transfers(self, wrong: Iterable[tuple[Ledger, str, int, int]]) -> None:
        """Of whom something was moved that did not come in elsewhere: ledger, holder, what went out and came in."""
        for ledger, holder_id, out, came in wrong:
            self._differ(ledger, holder_id, "transfer", out, came)

    def check_astray(self, astray: Iterable[tuple[Ledger, str, int, int]]) -> None:
        """Who has something of somebody else's: ledger, holder, how much, and what of it sales keep."""
        for ledger, holder_id, has, kept in astray:
            if has < 0 or has > kept:
                self._differ(ledger, holder_id, "astray", has, kept)

    def check_captures(self, wrong: Iterable[tuple[Captured, int]]) -> None:
        """Captured reservations that are not booked."""
        for captured, booked in wrong:
            self._differ(captured.ledger, captured.holder_id, "capture", 1, booked)

    def result(self) -> LedgersAudited:
        """What all of it comes to."""
        for (ledger, holder_id), kept in self._kept.items():
            self._compare(ledger, holder_id, "reserved", kept.reserved, self._held.get((ledger, holder_id), 0))
            if (ledger, holder_id) not in self._booked:
                self._compare(ledger, holder_id, "balance", kept.balance, 0)
                self._compare(ledger, holder_id, "entries", kept.entries, 0)
        return LedgersAudited(
            holders=len(self._booked),
            entries=self._entries,
            store_credit=self._totals["store_credit"],
            owed=self._totals["account"],
            points=self._totals["loyalty"],
            vouchers=self._totals["voucher"],
            differences=tuple(self._differences),
        )

    def _compare(self, ledger: Ledger, holder_id: str, what: str, kept: int | None, computed: int) -> None:
        if kept != computed:
            self._differ(ledger, holder_id, what, kept or 0, computed)

    def _differ(self, ledger: Ledger, holder_id: str, what: str, kept: int, computed: int) -> None:
        if len(self._differences) < MOST_DIFFERENCES:
            self._differences.append(LedgerDifference(ledger, HolderId(holder_id), what, kept, computed))  # type: ignore[arg-type]
