"""Who bought is sealed where the law wants it known, read by few, and forgotten in time; and who saw whom is told."""

import msgspec

from contracts.checkout.completed import SaleCompleted
from contracts.customers.consent import SaleNotTheirs
from contracts.customers.privacy.keeping import (
    BuyerRecord,
    BuyerRecordExists,
    BuyerRecordId,
    BuyerRecordNotFound,
    BuyerRecords,
    BuyerSealed,
    GetBuyerRecord,
    GetRetention,
    HoldBuyerRecord,
    ListBuyerRecords,
    RetentionTable,
    SealBuyer,
    SealReason,
)
from contracts.customers.privacy.noting import AccessLog, ReadAccessLog
from contracts.ids import CustomerId
from services.customers.model.privacy import Buyer, buyer_of, sealed
from services.customers.store.access import AccessStore
from services.customers.store.aliases import family, resolve
from services.customers.store.buyers import BuyerStore
from services.customers.transactions import CustomersTx, CustomersView
from services.runtime.clock import stamp


def seal_buyer(command: SealBuyer, tx: CustomersTx) -> BuyerSealed:
    """Keep who bought, as they are now.

    Rejections:
        CustomerNotFound: there is no such customer.
        BuyerRecordExists: the id is of another sale's or customer's.
        SaleNotTheirs: no completed sale of that id was theirs.
    """
    known = tx.buyers.find(command.record_id)
    if known is not None:
        of = (known.sale_id, known.reason, tx.customers.present_id(known.customer_id))
        if of != (command.sale_id, command.reason, tx.customers.present_id(command.customer_id)):
            raise BuyerRecordExists(field="record_id", record_id=command.record_id)
        return BuyerSealed(known.record_id, known.keep_until)
    customer = tx.customers.get(command.customer_id)
    if not tx.history.bought(customer.customer_id, command.sale_id):
        raise SaleNotTheirs(field="sale_id", sale_id=command.sale_id)
    named = msgspec.structs.replace(command, customer_id=customer.customer_id)
    record = sealed(named, buyer_of(customer), tx.privacy, stamp(tx.now), tx.today)
    tx.buyers.put(record)
    tx.accessed("fiscal_edited", customer.customer_id)
    tx.note("buyer_sealed", customer.customer_id, sale_id=command.sale_id, reference=record.record_id)
    return BuyerSealed(record.record_id, record.keep_until)


def on_sale_completed(event: SaleCompleted, tx: CustomersTx) -> None:
    """Keep who bought where the law wants it, under the id that the sale points to, with what is on file of them.

    Who bought on account owes, and the debtor is known for as long as the books, an invoice or not. Whoever was erased
    before this was heard is sealed as they were erased, and so is whoever a restored backup has to erase again.
    """
    also: tuple[SealReason, ...] = ("account",) if any(tender.kind == "account" for tender in event.tenders) else ()
    record_id, reason = event.sealed_buyer_id, event.sealed_reason
    if (record_id is None or reason is None) and also:  # as a sale was told before it pointed to its buyer
        record_id, reason = BuyerRecordId(tx.ids.derived(event.sale_id, "sealed buyer account")), "account"
    if record_id is None or reason is None or event.customer_id is None:
        return
    customer_id = tx.customers.present_id(event.customer_id)
    if tx.buyers.find(record_id) is None and (buyer := _on_file_or_leaving(customer_id, tx)) is not None:
        command = SealBuyer(record_id, event.sale_id, customer_id, reason)
        tx.buyers.put(sealed(command, buyer, tx.privacy, stamp(tx.now), event.business_day, also))


def _on_file_or_leaving(customer_id: CustomerId, tx: CustomersTx) -> Buyer | None:
    customer = tx.customers.find(customer_id)
    return tx.buyers.leaving(customer_id) if customer is None else buyer_of(customer)


async def get_buyer_record(query: GetBuyerRecord, view: CustomersView) -> BuyerRecord:
    """Read a sealed buyer, and note who did.

    Rejections:
        BuyerRecordNotFound: nobody is kept under that id.
    """
    found = await view.read(lambda connection: BuyerStore(connection).find(query.record_id))
    if found is None:
        raise BuyerRecordNotFound(record_id=query.record_id)
    view.accessed("fiscal_read", found.customer_id)
    return found


async def list_buyer_records(query: ListBuyerRecords, view: CustomersView) -> BuyerRecords:
    """Tell which buyers are kept, never who they are."""
    sale_id, customer_id = query.sale_id, query.customer_id
    if sale_id is not None:
        return BuyerRecords(await view.read(lambda connection: BuyerStore(connection).of_sale(sale_id)))
    if customer_id is None:
        return BuyerRecords(())
    return BuyerRecords(
        await view.read(
            lambda connection: BuyerStore(connection).of_customers(
                family(connection, resolve(connection, CustomerId(customer_id)))
            )
        )
    )


def hold_buyer_record(command: HoldBuyerRecord, tx: CustomersTx) -> BuyerRecords:
    """Keep a sealed buyer beyond the time, or no longer.

    Rejections:
        BuyerRecordNotFound: nobody is kept under that id.
    """
    record = tx.buyers.find(command.record_id)
    if record is None:
        raise BuyerRecordNotFound(record_id=command.record_id)
    tx.buyers.hold(command.record_id, held=command.held)
    tx.accessed("fiscal_edited", record.customer_id)
    return BuyerRecords(tx.buyers.of_sale(record.sale_id))


def get_retention(query: GetRetention, view: CustomersView) -> RetentionTable:  # noqa: ARG001 - it asks for all of it
    """Tell how long what is kept."""
    return RetentionTable(view.privacy.table())


async def read_access_log(query: ReadAccessLog, view: CustomersView) -> AccessLog:
    """Tell who saw details, or took them away."""
    return await view.read(lambda connection: AccessStore(connection).page(query.customer_id, query.limit, query.next))


def forget_what_had_its_time(tx: CustomersTx) -> None:
    """Forget sealed buyers that are due, and who saw details long ago."""
    tx.buyers.forget_due(tx.today)
    tx.access.forget_old(tx.privacy.accesses_kept_since(tx.now))
