"""What is read of open and ended sales in one moment."""

from sqlalchemy import Connection

from contracts.checkout import Sale, SaleNotCompleted, SaleNotFound, StoreData
from contracts.ids import SaleId
from services.checkout.store.ended_sales import EndedSale, EndedSales
from services.checkout.store.registers import RegisterStore
from services.checkout.store.sales import SaleStore


def sale(connection: Connection, sale_id: SaleId, caller: str) -> Sale:
    """A sale, open or ended. A caller that sells itself, a register, sees its own only.

    Rejections:
        SaleNotFound: there is no such sale for the caller.
    """
    opened = SaleStore(connection).find_open(sale_id)
    found = EndedSales(connection).get(sale_id).sale if opened is None else opened.sale.state()
    if found.register != caller and RegisterStore(connection).is_register(caller):
        raise SaleNotFound(sale_id=sale_id)
    return found


def completed_sale(connection: Connection, sale_id: SaleId) -> tuple[EndedSale, StoreData]:
    """A completed sale, and who sold.

    Rejections:
        SaleNotFound: there is no sale with that id.
        SaleNotCompleted: it is open or was voided.
    """
    if SaleStore(connection).find_open(sale_id) is not None:
        raise SaleNotCompleted(sale_id=sale_id, status="open")
    ended = EndedSales(connection).get(sale_id)
    if ended.sale.status != "completed":
        raise SaleNotCompleted(sale_id=sale_id, status=ended.sale.status)
    return ended, RegisterStore(connection).store_data(ended.store_data_version)
