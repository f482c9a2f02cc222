"""Customers are forgotten, everywhere and for good, and it can be shown."""

from collections.abc import Mapping

from contracts.customers.privacy import (
    BalanceOpen,
    CustomerErased,
    EraseCustomer,
    Erasure,
    ErasureCertificate,
    ErasureExists,
    ErasureList,
    ErasureNotFound,
    ErasuresState,
    ErasureUnfinished,
    GetErasure,
    GetErasureCertificate,
    ListErasures,
)
from contracts.ids import CustomerId
from services.customers.erased_file import Erased
from services.customers.handlers.booking import book
from services.customers.handlers.transfers import CUSTOMER_LEDGERS
from services.customers.model.consent import ALL_PURPOSES, addresses_of
from services.customers.model.privacy import TO_ACKNOWLEDGE, certificate_seal, open_balances
from services.customers.sentences import certificate_text
from services.customers.store.aliases import family
from services.customers.store.buyers import BuyerStore
from services.customers.store.erasing import forget
from services.customers.store.erasures import Begun, ErasureStore, Waiting
from services.customers.store.ledgers import NewEntry
from services.customers.store.wiping import leave_no_bytes
from services.customers.transactions import CustomersTx, CustomersView
from services.runtime.clock import stamp
from services.runtime.states import Shown


def erase_customer(command: EraseCustomer, tx: CustomersTx) -> Erasure:
    """Forget a customer, with every id that was merged into them.

    Rejections:
        CustomerNotFound: there is no such customer (any more).
        BalanceOpen: they have or owe something, and nobody gave it up; or a part of it is kept for an open sale.
        ErasureExists: the id is of another erasure.
    """
    done = tx.erasures.find(command.erasure_id, tx.privacy.overdue_before(tx.now))
    if done is not None:
        if done.customer_id != tx.customers.present_id(command.customer_id):
            raise ErasureExists(field="erasure_id", erasure_id=command.erasure_id)
        return done
    customer = tx.customers.profile(command.customer_id)
    customer_id = customer.customer_id
    _settle_balances(command, customer_id, tx)
    for channel, address in addresses_of(customer):
        tx.consents.suppress(ALL_PURPOSES, channel, address, tx.now)
    ids = tuple(CustomerId(each) for each in family(tx.connection, customer_id))
    _forget_all(ids, tx)
    place = tx.record(CustomerErased(command.erasure_id, ids, stamp(tx.now)))
    begun = Begun(
        command.erasure_id, customer_id, command.reason, stamp(tx.now), place.epoch, place.number, tx.signed_on
    )
    tx.erasures.begin(begun, TO_ACKNOWLEDGE)
    tx.accessed("erased", customer_id)
    _show(tx)
    return _erasure(command.erasure_id, tx)


async def get_erasure(query: GetErasure, view: CustomersView) -> Erasure:
    """Tell how far an erasure has come.

    Rejections:
        ErasureNotFound: nobody was erased under that id.
    """
    overdue = view.privacy.overdue_before(view.now)
    found = await view.read(lambda connection: ErasureStore(connection).find(query.erasure_id, overdue))
    if found is None:
        raise ErasureNotFound(erasure_id=query.erasure_id)
    return found


async def list_erasures(query: ListErasures, view: CustomersView) -> ErasureList:
    """Tell which erasures there were."""
    overdue = view.privacy.overdue_before(view.now)
    return ErasureList(
        await view.read(
            lambda connection: ErasureStore(connection).newest(
                query.limit, overdue, unfinished_only=query.unfinished_only
            )
        )
    )


async def get_certificate(query: GetErasureCertificate, view: CustomersView) -> ErasureCertificate:
    """Certify a finished erasure.

    Rejections:
        ErasureNotFound: nobody was erased under that id.
        ErasureUnfinished: not every service has acknowledged it.
    """
    erasure = await get_erasure(GetErasure(query.erasure_id), view)
    if erasure.finished_at is None:
        waiting = [each.service for each in erasure.services if each.acknowledged_at is None]
        raise ErasureUnfinished(erasure_id=query.erasure_id, waiting_for=waiting)
    kept = await view.read(
        lambda connection: BuyerStore(connection).of_customers(family(connection, erasure.customer_id))
    )
    return ErasureCertificate(
        erasure_id=erasure.erasure_id,
        customer_id=erasure.customer_id,
        erased_at=erasure.erased_at,
        finished_at=erasure.finished_at,
        services=tuple(each.service for each in erasure.services),
        kept=kept,
        text=certificate_text(
            query.language,
            customer_id=erasure.customer_id,
            erased_at=erasure.erased_at,
            finished_at=erasure.finished_at,
            count=len(kept),
            keep_until=max((each.keep_until for each in kept), default=""),
        ),
        seal=certificate_seal(view.digest_key, erasure, kept),
    )


def replay(tx: CustomersTx) -> None:
    """Forget again whom a restored database remembers, before anybody is answered, and tell it again.

    Deleted rows leave no bytes behind from here on (``secure_delete``).
    """
    leave_no_bytes(tx.connection)
    noted = tx.erased_file.read()
    known = tx.erasures.erased_ids()
    forgotten: dict[str, list[CustomerId]] = {}
    for each in noted:
        if each.customer_id not in known:
            forgotten.setdefault(each.erasure_id, []).append(CustomerId(each.customer_id))
    for erasure_id, ids in forgotten.items():
        _forget_all(tuple(ids), tx)
        place = tx.record(CustomerErased(erasure_id, tuple(ids), stamp(tx.now)))  # type: ignore[arg-type]
        if tx.erasures.find(erasure_id, "") is None:
            begun = Begun(erasure_id, ids[0], "asked_for", stamp(tx.now), place.epoch, place.number)
            tx.erasures.begin(begun, TO_ACKNOWLEDGE)
        else:
            tx.erasures.begin_again(erasure_id, (place.epoch, place.number))


def acknowledge(tx: CustomersTx, done: list[tuple[Waiting, str]]) -> None:
    """Keep which services have done their part, and show how many erasures wait."""
    for waiting, service in done:
        tx.erasures.acknowledge(waiting.erasure_id, service, stamp(tx.now))
    _show(tx)


def to_write_down(waiting: list[Waiting], families: Mapping[CustomerId, tuple[str, ...]]) -> list[Erased]:
    """What goes into the file beside the databases."""
    return [
        Erased(each, erasure.erased_at, erasure.erasure_id)
        for erasure in waiting
        for each in families[erasure.customer_id]
    ]


async def shown(view: CustomersView) -> list[Shown]:
    """How many erasures wait, and how many too long."""
    waiting = await view.read(lambda connection: ErasureStore(connection).waiting())
    return [Shown(_state(waiting, view.privacy.overdue_before(view.now), view.now.timestamp()), {})]


def _forget_all(ids: tuple[CustomerId, ...], tx: CustomersTx) -> None:
    for each in ids:
        forget(tx.connection, each, tx.now)


def _settle_balances(command: EraseCustomer, customer_id: CustomerId, tx: CustomersTx) -> None:
    """Book what is given up, so that no ledger goes on owing to nobody."""
    balances = open_balances(tx.books.balances(customer_id))
    reserved = any(tx.books.ledgers.kept(ledger, customer_id).reserved for ledger in CUSTOMER_LEDGERS)
    if reserved or (balances and not command.give_up_balances):
        raise BalanceOpen(customer_id=customer_id, reserved=reserved, balances=balances)
    for ledger in CUSTOMER_LEDGERS:
        balance = tx.books.ledgers.kept(ledger, customer_id).balance
        if balance:
            entry = NewEntry(
                entry_id=tx.ids.derived(command.erasure_id, ledger),
                kind="adjusted",
                amount=-balance,
                at=stamp(tx.now),
                day=tx.today,
                staff_id=tx.signed_on,
                reason="write_off",
            )
            book(tx, ledger, customer_id, entry)


def _erasure(erasure_id: str, tx: CustomersTx) -> Erasure:
    found = tx.erasures.find(erasure_id, tx.privacy.overdue_before(tx.now))
    if found is None:
        raise ErasureNotFound(erasure_id=erasure_id)
    return found


def _show(tx: CustomersTx) -> None:
    tx.show(_state(tx.erasures.waiting(), tx.privacy.overdue_before(tx.now), tx.now.timestamp()))


def _state(waiting: list[Waiting], overdue_before: str, seconds: float) -> ErasuresState:
    return ErasuresState(
        revision=int(seconds * 1_000_000),
        waiting=len(waiting),
        overdue=sum(each.erased_at < overdue_before for each in waiting),
        oldest_at=waiting[0].erased_at if waiting else None,
    )
