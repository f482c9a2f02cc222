"""A merge moves every lot with its days; undone, what is left of each goes back. The sum never changes."""

from collections.abc import Callable
from typing import Any

from contracts.customers.balances import Reserved, VoucherId
from contracts.customers.ledgers import GetVoucherLedger
from contracts.customers.ledgers.accounts import GetAccountStatement
from contracts.customers.ledgers.reserving import BalanceReserved
from contracts.customers.merging import MergeCustomers
from contracts.customers.vouchers import CheckVoucher, IssueVoucher
from contracts.ids import CustomerId
from services.customers.handlers.transfers import balances_back, terms_back, transfer
from services.customers.store.aliases import point, unpoint
from services.customers.store.balances import balances_of
from services.customers.store.owners import OwnerStore
from services.customers.transactions import CustomersTx
from services.runtime.writer import Scope
from tests.services.customers.ledgers.shop import ANNA, BERT, CARO, IDS, LedgerShop, a_tender

MERGE = "0190e000-0000-7000-8000-000000000001"
OTHER_MERGE = "0190e000-0000-7000-8000-000000000002"
Move = Callable[[Any, CustomerId, CustomerId, str], None]


def transfer_back(tx: CustomersTx, loser: CustomerId, survivor: CustomerId, merge: str) -> None:
    """As an undone merge does, once the loser stands for themselves again."""
    terms_back(tx, loser, survivor, merge)
    balances_back(tx, survivor, merge)


async def move(
    shop: LedgerShop, how: Move, loser: CustomerId = BERT, survivor: CustomerId = ANNA, merge: str = MERGE
) -> None:
    running = shop.store.services["customers"]

    def job(scope: Scope) -> None:
        tx = running._transaction(scope, IDS.new())  # noqa: SLF001 - as the merge does
        if how is transfer_back:
            unpoint(tx.connection, loser)
        how(tx, loser, survivor, merge)
        if how is transfer:
            point(tx.connection, loser, survivor, merge)

    await running.writer.run(job)


async def credit(shop: LedgerShop) -> tuple[int, int]:
    return tuple([(await shop.balances(each)).balances.store_credit for each in (ANNA, BERT)])  # type: ignore[return-value]


async def test_all_that_somebody_has_and_owes_moves(shop: LedgerShop) -> None:
    await shop.programme(sign_up_bonus=20)
    await shop.join(BERT)
    await shop.terms(BERT, 9000, grace_days=7)
    await shop.give(ANNA, "store_credit", 100)
    await shop.give(BERT, "store_credit", 250, expires_on="2026-06-30")
    await shop.give(BERT, "account", 4000, "correction")
    before = await shop.audit()

    await move(shop, transfer)
    anna, bert, after = await shop.balances(ANNA), await shop.balances(BERT), await shop.audit()
    kept = await shop.store.read("customers", lambda connection: balances_of(connection, [BERT])[BERT])

    assert (anna.balances.store_credit, anna.balances.account_owed, anna.balances.loyalty_points) == (350, 4000, 20)
    assert (anna.balances.account_limit, anna.loyalty_terms) == (9000, "2026-01")
    assert bert == anna
    assert (kept.store_credit, kept.account_owed, kept.loyalty_points) == (0, 0, 0)
    assert (after.store_credit, after.owed, after.points, after.differences) == (
        before.store_credit,
        before.owed,
        before.points,
        (),
    )


async def test_open_items_and_credit_keep_their_days(shop: LedgerShop) -> None:
    await shop.terms(BERT, None, grace_days=7)
    await shop.give(BERT, "account", 4000, "correction")
    await shop.give(BERT, "account", -1500, "payment")
    await shop.give(BERT, "store_credit", 250, expires_on="2026-03-20")
    shop.clock.move(5 * 86_400)

    await move(shop, transfer)
    statement = await shop.ask(GetAccountStatement(ANNA, "2026-03-01", "2026-03-31"))
    shop.clock.move(86_400 * 10)

    assert [(each.day, each.left, each.due_on) for each in statement.open_items] == [("2026-03-14", 2500, "2026-03-21")]
    assert (await shop.balances(ANNA)).store_credit_available == 0


async def test_what_is_kept_for_a_sale_moves_along_and_the_sale_is_booked_there(shop: LedgerShop) -> None:
    await shop.give(BERT, "store_credit", 500)
    reserved = (await shop.reserve("store_credit", 300, BERT)).reserved

    await move(shop, transfer)
    free = (await shop.balances(ANNA)).store_credit_available
    await shop.sell(1, a_tender(1, "store_credit", 300, reserved), customer_id=BERT)

    assert free == 200
    assert (await shop.balances(ANNA)).balances.store_credit == 200
    assert (await shop.audit()).differences == ()


async def test_an_undone_merge_gives_everything_back(shop: LedgerShop) -> None:
    await shop.give(ANNA, "store_credit", 100)
    await shop.give(BERT, "store_credit", 250, expires_on="2026-06-30")
    await shop.terms(ANNA, None)
    await shop.give(BERT, "account", -700, "payment")
    await move(shop, transfer)

    await move(shop, transfer_back)

    assert await credit(shop) == (100, 250)
    assert (await shop.balances(BERT)).balances.account_owed == -700
    assert (await shop.balances(ANNA)).balances.account_owed == 0
    assert (await shop.audit()).differences == ()


async def test_what_was_spent_since_stays_spent_when_a_merge_is_undone(shop: LedgerShop) -> None:
    await shop.give(BERT, "store_credit", 250)
    await shop.give(ANNA, "store_credit", 100)
    await move(shop, transfer)
    reserved = (await shop.reserve("store_credit", 300)).reserved
    await shop.sell(1, a_tender(1, "store_credit", 300, reserved))

    await move(shop, transfer_back)

    assert sum(await credit(shop)) == 50
    assert min(await credit(shop)) >= 0
    assert (await shop.audit()).differences == ()


async def test_merges_of_merged_customers_are_undone_in_turn(shop: LedgerShop) -> None:
    await shop.give(BERT, "store_credit", 250)
    await shop.give(ANNA, "store_credit", 100)
    await move(shop, transfer)
    await move(shop, transfer, ANNA, CARO, OTHER_MERGE)
    whole = (await shop.balances(CARO)).balances.store_credit

    await move(shop, transfer_back, ANNA, CARO, OTHER_MERGE)
    await move(shop, transfer_back)

    assert whole == 350
    assert (await shop.balances(CARO)).balances.store_credit == 0
    assert await credit(shop) == (100, 250)
    assert (await shop.audit()).differences == ()


async def test_nothing_to_move_moves_nothing(shop: LedgerShop) -> None:
    await move(shop, transfer)
    await move(shop, transfer_back)

    assert (await shop.audit()).entries == 0


async def test_the_id_of_a_merged_customer_means_the_survivor_in_every_ledger(shop: LedgerShop) -> None:
    await shop.give(BERT, "store_credit", 500)
    merged = await shop.ask(MergeCustomers(MERGE, ANNA, BERT, 1, 1), "customer.merge", "customer.edit")  # type: ignore[arg-type]

    given = await shop.give(BERT, "store_credit", 100)
    terms = await shop.terms(BERT, 1000)
    reserved = await shop.reserve("store_credit", 600, BERT)
    await shop.sell(1, a_tender(1, "store_credit", 600), customer_id=BERT)

    assert merged.customer_id == given.holder_id == terms.customer_id == reserved.reserved.holder_id == ANNA
    assert (await shop.balances(BERT)).customer_id == ANNA
    assert (await shop.balances(ANNA)).balances.store_credit == 0
    assert (await shop.audit()).differences == ()


async def test_a_voucher_is_spent_around_a_merge_as_if_there_were_none(shop: LedgerShop) -> None:
    """Kept before it, while both are one and after; it is nobody's, and stays what it was."""
    printed = await shop.ask(IssueVoucher(VoucherId(IDS.new()), 5000))
    voucher_id, code = printed.voucher.voucher_id, printed.code

    async def keep(sale: int, amount: int, whose: CustomerId) -> Reserved:
        kept = await shop.reserve("voucher", amount, whose, sale=sale, tender=sale, code=code)
        assert isinstance(kept, BalanceReserved), kept
        return kept.reserved

    before = await keep(1, 1500, BERT)
    await keep(2, 100, BERT)
    await move(shop, transfer)
    await shop.sell(1, a_tender(1, "voucher", 1500, before), customer_id=BERT)
    meanwhile = [await keep(3, 700, BERT), await keep(4, 300, ANNA)]
    await move(shop, transfer_back)
    await shop.sell(3, a_tender(3, "voucher", 700, meanwhile[0]), customer_id=BERT)
    await shop.sell(4, a_tender(4, "voucher", 300, meanwhile[1]))
    await shop.void(2)

    voucher = await shop.ask(CheckVoucher(voucher_id=voucher_id))
    entries = (await shop.ask(GetVoucherLedger(voucher_id))).entries
    owners = await shop.store.read("customers", lambda connection: OwnerStore(connection).everywhere())
    assert (voucher.balance, voucher.available) == (2500, 2500)
    assert [(each.kind, each.amount, each.not_on_time) for each in reversed(entries)] == [
        ("issued", 5000, None),
        ("redeemed", -1500, None),
        ("redeemed", -700, None),
        ("redeemed", -300, None),
    ]
    assert {each.holder_id for each in (before, *meanwhile)} == {voucher_id}
    assert owners == []
    assert await credit(shop) == (0, 0)
    assert (await shop.audit()).differences == ()
