"""Customers are forgotten, everywhere and for good, and it can be shown."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from contracts.customers.consent import Channel
from contracts.customers.privacy.erasing import (
    BalanceOpen,
    EraseCustomer,
    Erasure,
    ErasureCertificate,
    ErasureExists,
    ErasureId,
    ErasureList,
    ErasureNotFound,
    ErasureUnfinished,
    ErasureWaitsFor,
    GetErasure,
    GetErasureCertificate,
    ListErasures,
)
from contracts.customers.privacy.telling import CustomerErased, ErasuresState
from contracts.ids import CustomerId
from services.customers.erased_file import Erased
from services.customers.handlers.merging import give_balances_back, part_for_good
from services.customers.handlers.transfers import CUSTOMER_LEDGERS, all_of, give_up
from services.customers.model.consent import addresses_of
from services.customers.model.privacy import (
    OWN,
    SUPPRESSING,
    TO_ACKNOWLEDGE,
    buyer_of,
    certificate_seal,
    certificate_seal_of_before,
    open_balances,
)
from services.customers.sentences import certificate_text
from services.customers.store.aliases import family
from services.customers.store.buyers import BuyerStore
from services.customers.store.erasing import forget
from services.customers.store.erasures import ErasureStore, Waiting, database_bytes, waits_for_sales
from services.customers.transactions import CustomersTx, CustomersView
from services.runtime.clock import read_stamp, stamp
from services.runtime.states import Shown
from services.runtime.wiping import leave_no_bytes, may_rebuild


def erase_customer(command: EraseCustomer, tx: CustomersTx) -> Erasure:
    """Forget a customer, with every id that was merged into them.

    It is written down beside the databases before it is answered. Whoever asked to be forgotten is not written to any
    more, whoever else has the address; a record that was a mistake silences nobody.

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
    addresses = addresses_of(customer) if command.reason in SUPPRESSING else ()
    erased = Erased(
        erasure_id=command.erasure_id,
        customer_ids=tuple(CustomerId(each) for each in family(tx.connection, customer_id)),
        reason=command.reason,
        erased_at=stamp(tx.now),
        staff_id=tx.signed_on,
        suppressed=_digests(addresses, tx),
    )
    _forget(erased, tx)
    tx.accessed("erased", customer_id)
    _show(tx)
    tx.erased_file.add([erased])
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
    return (await _with_waits([found], view))[0]


async def list_erasures(query: ListErasures, view: CustomersView) -> ErasureList:
    """Tell which erasures there were."""
    overdue = view.privacy.overdue_before(view.now)
    found = await view.read(
        lambda connection: ErasureStore(connection).newest(query.limit, overdue, unfinished_only=query.unfinished_only)
    )
    return ErasureList(await _with_waits(found, view))


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
    seal = await view.read(lambda connection: ErasureStore(connection).seal_of(erasure.erasure_id))
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
        seal=seal or certificate_seal(view.digest_key, erasure),
    )


async def _with_waits(erasures: Sequence[Erasure], view: CustomersView) -> tuple[Erasure, ...]:
    """Erasures with what this service's own part of each still waits for."""
    mine = [
        each for each in erasures if any(part.service == OWN and not part.acknowledged_at for part in each.services)
    ]
    if not mine:
        return tuple(erasures)
    size, for_sales = await view.read(
        lambda connection: (
            database_bytes(connection),
            {each.erasure_id for each in mine if waits_for_sales(connection, each)},
        )
    )
    enough = view.privacy.half_due_before(view.now)
    waits: dict[ErasureId, ErasureWaitsFor] = {}
    for each in mine:
        rebuilt = may_rebuild(size, view.wall_clock, waited=each.erased_at < enough)
        waits[each.erasure_id] = "sales" if each.erasure_id in for_sales else "rebuild" if rebuilt else "night"
    return tuple(_waiting(each, waits.get(each.erasure_id)) for each in erasures)


def _waiting(erasure: Erasure, waits_for: ErasureWaitsFor | None) -> Erasure:
    services = tuple(
        msgspec.structs.replace(each, waits_for=waits_for) if each.service == OWN else each for each in erasure.services
    )
    return msgspec.structs.replace(erasure, services=services)


def replay(tx: CustomersTx) -> None:
    """Forget again whom a restored database remembers, before anybody is answered, and tell it again.

    Whoever is merged there with somebody else was parted from them before: that is done again first, so that nothing of
    theirs stays with the other, and nothing of the other goes with them.

    It is the same erasure again, of that time and for that reason. What those customers had or owed as of the backup is
    given up later (``write_off``), once checkout's sales since then are booked. Deleted rows leave no bytes behind from
    here on (``secure_delete``).
    """
    leave_no_bytes(tx.connection)
    noted = {each.erasure_id: each for each in tx.erased_file.read()}
    _put_seals_down(noted, tx)
    written = {
        each.erasure_id: _both_say(noted.get(each.erasure_id, each), each) for each in tx.erasures.all().values()
    }
    forgotten = [each for each in noted.values() if each.erasure_id not in written]
    if forgotten:
        tx.begin_restored_epoch()
    for each in forgotten:
        part_for_good(each.customer_ids, tx)
        written[each.erasure_id] = whole = _with_addresses(each, tx)
        _forget(whole, tx)
    tx.erased_file.add(written.values())


def _put_seals_down(noted: Mapping[ErasureId, Erased], tx: CustomersTx) -> None:
    """Keep the seals that certificates of before have, as they are now: they follow from what changes with time."""
    for each in noted.values():
        if each.seal is not None:
            tx.erasures.keep_seal(each.erasure_id, each.seal)
    for erasure_id in tx.erasures.unsealed():
        erasure = _erasure(erasure_id, tx)
        kept = tx.buyers.of_customers(family(tx.connection, erasure.customer_id))
        tx.erasures.keep_seal(erasure_id, certificate_seal_of_before(tx.digest_key, erasure, kept))


def _both_say(noted: Erased, known: Erased) -> Erased:
    """An erasure as the database knows it, with the addresses that the list has, if it says."""
    return known if noted.suppressed is None else msgspec.structs.replace(known, suppressed=noted.suppressed)


def _with_addresses(erased: Erased, tx: CustomersTx) -> Erased:
    """An erasure of a list of before: it suppressed what addresses there were, which is what a backup has of them."""
    if erased.suppressed is not None:
        return erased
    on_file = tx.customers.load(erased.customer_ids).values()
    addresses = [address for customer in on_file for address in addresses_of(customer)]
    return msgspec.structs.replace(erased, suppressed=_digests(addresses, tx))


def _digests(addresses: Iterable[tuple[Channel, str]], tx: CustomersTx) -> tuple[bytes, ...]:
    return tuple(dict.fromkeys(tx.consents.digest_for_all(*each) for each in addresses))


def write_off(tx: CustomersTx, erased: Sequence[Erased]) -> None:
    """Book what erased customers have or owe all the same, as a backup had it, so that nothing is owed to nobody.

    First balances go back of merges that were undone here. What is kept for a sale waits until the sale has ended.
    """
    give_balances_back(tx)
    for each in erased:
        for customer_id in each.customer_ids:
            give_up(tx, customer_id, tx.ids.new())


def give_up_late(tx: CustomersTx, customer_ids: Sequence[CustomerId]) -> None:
    """Book what sales that came after an erasure spent or gave, so that nothing is owed by nobody or to nobody."""
    for each in customer_ids:
        give_up(tx, each, tx.ids.new())


def let_go(tx: CustomersTx, waiting: Sequence[Waiting]) -> None:
    """Forget erased customers as buyers, too: all sales that were completed before are heard."""
    tx.buyers.let_go(each.erasure_id for each in waiting)


def acknowledge(tx: CustomersTx, done: list[tuple[Waiting, str]]) -> None:
    """Keep which services have done their part, and show how many erasures wait."""
    for waiting, service in done:
        tx.erasures.acknowledge(waiting.erasure_id, service, stamp(tx.now))
    _show(tx)


async def shown(view: CustomersView) -> list[Shown]:
    """How many erasures wait, and how many too long."""
    waiting = await view.read(lambda connection: ErasureStore(connection).waiting())
    return [Shown(_state(waiting, view.privacy.overdue_before(view.now), view.now.timestamp()), {})]


def _forget(erased: Erased, tx: CustomersTx) -> None:
    """Forget them, tell it, and begin to wait for everybody to have heard.

    As buyers alone they stay until checkout's sales of before are heard (``let_go``): the law may want them sealed.
    """
    at = read_stamp(erased.erased_at)
    tx.consents.suppress_for_all(erased.suppressed or (), at)
    for each in erased.customer_ids:
        if (customer := tx.customers.load([each]).get(each)) is not None:
            tx.buyers.leave(each, erased.erasure_id, buyer_of(customer))
        forget(tx.connection, each, at)
    place = tx.record(CustomerErased(erased.erasure_id, erased.customer_ids, erased.erased_at))
    tx.erasures.begin(erased, place.epoch, place.number, TO_ACKNOWLEDGE)


def _settle_balances(command: EraseCustomer, customer_id: CustomerId, tx: CustomersTx) -> None:
    """Book what is given up, so that no ledger goes on owing to nobody."""
    balances = open_balances(all_of(tx, customer_id))
    reserved = any(tx.books.ledgers.kept(ledger, customer_id).reserved for ledger in CUSTOMER_LEDGERS)
    if reserved or (balances and not command.give_up_balances):
        raise BalanceOpen(customer_id=customer_id, reserved=reserved, balances=balances)
    give_up(tx, customer_id, command.erasure_id)


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
