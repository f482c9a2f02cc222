"""What runs out by itself: reservations whose sale did not come in time, credit past its last day, sleeping points.

Nothing is given up while a sale may still come that was completed before: checkout's journal is read to a head after
that time, and what it tells of balances must be applied. Never here: what giving up means.
"""

import asyncio
from datetime import datetime

from contracts.base import Unavailable
from contracts.checkout.completed import SaleCompleted
from contracts.checkout.paying import TenderRemoved
from contracts.checkout.redeeming import RedemptionRemoved
from contracts.checkout.selling import SaleVoided
from contracts.every_service import ReadJournal
from services.customers.handlers.booking import dormant_before, up_to_date
from services.customers.handlers.reserving import expire
from services.customers.store.books import Books
from services.customers.store.reservations import ReservationStore
from services.customers.transactions import CustomersTx, CustomersView
from services.runtime.clock import stamp
from services.runtime.followers.places import read_place
from services.runtime.requester import Refused
from services.runtime.workers import Context
from services.runtime.writer import DatabaseFault

FOLLOWER = "balances"
CONCERNS = frozenset(event.wire_name() for event in (SaleCompleted, SaleVoided, TenderRemoved, RedemptionRemoved))
AT_ONCE = 200


async def let_run_out(context: Context[CustomersTx, CustomersView], every_s: float) -> None:
    """Look at the start and again and again for what has run out."""
    while True:
        try:
            await _look(context)
        except (Unavailable, Refused, DatabaseFault) as error:
            context.log.warning("nothing-expired", reason=type(error).__name__)
        await asyncio.sleep(every_s)


async def _look(context: Context[CustomersTx, CustomersView]) -> None:
    view = context.view()
    now = stamp(view.now)
    overdue = await view.read(lambda connection: ReservationStore(connection).overdue(now, AT_ONCE))
    if overdue and await all_applied(context):
        await context.write(lambda tx: expire(tx, overdue))
    today = view.today
    has_run_out = await view.read(lambda connection: _has_run_out(Books(connection), today, view.now))
    if has_run_out and await all_applied(context):
        await context.write(_run_out)


async def all_applied(context: Context[CustomersTx, CustomersView]) -> bool:
    """Whether everything that checkout has told of balances up to now is applied here.

    How far the follower came is written down only with what concerns it, so the rest is looked through.
    """
    place = await context.view().read(lambda connection: read_place(connection, FOLLOWER))
    ask = context.ask(context.ids.new())
    after, event_id, epoch = place.number, place.event_id, place.epoch or None
    head: int | None = None
    while head is None or after < head:
        page = await ask(ReadJournal(after=after, event_id=event_id, epoch=epoch), service="checkout")  # type: ignore[arg-type]
        head = page.head if head is None else head
        if any(entry.name in CONCERNS for entry in page.entries):
            return False
        if not page.entries:
            return True
        after, event_id, epoch = page.entries[-1].number, page.entries[-1].event_id, page.entries[-1].epoch
    return True


def _has_run_out(books: Books, today: str, now: datetime) -> bool:
    before = dormant_before(books, now)
    return bool(books.ledgers.holders_to_expire(today, 1) or (before and books.ledgers.dormant(before, 1)))


def _run_out(tx: CustomersTx) -> None:
    before = dormant_before(tx.books, tx.now)
    for ledger, holder_id in tx.books.ledgers.holders_to_expire(tx.today, AT_ONCE):
        up_to_date(tx, ledger, holder_id)
    for holder_id in tx.books.ledgers.dormant(before, AT_ONCE) if before else ():
        up_to_date(tx, "loyalty", holder_id)
