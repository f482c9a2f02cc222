"""What a scanner reads becomes of its register's open sale: a line, its customer, the credit, or nothing, and why."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from contracts.checkout import Sale, Share
from contracts.checkout.crediting import AttributeLines
from contracts.checkout.decided import CheckoutDecided
from contracts.checkout.paying import CheckSale
from contracts.checkout.reading import GetSale
from contracts.checkout.selling import ApplyScan, AttachCustomer, OpenSale, ScanApplied, ScannedKind, ScanOutcome
from contracts.customers import UpdateCustomer
from contracts.every_service import SessionUsed
from contracts.ids import DeviceId, RegisterId, SaleId, ScanId, StaffId
from contracts.staff import StaffNotFound
from contracts.staff.signing_on import IdentifyBadge, SessionEnded, SessionStarted, StaffNamed
from services.checkout.service import checkout
from services.checkout.settings import CheckoutSettings
from services.runtime.clock import SetClock
from services.runtime.requester import NoAnswer
from services.runtime.service import Route, query
from services.runtime.transactions import View
from tests.services.checkout.shop import ANNA, Shop, open_shop
from tests.services.checkout.stand_ins import StandIn, StandInPolicy, asks_for_email
from tests.under_test import until

BEN = StaffId("00000000-0000-7000-8000-00000000000b")
TILL_1 = RegisterId("till-1")
TEA = "2000000000015"


class StandInStaff(StandIn):
    """Knows whose badge ``B-ben`` is, and tells who signs on where."""

    def __init__(self) -> None:
        super().__init__("staff")

    def routes(self) -> tuple[Route, ...]:
        return (query(IdentifyBadge, self._whose),)

    async def _whose(self, asked: IdentifyBadge, _view: View) -> StaffNamed:
        if asked.badge != "B-ben":
            raise StaffNotFound
        return StaffNamed(BEN, "Ben", "B")


def scan(shop: Shop, text: str, kind: ScannedKind = "item") -> ApplyScan:
    return ApplyScan(ScanId(shop.ids.new()), TILL_1, DeviceId("scanner-1"), text, kind)


async def outcome(shop: Shop, text: str, kind: ScannedKind = "item") -> ScanOutcome:
    return (await shop.done(scan(shop, text, kind), caller="devices")).outcome


async def the_sale(shop: Shop, sale_id: SaleId) -> Sale:
    """The sale, whoever is signed on at its register."""
    return await shop.done(GetSale(sale_id), caller="hub")


@pytest.fixture
async def staff(shop: Shop) -> StandInStaff:
    staff = StandInStaff()
    await shop.store.start(staff.service())
    return staff


async def tell(shop: Shop, staff: StandInStaff, *events: SessionStarted | SessionEnded) -> None:
    for event in events:
        await staff.tell(event)
    await shop.store.followed("staff", "checkout")


async def test_a_scan_adds_its_item_once(shop: Shop) -> None:
    sale_id = await shop.opened()
    command = scan(shop, TEA)

    first = await shop.done(command, caller="devices")
    again = await shop.done(command, caller="devices")

    assert first == again == ScanApplied("line_added", sale_id)
    assert [line.item for line in (await the_sale(shop, sale_id)).lines] == ["tea"]


async def test_a_scan_that_adds_nothing_says_why(shop_with_policy: Shop) -> None:
    shop = shop_with_policy

    assert await outcome(shop, "tea") == "no_open_sale"
    sale_id = await shop.opened("tea")
    assert await outcome(shop, "2000000000039") == "unknown_item"
    assert await outcome(shop, "two words") == "unknown_item"
    assert await outcome(shop, "2000000000022") == "no_price"
    assert await outcome(shop, "gold") == "too_much"
    await shop.done(shop.cash(sale_id, 100))
    assert await outcome(shop, "tea") == "being_paid"
    assert await outcome(shop, "2000000000039") == "being_paid"
    assert len((await the_sale(shop, sale_id)).lines) == 1


async def test_a_customers_card_makes_the_sale_theirs_and_the_last_card_counts(shop: Shop) -> None:
    mia, noah = await shop.customer(codes=("C-mia",)), await shop.customer(codes=("C-noah",))
    sale_id = await shop.opened("tea")

    applied = await shop.done(scan(shop, "C-mia", "customer_code"), caller="devices")
    mias = (await the_sale(shop, sale_id)).customer_id
    await outcome(shop, "C-noah", "customer_code")

    assert applied == ScanApplied("customer_attached", sale_id)
    assert (mias, (await the_sale(shop, sale_id)).customer_id) == (mia, noah)


async def test_a_card_of_letters_and_blanks_beyond_ascii_is_a_customers_and_no_badge(shop: Shop) -> None:
    paivi = await shop.customer(codes=("Päivi Anna-3F7K",))
    sale_id = await shop.opened("tea")

    applied = await shop.done(scan(shop, "PÄIVI ANNA-3F7K", "customer_code"), caller="devices")

    assert applied == ScanApplied("customer_attached", sale_id)
    assert (await the_sale(shop, sale_id)).customer_id == paivi
    assert await outcome(shop, "Päivi", "staff_badge") == "unknown_badge"


async def test_a_card_that_is_nobodys_says_why(shop_with_policy: Shop) -> None:
    shop = shop_with_policy
    await shop.customer(codes=("C-mia",), blocked_codes=("C-lost",))

    assert await outcome(shop, "C-mia", "customer_code") == "no_open_sale"
    sale_id = await shop.opened("tea")
    assert await outcome(shop, "C-none", "customer_code") == "unknown_customer"
    assert await outcome(shop, "C-" + "0" * 63, "customer_code") == "unknown_customer"
    assert await outcome(shop, "C mia", "customer_code") == "unknown_customer"
    assert await outcome(shop, "C-lost", "customer_code") == "code_blocked"
    assert (await the_sale(shop, sale_id)).revision == 2
    await shop.done(shop.cash(sale_id, 100))
    assert await outcome(shop, "C-mia", "customer_code") == "being_paid"
    assert (await the_sale(shop, sale_id)).customer_id is None


async def test_an_item_goes_before_a_customer_of_the_same_code(shop: Shop) -> None:
    await shop.customer(codes=(TEA,))
    sale_id = await shop.opened()

    assert await outcome(shop, TEA) == "line_added"
    sale = await the_sale(shop, sale_id)

    assert ([line.item for line in sale.lines], sale.customer_id) == (["tea"], None)


async def test_a_code_that_is_no_items_may_be_a_customers(shop: Shop) -> None:
    mia = await shop.customer(codes=("4711",), blocked_codes=("4712",))
    sale_id = await shop.opened("tea")

    assert await outcome(shop, "4712") == "code_blocked"
    assert await outcome(shop, "4711") == "customer_attached"
    assert (await the_sale(shop, sale_id)).customer_id == mia


async def test_the_old_card_of_a_merged_customer_is_the_survivors(shop: Shop) -> None:
    mia, maria = await shop.customer(codes=("C-mia",)), await shop.customer()
    await shop.merged(mia, maria)
    sale_id = await shop.opened("tea")

    assert await outcome(shop, "C-mia", "customer_code") == "customer_attached"
    assert (await the_sale(shop, sale_id)).customer_id == maria


async def test_policy_is_asked_anew_about_a_sale_that_was_checked(shop: Shop) -> None:
    policy = StandInPolicy(asks_for_email("required"))
    await shop.store.start(policy.service())
    await shop.customer(codes=("C-mia",), email="mia@example.com")
    sale_id = await shop.opened("tea")
    blocked = await shop.done(CheckSale(sale_id, "cash"))

    await outcome(shop, "C-mia", "customer_code")
    sale = await the_sale(shop, sale_id)

    assert blocked.decision is not None
    assert sale.decision is not None
    assert (blocked.decision.outcome, sale.decision.outcome) == ("block", "proceed")
    assert (policy.asked[-1].facts.signed_on, policy.asked[-1].facts.tender_kind) == (True, "cash")
    assert [told.staff_id for told in shop.store.told(CheckoutDecided)] == [ANNA, ANNA]


async def test_a_card_that_changes_while_policy_thinks_is_asked_about_again(shop: Shop) -> None:
    mia = await shop.customer(codes=("C-mia",))
    policy = StandInPolicy(asks_for_email("required"))
    await shop.store.start(policy.service())
    sale_id = await shop.opened("tea")
    await shop.done(CheckSale(sale_id, "cash"))

    async def gets_an_email() -> None:
        await shop.done(UpdateCustomer(mia, 1, emails=("mia@example.com",)))
        await shop.store.followed("customers", "checkout")

    policy.meanwhile(gets_an_email)
    await outcome(shop, "C-mia", "customer_code")

    decision = (await the_sale(shop, sale_id)).decision
    assert decision is not None
    assert decision.outcome == "proceed"


async def test_a_badge_gives_its_owner_the_lines_that_nobody_has_the_credit_for(
    shop: Shop, staff: StandInStaff
) -> None:
    assert isinstance(staff, StandInStaff)
    assert await outcome(shop, "B-ben", "staff_badge") == "no_open_sale"
    sale_id = await shop.opened()
    assert await outcome(shop, "B-ben", "staff_badge") == "nothing_to_credit"
    sale = await shop.done(shop.add(sale_id, "tea"))
    await shop.done(AttributeLines(sale_id, (Share(ANNA, 10_000),), (sale.lines[0].line_item_id,)))
    await shop.done(shop.add(sale_id, "cola"))

    assert await outcome(shop, "B-none", "staff_badge") == "unknown_badge"
    assert await outcome(shop, "B-ben", "staff_badge") == "staff_named"

    lines = (await the_sale(shop, sale_id)).lines
    assert [(line.item, line.attribution) for line in lines] == [
        ("tea", (Share(ANNA, 10_000),)),
        ("cola", (Share(BEN, 10_000),)),
        ("deposit", ()),
    ]


async def test_a_badge_takes_over_all_lines_where_each_has_its_credit(shop: Shop, staff: StandInStaff) -> None:
    """Whoever scans a badge and saw nothing happen would scan it again; the last one counts."""
    assert isinstance(staff, StandInStaff)
    sale_id = await shop.opened("tea", "gift")
    await shop.done(AttributeLines(sale_id, (Share(ANNA, 5_000), Share(BEN, 5_000))))

    assert await outcome(shop, "B-ben", "staff_badge") == "staff_named"

    lines = (await the_sale(shop, sale_id)).lines
    assert [line.attribution for line in lines] == [(Share(BEN, 10_000),)] * 2


async def test_a_badge_signs_nobody_on(shop: Shop, staff: StandInStaff) -> None:
    sale_id = await shop.opened("tea")
    await tell(shop, staff, SessionEnded(TILL_1, 1, ANNA, "idle"))

    assert await outcome(shop, "B-ben", "staff_badge") == "nobody_signed_on"
    assert (await the_sale(shop, sale_id)).lines[0].attribution == ()


async def test_at_a_locked_register_a_scan_changes_nothing(shop: Shop, staff: StandInStaff) -> None:
    await shop.customer(codes=("C-mia",))
    sale_id = await shop.opened("tea")
    before = await the_sale(shop, sale_id)

    await tell(shop, staff, SessionEnded(TILL_1, 1, ANNA, "idle"))

    assert await outcome(shop, "tea") == "nobody_signed_on"
    assert await outcome(shop, "unknown") == "nobody_signed_on"
    assert await outcome(shop, "C-mia", "customer_code") == "nobody_signed_on"
    assert await the_sale(shop, sale_id) == before


async def test_who_signs_on_scans_on_in_the_open_sale(shop: Shop, staff: StandInStaff) -> None:
    policy = StandInPolicy()
    await shop.store.start(policy.service())
    await shop.customer(codes=("C-mia",))
    sale_id = await shop.opened("tea")
    await shop.done(CheckSale(sale_id, "cash"))
    await tell(shop, staff, SessionEnded(TILL_1, 1, ANNA, "replaced"), SessionStarted(TILL_1, 2, BEN))

    assert await outcome(shop, "tea") == "line_added"
    assert await outcome(shop, "C-mia", "customer_code") == "customer_attached"

    assert [told.staff_id for told in shop.store.told(CheckoutDecided)] == [ANNA, BEN]


async def test_a_scan_sells_for_nobody_whose_role_does_not_let_them_sell(shop: Shop, staff: StandInStaff) -> None:
    """Nor with an approval, which a scanner cannot show; nor after a restart."""
    await shop.customer(codes=("C-mia",))
    sale_id = await shop.opened("tea")
    before = await the_sale(shop, sale_id)
    await tell(shop, staff, SessionEnded(TILL_1, 1, ANNA, "replaced"), SessionStarted(TILL_1, 2, BEN, sells=False))
    await shop.store.stop("checkout")
    await shop.store.start(checkout(CheckoutSettings()))

    for text, kind in (("tea", "item"), ("C-mia", "customer_code"), ("B-ben", "staff_badge")):
        assert await outcome(shop, text, kind) == "may_not_sell"  # type: ignore[arg-type] # a kind each

    assert await the_sale(shop, sale_id) == before
    await tell(shop, staff, SessionStarted(TILL_1, 3, ANNA))
    assert await outcome(shop, "tea") == "line_added"


async def test_an_old_session_that_is_heard_of_late_signs_nobody_off(shop: Shop, staff: StandInStaff) -> None:
    """A register sells by its token before anything is heard of its session."""
    await tell(shop, staff, SessionStarted(TILL_1, 1, BEN))
    token = shop.store.token("sale.sell", session=2, staff_id=ANNA)
    await shop.store.send(OpenSale(SaleId(shop.ids.new())), token=token)

    await tell(shop, staff, SessionEnded(TILL_1, 1, BEN, "replaced"))

    assert await outcome(shop, "tea") == "line_added"


async def test_who_is_signed_on_is_known_after_a_restart(shop: Shop, staff: StandInStaff) -> None:
    async def restarted() -> None:
        await shop.store.stop("checkout")
        await shop.store.start(checkout(CheckoutSettings()))

    await shop.opened("tea")
    await restarted()
    assert await outcome(shop, "tea") == "line_added"

    await tell(shop, staff, SessionEnded(TILL_1, 1, ANNA, "signed_off"))
    await restarted()
    assert await outcome(shop, "tea") == "nobody_signed_on"


async def test_after_an_update_scans_are_somebodys_once_the_open_sale_is_changed_by_hand(
    shop: Shop, tmp_path: Path
) -> None:
    """Who signed on and opened the sale before the update was not kept; a token shows it as well as an event."""
    sale_id = await shop.opened("tea")
    await shop.store.stop("checkout")
    with closing(sqlite3.connect(tmp_path / "checkout.sqlite3")) as before, before:
        before.execute("DELETE FROM signed_on")
    await shop.store.start(checkout(CheckoutSettings()))
    assert await outcome(shop, "tea") == "nobody_signed_on"

    await shop.done(shop.add(sale_id, "tea"))

    assert await outcome(shop, "tea") == "line_added"


async def test_what_events_change_on_a_locked_registers_sale_signs_nobody_on(shop: Shop, staff: StandInStaff) -> None:
    mia = await shop.customer()
    sale_id = await shop.opened("tea")
    await shop.done(AttachCustomer(sale_id, mia))
    await tell(shop, staff, SessionEnded(TILL_1, 1, ANNA, "idle"))

    await shop.done(UpdateCustomer(mia, 1, emails=("mia@example.com",)), caller="till-2")
    await shop.store.followed("customers", "checkout")

    assert await outcome(shop, "tea") == "nobody_signed_on"


async def test_whoever_scans_uses_the_session(tmp_path: Path) -> None:
    """Else the hub would lock a register at which somebody scans a full trolley."""
    clock = SetClock(datetime(2026, 3, 2, 9, tzinfo=UTC))
    async with open_shop(tmp_path, clock=clock) as shop:
        await shop.opened()
        topic = shop.store.topics.event("checkout", SessionUsed.wire_name())

        def told() -> list[bytes]:
            return [
                each.payload
                for each in shop.store.broker.published
                if each.topic == topic and b"till-1" in each.payload
            ]

        before = len(told())
        clock.move(40)
        await shop.store.send(scan(shop, "tea"), caller="devices")
        await until(lambda: len(told()) > before)

        assert msgspec.json.decode(told()[-1], type=SessionUsed) == SessionUsed(TILL_1, 1)


async def test_without_customers_a_card_is_told_to_be_unavailable_and_items_go_on(shop: Shop) -> None:
    sale_id = await shop.opened()
    await shop.store.stop("customers")

    with pytest.raises(NoAnswer, match="unavailable"):
        await outcome(shop, "C-mia", "customer_code")
    assert await outcome(shop, "tea") == "line_added"
    with pytest.raises(NoAnswer, match="unavailable"):  # it may be a card that no rule is about
        await outcome(shop, "2000000000039")
    assert len((await the_sale(shop, sale_id)).lines) == 1


async def test_without_staff_a_badge_is_told_to_be_unavailable(shop: Shop) -> None:
    await shop.opened("tea")

    with pytest.raises(NoAnswer, match="unavailable"):
        await outcome(shop, "B-ben", "staff_badge")
