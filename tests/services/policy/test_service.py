"""Policy as others meet it: settings put in force, checkouts checked, decisions kept."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import select

from contracts.base import Rejected
from contracts.checkout import CheckoutDecided, DecidedItem
from contracts.every_service import ListParkedEvents, ParkedEvents
from contracts.ids import DecisionId, RegisterId, SaleId, StaffId
from contracts.policy import (
    CheckAnswer,
    CheckCheckout,
    ContactRule,
    DetailRule,
    GetSettings,
    PolicyInForce,
    PolicyRevision,
    PolicySettings,
    RulePurpose,
    SetSettings,
    SettingsChanged,
)
from contracts.staff import SessionEnded, SessionStarted
from services.policy.model import CONTACT_REQUIRED_STORE_WIDE, settings_hash
from services.policy.service import policy
from services.policy.settings import PolicyServiceSettings
from services.policy.store import decision, decision_item, settings_revision
from services.runtime.clock import SetClock
from services.runtime.ids import RandomIds
from tests.services.policy.examples import SENTENCES, a_customer, a_sale
from tests.services.policy.teller import Teller
from tests.under_test import StoreUnderTest, store_under_test, until

AT = datetime(2026, 3, 1, 10, tzinfo=UTC)
OWNER = StaffId("0190a000-0000-7000-8000-00000000000f")
FIRST_NAME = PolicySettings(first_name=DetailRule("required"))


@pytest.fixture
def clock() -> SetClock:
    return SetClock(AT)


@pytest.fixture
async def street(tmp_path: Path, clock: SetClock) -> AsyncIterator[StoreUnderTest]:
    """A store in which nothing runs yet and time stands still."""
    async with store_under_test(tmp_path, clock) as store:
        yield store


@pytest.fixture
async def checkout(street: StoreUnderTest) -> Teller:
    return await Teller("checkout").start(street)


@pytest.fixture
async def staff(street: StoreUnderTest) -> Teller:
    return await Teller("staff").start(street)


@pytest.fixture
async def shop(street: StoreUnderTest, checkout: Teller, staff: Teller) -> StoreUnderTest:  # noqa: ARG001 - started before policy
    """A store in which policy runs, and those whom it follows."""
    await street.start(policy(PolicyServiceSettings()))
    return street


async def put(shop: StoreUnderTest, settings: PolicySettings, expected_revision: int = 0, **how: Any) -> Any:
    token = shop.token("policy.edit", staff_id=OWNER)
    return await shop.send(SetSettings(expected_revision, settings), **{"token": token, **how})


async def check(shop: StoreUnderTest, **facts: Any) -> CheckAnswer:
    answered = await shop.send(CheckCheckout(a_sale(**facts), "de"), caller="checkout-2")
    assert isinstance(answered, CheckAnswer)
    return answered


def a_decision(number: int, *, at: str = "2026-03-01T10:00:00.000000Z", items: bool = True) -> CheckoutDecided:
    return CheckoutDecided(
        decision_id=DecisionId(f"0190a000-0000-7000-8000-{number:012d}"),
        sale_id=SaleId("0190a000-0000-7000-8000-00000000000a"),
        register=RegisterId("till-1"),
        staff_id=OWNER,
        decided_at=at,
        settings_revision=3 if items else None,
        outcome="block" if items else "unavailable",
        items=(DecidedItem("first_name", "required", satisfied=False, code="first-name-missing"),) if items else (),
        tender_kind="card",
        total=1250,
        transaction_kind="sale",
    )


async def decisions(shop: StoreUnderTest) -> list[dict[str, Any]]:
    def rows(connection: Any) -> list[dict[str, Any]]:
        return [dict(row) for row in connection.execute(select(decision).order_by(decision.c.decision_id)).mappings()]

    return await shop.read("policy", rows)


async def test_a_new_store_requires_nothing(shop: StoreUnderTest) -> None:
    in_force = await shop.send(GetSettings())

    assert in_force == PolicyInForce(0, PolicySettings())
    assert (await check(shop, unattributed=2)).outcome == "proceed"
    await until(lambda: shop.retained(PolicyRevision) == PolicyRevision(0, "refuse"))


async def test_settings_are_in_force_for_the_next_check(shop: StoreUnderTest) -> None:
    reply = await put(shop, FIRST_NAME)
    missing, there = await check(shop), await check(shop, customer=a_customer(first_name=True))

    assert reply == PolicyInForce(1, FIRST_NAME)
    assert (missing.outcome, missing.settings_revision) == ("block", 1)
    assert [(item.code, item.sentence) for item in missing.items] == [
        ("first-name-missing", "Bitte den Vornamen der Kundin oder des Kunden erfragen.")
    ]
    assert (there.outcome, [item.code for item in there.items]) == ("proceed", ["first-name-ok"])


async def test_everybody_is_told_that_other_settings_are_in_force(shop: StoreUnderTest) -> None:
    settings = msgspec.structs.replace(FIRST_NAME, on_policy_unavailable="allow_flagged")

    await put(shop, settings)

    await until(lambda: shop.retained(PolicyRevision) == PolicyRevision(1, "allow_flagged"))
    await until(lambda: shop.told(SettingsChanged) == [SettingsChanged(1, OWNER, settings_hash(settings))])


async def test_settings_stay_in_force_after_a_restart(shop: StoreUnderTest) -> None:
    await put(shop, FIRST_NAME)

    await shop.stop("policy")
    await shop.start(policy(PolicyServiceSettings()))

    assert await shop.send(GetSettings()) == PolicyInForce(1, FIRST_NAME)
    assert (await check(shop)).settings_revision == 1


async def test_settings_read_at_an_older_revision_are_refused(shop: StoreUnderTest) -> None:
    await put(shop, FIRST_NAME)

    refused = await put(shop, PolicySettings(), expected_revision=0)

    assert isinstance(refused, Rejected)
    assert (refused.code, refused.details) == ("revision-conflict", {"field": "expected_revision", "revision": 1})
    assert await shop.send(GetSettings()) == PolicyInForce(1, FIRST_NAME)
    assert len(shop.told(SettingsChanged)) == 1


async def test_marketing_may_not_require_a_detail(shop: StoreUnderTest) -> None:
    refused = await put(shop, PolicySettings(last_name=DetailRule("required", RulePurpose("marketing", SENTENCES))))

    assert (refused.code, refused.details) == ("purpose-refused", {"field": "settings.last_name.purpose.kind"})
    assert await shop.send(GetSettings()) == PolicyInForce(0, PolicySettings())


async def test_a_blank_sentence_is_refused_by_its_field(shop: StoreUnderTest) -> None:
    blank = RulePurpose("law", msgspec.structs.replace(SENTENCES, fi="  "))

    refused = await put(shop, PolicySettings(last_name=DetailRule("required", blank)))

    assert (refused.code, refused.details["field"]) == ("malformed", "$.settings.last_name.purpose.sentences.fi")


async def test_an_unknown_level_is_refused_by_its_field(shop: StoreUnderTest) -> None:
    payload = b'{"expected_revision": 0, "settings": {"contact": {"level": "sometimes"}}}'

    refused = await shop.raw("policy", "set-settings", payload, message_id=RandomIds().new())

    assert (refused["code"], refused["details"]["field"]) == ("malformed", "$.settings.contact.level")


async def test_a_contact_required_of_everybody_is_saved_with_a_warning(shop: StoreUnderTest) -> None:
    reply = await put(shop, PolicySettings(contact=ContactRule("required")))

    assert (reply.revision, reply.warnings) == (1, (CONTACT_REQUIRED_STORE_WIDE,))
    assert await shop.send(GetSettings()) == reply


@pytest.mark.parametrize(("permissions", "code"), [(None, "token-missing"), (("sale.sell",), "permission-denied")])
async def test_only_who_may_edit_the_policy_does(
    shop: StoreUnderTest, permissions: tuple[str, ...] | None, code: str
) -> None:
    token = None if permissions is None else shop.token(*permissions)

    refused = await put(shop, FIRST_NAME, token=token)

    assert refused.code == code
    assert await shop.send(GetSettings()) == PolicyInForce(0, PolicySettings())


async def test_the_same_command_again_is_answered_alike_and_sets_once(shop: StoreUnderTest) -> None:
    message_id = RandomIds().new()

    first = await put(shop, FIRST_NAME, message_id=message_id)
    again = await put(shop, FIRST_NAME, message_id=message_id)

    assert first == again == PolicyInForce(1, FIRST_NAME)
    assert len(shop.told(SettingsChanged)) == 1


async def test_every_revision_is_kept_with_who_and_when(shop: StoreUnderTest, clock: SetClock) -> None:
    await put(shop, FIRST_NAME)
    clock.move(60)
    await put(shop, PolicySettings(), expected_revision=1)

    kept = await shop.read(
        "policy",
        lambda connection: [
            (row.revision, msgspec.json.decode(row.settings, type=PolicySettings), row.staff_id, row.client, row.set_at)
            for row in connection.execute(select(settings_revision).order_by(settings_revision.c.revision))
        ],
    )

    assert kept == [
        (1, FIRST_NAME, OWNER, "till-1", "2026-03-01T10:00:00.000000Z"),
        (2, PolicySettings(), OWNER, "till-1", "2026-03-01T10:01:00.000000Z"),
    ]


async def test_a_check_writes_nothing(shop: StoreUnderTest) -> None:
    await put(shop, FIRST_NAME)

    with shop.statements("policy") as statements:
        await check(shop)

    assert statements == []


async def test_decisions_are_kept_with_their_items(shop: StoreUnderTest, checkout: Teller) -> None:
    await checkout.tell(a_decision(1), a_decision(2, items=False))
    await shop.followed("checkout", "policy")

    items = await shop.read("policy", lambda connection: connection.execute(select(decision_item)).mappings().all())
    kept = await decisions(shop)
    assert [(row["settings_revision"], row["outcome"], row["staff_id"]) for row in kept] == [
        (3, "block", OWNER),
        (None, "unavailable", OWNER),
    ]
    assert [(row["decision_id"], row["code"], row["satisfied"]) for row in items] == [
        (a_decision(1).decision_id, "first-name-missing", False)
    ]


async def test_a_decision_told_twice_is_kept_once(shop: StoreUnderTest, checkout: Teller) -> None:
    await checkout.tell(a_decision(1), a_decision(1), a_decision(2))
    await shop.followed("checkout", "policy")

    assert [row["decision_id"] for row in await decisions(shop)] == [
        a_decision(1).decision_id,
        a_decision(2).decision_id,
    ]
    assert await shop.send(ListParkedEvents(), caller="hub", service="policy") == ParkedEvents(())


async def test_old_decisions_lose_staff_and_sale_and_stay_so(
    shop: StoreUnderTest, checkout: Teller, clock: SetClock
) -> None:
    await put(shop, PolicySettings(keep_days=30))
    old, young = a_decision(1), a_decision(2, at="2026-03-20T10:00:00Z")
    await checkout.tell(old, young)
    await shop.followed("checkout", "policy")
    clock.set(datetime(2026, 4, 2, tzinfo=UTC))

    await shop.stop("policy")
    await shop.start(policy(PolicyServiceSettings()))
    await checkout.tell(old)
    await shop.followed("checkout", "policy")

    assert [(row["staff_id"], row["sale_id"], row["total"]) for row in await decisions(shop)] == [
        (None, None, 1250),
        (OWNER, young.sale_id, 1250),
    ]


async def test_a_session_that_ended_may_set_nothing_more(shop: StoreUnderTest, staff: Teller) -> None:
    till = RegisterId("till-1")
    tokens = {session: shop.token("policy.edit", session=session) for session in (1, 2, 3)}

    await staff.tell(SessionStarted(till, 2, OWNER), SessionEnded(till, 2, OWNER, "signed_off"))
    await shop.followed("staff", "policy")

    assert (await put(shop, FIRST_NAME, token=tokens[1])).code == "token-invalid"
    assert (await put(shop, FIRST_NAME, token=tokens[2])).code == "token-invalid"
    assert (await put(shop, FIRST_NAME, token=tokens[3])) == PolicyInForce(1, FIRST_NAME)


async def test_a_session_that_started_voids_those_before_it(shop: StoreUnderTest, staff: Teller) -> None:
    await staff.tell(SessionStarted(RegisterId("till-1"), 2, OWNER))
    await shop.followed("staff", "policy")

    assert (await put(shop, FIRST_NAME, token=shop.token("policy.edit", session=1))).code == "token-invalid"
    assert (await put(shop, FIRST_NAME, token=shop.token("policy.edit", session=2))).revision == 1
