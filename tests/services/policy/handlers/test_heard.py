"""What policy keeps of what it hears: once, as facts, and no longer than it may."""

from datetime import UTC, datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, MetaData, create_engine, delete, select

from contracts.base import Event
from contracts.checkout.decided import DecidedCustomer, PolicyPassedOver, PromptSkipped, RuleWaived
from contracts.customers import CustomerFacts
from contracts.every_service import ListParkedEvents, ParkedEvents
from contracts.policy import DetailRule, OverrideWhen, PolicySettings
from contracts.policy.telling import SaleRechecked
from contracts.staff.signing_on import SessionEnded, SessionStarted
from services.policy.service import policy
from services.policy.settings import PolicyServiceSettings
from services.policy.store.tables import METADATA, decision, decision_item, policy_exception, prompt_skip
from services.runtime.clock import SetClock
from services.runtime.tables import followed_event, follower
from tests.services.policy.examples import (
    FIRST_NAME,
    MANAGER,
    OWNER,
    TILL_1,
    a_customer,
    a_decision,
    a_sale,
    at_least,
    completed,
    sale_id,
    unanswered,
)
from tests.services.policy.shop import fade, put, rows
from tests.services.policy.teller import Teller
from tests.under_test import StoreUnderTest, until

SKIPPED = PromptSkipped(sale_id(1), TILL_1, "2026-03-01", "contact", "customer_declined", OWNER, "2026-03-01T10:01:00Z")
WAIVED = RuleWaived(sale_id(1), TILL_1, "2026-03-01", "first_name", OWNER, MANAGER, "2026-03-01T10:02:00Z")

MARK = "Quetzalcoatlina"
"""What would show wherever it got."""


async def hear(shop: StoreUnderTest, checkout: Teller, *events: Event) -> None:
    await checkout.tell(*events)
    await shop.followed("checkout", "policy")


async def everything(shop: StoreUnderTest) -> dict[str, list[dict[str, Any]]]:
    return {name: await rows(shop, table) for name, table in METADATA.tables.items()}


async def exceptions(shop: StoreUnderTest) -> list[tuple[Any, ...]]:
    return [(row["kind"], row["fields"], row["rechecked"]) for row in await rows(shop, policy_exception)]


async def test_decisions_are_kept_with_their_facts_and_items(shop: StoreUnderTest, checkout: Teller) -> None:
    await hear(shop, checkout, a_decision(1), unanswered(2, customer=None))

    first, second = await rows(shop, decision)
    items = await rows(shop, decision_item)

    assert (first["settings_revision"], first["outcome"], first["staff_id"]) == (3, "block", OWNER)
    assert (second["settings_revision"], second["outcome"], second["customer_group"]) == (None, "unavailable", None)
    assert {
        key: first[key] for key in ("business_day", "hour", "goods_lines", "signed_on", "item_tags", "skipped")
    } == {
        "business_day": "2026-03-01",
        "hour": 11,
        "goods_lines": 2,
        "signed_on": True,
        "item_tags": "serialised,warranty",
        "skipped": "email-missing",
    }
    assert (first["has_first_name"], first["has_phone"], first["customer_group"]) == (False, True, "vip")
    assert [(row["code"], row["satisfied"], row["settled"], row["anew"]) for row in items] == [
        ("first-name-missing", False, None, True)
    ]


async def test_what_is_told_twice_is_kept_once(shop: StoreUnderTest, checkout: Teller) -> None:
    await hear(shop, checkout, a_decision(1), a_decision(1), a_decision(2))

    assert len(await rows(shop, decision)) == 2
    assert await shop.send(ListParkedEvents(), caller="hub", service="policy") == ParkedEvents(())


async def test_a_journal_replayed_from_the_start_changes_nothing(shop: StoreUnderTest, checkout: Teller) -> None:
    await put(shop, FIRST_NAME)
    await hear(
        shop,
        checkout,
        unanswered(1),
        a_decision(2, sale_id=sale_id(2)),
        SKIPPED,
        WAIVED,
        completed(sale_id(1), "policy_unavailable", "clock_unsure"),
        completed(sale_id(2), "policy_unsatisfied"),
    )
    before, told = await everything(shop), shop.told(SaleRechecked)

    await shop.stop("policy")
    _forget_what_was_followed(shop)
    await shop.start(policy(PolicyServiceSettings()))
    await shop.followed("checkout", "policy")

    assert await everything(shop) == before
    assert shop.told(SaleRechecked) == told
    assert await shop.send(ListParkedEvents(), caller="hub", service="policy") == ParkedEvents(())


async def test_skips_are_kept_with_who_where_and_why(shop: StoreUnderTest, checkout: Teller) -> None:
    await hear(shop, checkout, SKIPPED)

    (row,) = await rows(shop, prompt_skip)
    assert (row["sale_id"], row["register"], row["field"], row["reason"], row["staff_id"]) == (
        sale_id(1),
        TILL_1,
        "contact",
        "customer_declined",
        OWNER,
    )


async def test_waivers_are_kept_with_their_approver_and_learn_the_receipt(
    shop: StoreUnderTest, checkout: Teller
) -> None:
    await hear(shop, checkout, WAIVED, completed(sale_id(1)))

    (row,) = await rows(shop, policy_exception)
    assert (row["kind"], row["fields"], row["staff_id"], row["approved_by"], row["receipt_number"]) == (
        "waiver",
        "first_name",
        OWNER,
        MANAGER,
        "till-1-000001",
    )


async def test_a_sale_without_a_flag_is_no_exception(shop: StoreUnderTest, checkout: Teller) -> None:
    await hear(shop, checkout, a_decision(1), completed(sale_id(1)))

    assert await exceptions(shop) == []


async def test_a_sale_that_money_had_moved_for_is_listed_with_what_it_lacked(
    shop: StoreUnderTest, checkout: Teller
) -> None:
    await hear(
        shop,
        checkout,
        a_decision(2, items=()),
        a_decision(1),
        completed(sale_id(1), "policy_unsatisfied", "offline"),
    )

    assert await exceptions(shop) == [("offline", "", None), ("policy_unsatisfied", "first_name", None)]


async def test_a_flagged_sale_lacks_what_it_was_blocked_for_last_whatever_was_decided_since(
    shop: StoreUnderTest, checkout: Teller
) -> None:
    """Another kind of tender may be asked about after money has moved."""
    await hear(
        shop,
        checkout,
        a_decision(1),
        a_decision(2, outcome="proceed", items=(), tender_kind="cash"),
        completed(sale_id(1), "policy_unsatisfied"),
    )

    assert await exceptions(shop) == [("policy_unsatisfied", "first_name", None)]


async def test_a_sale_paid_while_policy_was_away_is_checked_afterwards_and_told_once(
    shop: StoreUnderTest, checkout: Teller
) -> None:
    await put(shop, FIRST_NAME)
    await hear(shop, checkout, unanswered(1), completed(sale_id(1), "policy_unavailable"))

    (row,) = await rows(shop, decision)
    assert (row["outcome"], row["rechecked_outcome"], row["rechecked_revision"]) == ("unavailable", "block", 1)
    assert await exceptions(shop) == [("policy_unavailable", "first_name", "block")]
    told = SaleRechecked(unanswered(1).decision_id, sale_id(1), TILL_1, 1, "block", ("first_name",))
    await until(lambda: shop.told(SaleRechecked) == [told])


async def test_whoever_let_money_be_taken_without_policy_is_named_until_it_fades(
    shop: StoreUnderTest, checkout: Teller, clock: SetClock
) -> None:
    passed = PolicyPassedOver(
        decision_id=unanswered(1).decision_id,
        sale_id=sale_id(1),
        register=TILL_1,
        business_day="2026-03-01",
        staff_id=MANAGER,
        approved_by=OWNER,
        passed_at="2026-03-01T10:00:00.000000Z",
    )

    await hear(shop, checkout, unanswered(1), passed, completed(sale_id(1), "policy_unavailable"))

    [row] = await rows(shop, policy_exception)
    assert (row["kind"], row["approved_by"]) == ("policy_unavailable", OWNER)
    clock.move(91 * 24 * 3600)
    await fade(shop)
    assert [row["passed_by"] for row in await rows(shop, decision)] == [None]
    assert [row["approved_by"] for row in await rows(shop, policy_exception)] == [None]


async def test_a_sale_is_checked_afterwards_by_the_settings_of_its_time(
    shop: StoreUnderTest, checkout: Teller, clock: SetClock
) -> None:
    when = OverrideWhen(item_tag="warranty")
    await put(shop, PolicySettings(overrides=(at_least("warranty", when, last_name=DetailRule("required")),)))
    clock.move(3600)
    await put(shop, FIRST_NAME, expected_revision=1)
    clock.move(3600)
    await put(shop, PolicySettings(), expected_revision=2)

    for number, at in enumerate(("09:59:59", "10:30:00", "11:30:00", "12:30:00"), start=1):
        asked = unanswered(number, sale_id=sale_id(number), decided_at=f"2026-03-01T{at}Z")
        await checkout.tell(asked, completed(sale_id(number), "policy_unavailable"))
    await shop.followed("checkout", "policy")

    assert [(row["rechecked_revision"], row["rechecked_outcome"]) for row in await rows(shop, decision)] == [
        (0, "proceed"),
        (1, "proceed"),
        (2, "block"),
        (3, "proceed"),
    ]


async def test_where_the_clock_jumped_back_the_higher_revision_had_replaced_the_lower(
    shop: StoreUnderTest, checkout: Teller, clock: SetClock
) -> None:
    await put(shop, FIRST_NAME)
    clock.set(datetime(2026, 3, 1, 8, tzinfo=UTC))
    await put(shop, PolicySettings(), expected_revision=1)

    for number, at in enumerate(("07:00:00", "08:30:00", "10:30:00"), start=1):
        asked = unanswered(number, sale_id=sale_id(number), decided_at=f"2026-03-01T{at}Z")
        await checkout.tell(asked, completed(sale_id(number), "policy_unavailable"))
    await shop.followed("checkout", "policy")

    assert [row["rechecked_revision"] for row in await rows(shop, decision)] == [0, 2, 2]


async def test_the_last_check_without_an_answer_is_the_one_that_is_made_up_for(
    shop: StoreUnderTest, checkout: Teller
) -> None:
    await put(shop, FIRST_NAME)
    await hear(
        shop,
        checkout,
        unanswered(2),
        unanswered(1, customer=msgspec.structs.replace(_somebody(), has_first_name=True)),
        completed(sale_id(1), "policy_unavailable"),
    )

    assert await exceptions(shop) == [("policy_unavailable", "", "proceed")]


async def test_a_flagged_sale_without_a_known_check_is_listed_all_the_same(
    shop: StoreUnderTest, checkout: Teller
) -> None:
    await hear(shop, checkout, completed(sale_id(1), "policy_unavailable", "unsatisfied_offline"))

    assert await exceptions(shop) == [("policy_unavailable", "", None), ("unsatisfied_offline", "", None)]
    assert shop.told(SaleRechecked) == []


async def test_what_is_old_loses_staff_sale_and_receipt_and_stays_so(
    shop: StoreUnderTest, checkout: Teller, clock: SetClock
) -> None:
    await put(shop, PolicySettings(keep_days=30))
    old = (a_decision(1), SKIPPED, WAIVED, completed(sale_id(1), "policy_unsatisfied"))
    young = a_decision(2, decided_at="2026-03-20T10:00:00Z")
    await hear(shop, checkout, *old, young)
    clock.set(datetime(2026, 4, 2, tzinfo=UTC))

    await fade(shop, left=1)
    await hear(shop, checkout, old[0])

    assert [(row["staff_id"], row["sale_id"], row["total"]) for row in await rows(shop, decision)] == [
        (None, None, 1250),
        (OWNER, sale_id(1), 1250),
    ]
    assert [(row["staff_id"], row["sale_id"], row["reason"]) for row in await rows(shop, prompt_skip)] == [
        (None, None, "customer_declined")
    ]
    assert {row["kind"] for row in await rows(shop, policy_exception)} == {"waiver", "policy_unsatisfied"}
    for row in await rows(shop, policy_exception):
        assert [row[each] for each in ("sale_id", "staff_id", "approved_by", "receipt_number")] == [None] * 4


async def test_a_session_that_ended_may_set_nothing_more(shop: StoreUnderTest, staff: Teller) -> None:
    tokens = {session: shop.token("policy.edit", session=session) for session in (1, 2, 3)}

    await staff.tell(SessionStarted(TILL_1, 2, OWNER), SessionEnded(TILL_1, 2, OWNER, "signed_off"))
    await shop.followed("staff", "policy")

    assert (await put(shop, FIRST_NAME, token=tokens[1])).code == "token-invalid"
    assert (await put(shop, FIRST_NAME, token=tokens[2])).code == "token-invalid"
    assert (await put(shop, FIRST_NAME, token=tokens[3])).revision == 1


async def test_a_session_that_started_voids_those_before_it(shop: StoreUnderTest, staff: Teller) -> None:
    await staff.tell(SessionStarted(TILL_1, 2, OWNER))
    await shop.followed("staff", "policy")

    assert (await put(shop, FIRST_NAME, token=shop.token("policy.edit", session=1))).code == "token-invalid"
    assert (await put(shop, FIRST_NAME, token=shop.token("policy.edit", session=2))).revision == 1


async def test_no_message_and_no_table_has_a_place_for_a_name_an_email_or_a_phone() -> None:
    """What there is about a person at all is whether a detail is there."""
    for kind in (CustomerFacts, DecidedCustomer):
        types = {field.name: field.type for field in msgspec.structs.fields(kind)}
        assert {types[f"has_{detail}"] for detail in ("first_name", "last_name", "email", "phone")} == {bool}
        assert not {"first_name", "last_name", "company", "email", "phone", "emails", "phones"} & set(types)
    columns = [column for table in METADATA.tables.values() for column in table.columns]
    personal = [each for each in columns if any(word in each.name for word in ("name", "email", "phone"))]
    assert {each.type.python_type for each in personal} == {bool}


async def test_details_that_somebody_sends_along_reach_no_table_reply_or_event(
    shop: StoreUnderTest, checkout: Teller
) -> None:
    await put(shop, FIRST_NAME)
    facts = msgspec.to_builtins(a_sale(a_customer()))
    facts["customer"] |= {"first_name": MARK, "email": f"{MARK}@example.com", "phones": [MARK]}
    payload = msgspec.json.encode({"facts": facts, "language": "en"})

    answer = await shop.raw("policy", "check-checkout", payload, caller="checkout-2")
    wrong = await shop.raw("policy", "check-checkout", payload.replace(b"till-1", MARK.encode()), caller="checkout-2")
    await hear(shop, checkout, unanswered(1), SKIPPED, WAIVED, completed(sale_id(1), "policy_unavailable"))

    assert (answer["outcome"], wrong["code"]) == ("block", "malformed")
    assert MARK not in str((answer, wrong)) + str(await shop.read("policy", all_that_is_kept))
    told = [each for each in shop.broker.published if "/request/" not in each.topic]
    assert told
    assert not [each.topic for each in told if MARK.encode() in each.payload]


def all_that_is_kept(connection: Connection) -> list[Any]:
    """Every row of every table, the runtime's own included."""
    everything = MetaData()
    everything.reflect(connection)
    return [tuple(row) for table in everything.sorted_tables for row in connection.execute(select(table))]


def _somebody() -> Any:
    return a_decision(1).customer


def _forget_what_was_followed(shop: StoreUnderTest) -> None:
    """Let policy begin with the first event again, as after a restore of its database's followers."""
    engine = create_engine(f"sqlite:///{shop.folder / 'policy.sqlite3'}")
    with engine.begin() as connection:
        connection.execute(delete(followed_event))
        connection.execute(delete(follower))
    engine.dispose()
