"""What registers, printers and other services read of sales."""

from typing import Protocol
from zoneinfo import ZoneInfo

from contracts.base import Event
from contracts.checkout import RegisterSale, Sale
from contracts.checkout.reading import FindSalesBySerial, GetReceipt, GetSale, Receipt, SalesWithSerial
from contracts.ids import SaleId
from services.checkout.handlers.completed import completed
from services.checkout.store.ended_sales import EndedSale, EndedSales
from services.checkout.transactions import CheckoutTx, CheckoutView
from services.runtime.clock import read_stamp
from services.runtime.service import SnapshotPiece
from services.runtime.states import Shown

SALES_A_PIECE = 5
"""So many of the largest sales there can be still fit into one message."""


async def get_sale(query: GetSale, view: CheckoutView) -> Sale:
    """Read a sale; only the hub and services read those of other registers.

    Rejections:
        SaleNotFound: there is no such sale for the caller.
    """
    return await view.sale(query.sale_id)


class AboutSale(Protocol):
    """A command that is answered with its sale."""

    @property
    def sale_id(self) -> SaleId:
        """Which one."""
        ...


def sale_again(command: AboutSale, tx: CheckoutTx) -> Sale:
    """What a repeated command is answered with where the answer is not stored: the sale as it is by now."""
    return tx.sale(command.sale_id)


async def find_sales_by_serial(query: FindSalesBySerial, view: CheckoutView) -> SalesWithSerial:
    """Find the completed sales of one piece, at whatever register."""
    return SalesWithSerial(
        tuple(await view.read(lambda connection: EndedSales(connection).with_serial(query.serial_number)))
    )


async def get_receipt(query: GetReceipt, view: CheckoutView) -> Receipt:
    """Read what the receipt of a completed sale shows, with the store's data as it was.

    Only the hub and services read those of other registers.

    Rejections:
        SaleNotFound: there is no such sale for the caller.
        SaleNotCompleted: it is open or was voided.
    """
    ended, store = await view.completed_sale(query.sale_id)
    return Receipt(
        sale=ended.sale,
        store=store,
        language=ended.language,
        local_time=_local_time(ended),
        custom=ended.printed,
    )


async def shown(view: CheckoutView) -> list[Shown]:
    """Every register's open sale, and of the others that they have none."""
    opened, without = await view.register_states()
    language = view.settings.language
    states = [RegisterSale(each.state_revision, each.sale.state(), language) for each in opened]
    return [
        *(Shown(state, {"register": state.sale.register}) for state in states if state.sale is not None),
        *(Shown(RegisterSale(revision, None, language), {"register": register}) for register, revision in without),
    ]


async def snapshot(view: CheckoutView, number: int, following: str | None) -> SnapshotPiece:
    """Completed sales up to a journal number, oldest first, as the events that told them."""
    after = int(following) if following is not None and following.isdecimal() else 0
    sales = await view.completed_after(after, number, SALES_A_PIECE)
    events = [(_told_again(ended), ended.event_id, ended.sale.ended_at or "") for ended in sales]
    return events, str(sales[-1].event_number) if len(sales) == SALES_A_PIECE else None


def _told_again(ended: EndedSale) -> Event:
    return completed(ended.sale, ended.receipt_wanted, ended.language)


def _local_time(ended: EndedSale) -> str:
    """When the sale ended on the shop's wall, ISO 8601 with its offset from UTC."""
    at = read_stamp(ended.sale.ended_at or ended.sale.started_at)
    return at.astimezone(ZoneInfo(ended.time_zone)).isoformat(timespec="seconds")
