"""What is read of open and ended sales in one moment."""

import re

from sqlalchemy import Connection

from contracts.checkout import Sale, SaleNotCompleted, SaleNotFound
from contracts.checkout.reading import StoreData
from contracts.ids import SaleId
from contracts.topics import SERVICES
from services.checkout.model.sale import OpenedSale
from services.checkout.store.ended_sales import EndedSale, EndedSales
from services.checkout.store.registers import RegisterStore
from services.checkout.store.sales import SaleStore

_READS_ALL = re.compile(rf"hub|({'|'.join(SERVICES)})(-[0-9]+)?")
"""The logins that are kept for the hub, the services and their copies; no other login can be given such a name."""


def sale(connection: Connection, sale_id: SaleId, caller: str) -> Sale:
    """A sale, open or ended. Only the hub and services see all; any other caller sees its own register's.

    Rejections:
        SaleNotFound: there is no such sale for the caller.
    """
    opened = SaleStore(connection).find_open(sale_id)
    found = EndedSales(connection).get(sale_id).sale if opened is None else opened.sale.state()
    _prove_seen(found, caller)
    return found


def completed_sale(connection: Connection, sale_id: SaleId, caller: str) -> tuple[EndedSale, StoreData]:
    """A completed sale, and who sold. Who sees which is as with ``sale``.

    Rejections:
        SaleNotFound: there is no such sale for the caller.
        SaleNotCompleted: it is open or was voided.
    """
    opened = SaleStore(connection).find_open(sale_id)
    if opened is not None:
        _prove_seen(opened.sale, caller)
        raise SaleNotCompleted(sale_id=sale_id, status="open")
    ended = EndedSales(connection).get(sale_id)
    _prove_seen(ended.sale, caller)
    if ended.sale.status != "completed":
        raise SaleNotCompleted(sale_id=sale_id, status=ended.sale.status)
    return ended, RegisterStore(connection).store_data(ended.store_data_version)


def _prove_seen(found: Sale | OpenedSale, caller: str) -> None:
    if found.register != caller and not _READS_ALL.fullmatch(caller):
        raise SaleNotFound(sale_id=found.sale_id)
