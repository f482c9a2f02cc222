"""Settings as others meet them: read, put in force, refused, tried."""

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from contracts.base import Rejected, Unavailable
from contracts.customers import GroupId
from contracts.customers.groups import Group, Groups, ListGroups
from contracts.policy import (
    ContactRule,
    DetailRule,
    GetSettings,
    ListSettingsRevisions,
    Override,
    OverrideWhen,
    PolicyInForce,
    PolicySettings,
    RulePurpose,
    Sentences,
    SetSettings,
    SettingsRevision,
    SettingsRevisions,
)
from contracts.policy.reporting import WhatIf, WhatIfCell, WhatIfReport
from contracts.policy.telling import PolicyRevision, SettingsChanged
from services.policy.handlers.settings import LARGEST_SETTINGS
from services.policy.model.settings import (
    CONTACT_REQUIRED_STORE_WIDE,
    GROUPS_NOT_CHECKED,
    REFUND_MAY_BE_BLOCKED,
    settings_hash,
)
from services.policy.service import policy
from services.policy.settings import PolicyServiceSettings
from services.policy.store.tables import settings_revision
from services.runtime.clock import SetClock
from services.runtime.ids import RandomIds
from services.runtime.requester import NoAnswer
from services.runtime.service import Service, query
from services.runtime.transactions import Tx, View
from tests.services.policy.examples import (
    FIRST_NAME,
    MODES,
    OWNER,
    SENTENCES,
    TILL_1,
    TILL_2,
    a_customer,
    a_decision,
    a_sale,
    at_least,
    decide,
    exactly,
    sale_id,
    unanswered,
)
from tests.services.policy.shop import check, put, rows
from tests.services.policy.teller import MIGRATIONS, Teller
from tests.under_test import StoreUnderTest, until

AT = "2026-03-01T10:00:00.000000Z"
OTHER = "0190a000-0000-7000-8000-00000000000d"
VIP = OverrideWhen(customer_group=GroupId("vip"))
FOR_VIPS = PolicySettings(overrides=(at_least("vip", VIP, last_name=DetailRule("required")),))


def in_force(revision: int, settings: PolicySettings, *, warnings: tuple[str, ...] = (), now: bool = True) -> Any:
    return PolicyInForce(revision, settings, warnings, now, OWNER, AT)


def customers_with(*groups: str) -> Service[Tx, View]:
    """A service that answers as customers would, with these groups."""

    async def list_groups(_query: ListGroups, _view: View) -> Groups:
        return Groups(tuple(Group(GroupId(group), group) for group in groups))

    return Service("customers", MIGRATIONS, Tx, View, (query(ListGroups, list_groups),))


async def test_a_new_store_requires_nothing(shop: StoreUnderTest) -> None:
    assert await shop.send(GetSettings()) == PolicyInForce(0, PolicySettings())
    assert (await check(shop, unattributed=2)).outcome == "proceed"
    await until(lambda: shop.retained(PolicyRevision) == PolicyRevision(0, "refuse"))


async def test_settings_are_in_force_for_the_next_check(shop: StoreUnderTest) -> None:
    reply = await put(shop, FIRST_NAME)
    missing, there = await check(shop), await check(shop, customer=a_customer(first_name=True))

    assert reply == in_force(1, FIRST_NAME)
    assert (missing.outcome, missing.settings_revision) == ("block", 1)
    assert [(item.code, item.sentence) for item in missing.items] == [
        ("first-name-missing", "Bitte den Vornamen der Kundin oder des Kunden erfragen.")
    ]
    assert (there.outcome, [item.code for item in there.items]) == ("proceed", ["first-name-ok"])


async def test_everybody_is_told_that_other_settings_are_in_force(shop: StoreUnderTest) -> None:
    settings = PolicySettings(attribution="manual", moment="at_start", on_policy_unavailable="allow_flagged")

    await put(shop, settings)

    await until(lambda: shop.retained(PolicyRevision) == PolicyRevision(1, "allow_flagged"))
    told = SettingsChanged(1, OWNER, settings_hash(settings), "allow_flagged", "manual", "at_start")
    await until(lambda: shop.told(SettingsChanged) == [told])


async def test_whoever_approved_other_settings_is_told(shop: StoreUnderTest) -> None:
    message_id = RandomIds().new()
    token = shop.token(staff_id=OTHER, needs_approval=("policy.edit",))
    approval = shop.approval("policy.edit", message_id, approved_by=OWNER)

    await put(shop, FIRST_NAME, token=token, message_id=message_id, approval=approval)
    await put(shop, PolicySettings(), expected_revision=1)

    await until(
        lambda: (
            [(each.staff_id, each.approved_by) for each in shop.told(SettingsChanged)]
            == [(OTHER, OWNER), (OWNER, None)]
        )
    )


async def test_settings_that_would_fit_no_answer_are_refused_and_not_put_in_force(shop: StoreUnderTest) -> None:
    purpose = RulePurpose("law", Sentences(*("x" * 200 for _ in range(4))))

    def an_override(number: int) -> Override:
        return at_least(f"o-{number:04}", OverrideWhen(total_from=1), last_name=DetailRule("required", purpose))

    most = LARGEST_SETTINGS // len(msgspec.json.encode(an_override(0)) + b",")
    token = shop.token("policy.edit")
    too_many = PolicySettings(overrides=tuple(an_override(number) for number in range(most + 1)))
    fewer = PolicySettings(overrides=too_many.overrides[:-4])

    refused = await shop.send(SetSettings(0, too_many), token=token)
    tried = await shop.send(WhatIf(too_many), token=token)
    kept = await put(shop, fewer)

    assert isinstance(refused, Rejected)
    assert (refused.code, refused.details["field"]) == ("malformed", "$.settings.overrides")
    assert tried == refused
    assert kept == in_force(1, fewer)
    assert await shop.send(GetSettings()) == kept


async def test_settings_stay_in_force_after_a_restart(shop: StoreUnderTest) -> None:
    await put(shop, FIRST_NAME)

    await shop.stop("policy")
    await shop.start(policy(PolicyServiceSettings()))

    assert await shop.send(GetSettings()) == in_force(1, FIRST_NAME)
    assert (await check(shop)).settings_revision == 1


async def test_of_two_people_who_change_the_settings_the_second_is_told(shop: StoreUnderTest) -> None:
    await put(shop, FIRST_NAME)

    refused = await put(shop, PolicySettings(), expected_revision=0, token=shop.token("policy.edit", staff_id=OTHER))

    assert isinstance(refused, Rejected)
    assert (refused.code, refused.details) == ("revision-conflict", {"field": "expected_revision", "revision": 1})
    assert await shop.send(GetSettings()) == in_force(1, FIRST_NAME)
    assert len(shop.told(SettingsChanged)) == 1


async def test_old_revisions_stay_readable(shop: StoreUnderTest) -> None:
    await put(shop, FIRST_NAME)
    await put(shop, PolicySettings(), expected_revision=1)

    assert await shop.send(GetSettings(revision=1)) == in_force(1, FIRST_NAME, now=False)
    assert await shop.send(GetSettings(revision=0)) == PolicyInForce(0, PolicySettings(), in_force=False)
    assert await shop.send(GetSettings(revision=2)) == in_force(2, PolicySettings())
    for revision in (3, 2**70):
        refused = await shop.send(GetSettings(revision=revision))
        assert isinstance(refused, Rejected)
        assert (refused.code, refused.details["revision"]) == ("revision-not-found", revision)


async def test_revisions_are_listed_newest_first_a_page_at_a_time(shop: StoreUnderTest, clock: SetClock) -> None:
    for revision in range(3):
        await put(shop, FIRST_NAME, expected_revision=revision)
        clock.move(60)

    first = await shop.send(ListSettingsRevisions(limit=2))
    assert isinstance(first, SettingsRevisions)
    rest = await shop.send(ListSettingsRevisions(limit=2, next=first.next))

    assert [each.revision for each in first.revisions] == [3, 2]
    assert rest == SettingsRevisions((SettingsRevision(1, OWNER, AT, settings_hash(FIRST_NAME)),))
    assert await shop.send(ListSettingsRevisions(limit=2, next=2**60)) == first


@pytest.mark.parametrize(
    ("settings", "code", "field"),
    [
        (
            PolicySettings(last_name=DetailRule("required", RulePurpose("marketing", SENTENCES))),
            "purpose-refused",
            "settings.last_name.purpose.kind",
        ),
        (
            PolicySettings(
                last_name=DetailRule("required", RulePurpose("law", msgspec.structs.replace(SENTENCES, fi="  ")))
            ),
            "malformed",
            "$.settings.last_name.purpose.sentences.fi",
        ),
        (
            PolicySettings(overrides=(exactly("till", OverrideWhen(register=TILL_1)),)),
            "malformed",
            "$.settings.overrides[0]",
        ),
    ],
)
async def test_settings_that_no_store_may_have_are_refused_by_their_field(
    shop: StoreUnderTest, settings: PolicySettings, code: str, field: str
) -> None:
    refused = await put(shop, settings)
    tried = await shop.send(WhatIf(settings), token=shop.token("policy.edit"))

    assert (refused.code, refused.details["field"]) == (code, field)
    assert tried == refused
    assert await shop.send(GetSettings()) == PolicyInForce(0, PolicySettings())


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        (b'{"expected_revision": 0, "settings": {"contact": {"level": "sometimes"}}}', "$.settings.contact.level"),
        (
            (
                b'{"expected_revision": 0, "settings": {"overrides": [{"override_id": "Till 1", "effect": "exactly", '
                b'"when": {}}]}}'
            ),
            "$.settings.overrides[0].override_id",
        ),
        (
            (
                b'{"expected_revision": 0, "settings": {"overrides": [{"override_id": "a", "effect": "exactly", '
                b'"when": {"total_from": 0}}]}}'
            ),
            "$.settings.overrides[0].when.total_from",
        ),
    ],
)
async def test_what_does_not_fit_the_contract_is_refused_by_its_field(
    shop: StoreUnderTest, payload: bytes, field: str
) -> None:
    refused = await shop.raw("policy", "set-settings", payload, message_id=RandomIds().new())

    assert (refused["code"], refused["details"]["field"]) == ("malformed", field)


async def test_a_contact_required_of_everybody_is_saved_with_a_warning(shop: StoreUnderTest) -> None:
    reply = await put(shop, PolicySettings(contact=ContactRule("required")))

    assert (reply.revision, reply.warnings) == (1, (CONTACT_REQUIRED_STORE_WIDE,))
    assert await shop.send(GetSettings()) == reply


async def test_an_override_that_may_block_a_refund_is_saved_with_a_warning(shop: StoreUnderTest) -> None:
    refunds = exactly("refunds", OverrideWhen(transaction_kind="return"), last_name=DetailRule("required"))

    reply = await put(shop, PolicySettings(overrides=(refunds,)))

    assert (reply.revision, reply.warnings) == (1, (REFUND_MAY_BE_BLOCKED,))
    assert (await check(shop, kind="return")).outcome == "block"


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

    assert first == again == in_force(1, FIRST_NAME)
    assert len(shop.told(SettingsChanged)) == 1


async def test_every_revision_is_kept_with_who_and_when(shop: StoreUnderTest, clock: SetClock) -> None:
    await put(shop, FIRST_NAME)
    clock.move(60)
    await put(shop, PolicySettings(), expected_revision=1)

    kept = [
        (row["revision"], msgspec.json.decode(row["settings"], type=PolicySettings), row["staff_id"], row["set_at"])
        for row in await rows(shop, settings_revision)
    ]

    assert kept == [(1, FIRST_NAME, OWNER, AT), (2, PolicySettings(), OWNER, "2026-03-01T10:01:00.000000Z")]


async def test_a_check_writes_nothing(shop: StoreUnderTest) -> None:
    await put(shop, FIRST_NAME)

    with shop.statements("policy") as statements:
        await check(shop)

    assert statements == []


async def test_an_unknown_register_is_refused_by_name(shop: StoreUnderTest) -> None:
    def for_till(till: Any) -> PolicySettings:
        return PolicySettings(
            overrides=(at_least("till", OverrideWhen(register=till), last_name=DetailRule("required")),)
        )

    refused = await put(shop, for_till("till-9"))
    tried = await shop.send(WhatIf(for_till("till-9")), token=shop.token("policy.edit"))

    assert (refused.code, refused.details["register"]) == ("unknown-register", "till-9")
    assert tried == refused
    assert (await put(shop, for_till("till-2"))).revision == 1


async def test_an_unknown_group_is_refused_by_name(shop: StoreUnderTest) -> None:
    await shop.start(customers_with("all", "staff"))

    refused = await put(shop, FOR_VIPS)

    assert (refused.code, refused.details["group"], refused.details["override_id"]) == ("unknown-group", "vip", "vip")
    assert await shop.send(GetSettings()) == PolicyInForce(0, PolicySettings())


async def test_an_override_for_a_known_group_counts_for_its_customers(shop: StoreUnderTest) -> None:
    await shop.start(customers_with("all", "vip"))

    await put(shop, FOR_VIPS)

    assert (await check(shop, customer=a_customer(group="vip"))).outcome == "block"
    assert (await check(shop, customer=a_customer())).outcome == "proceed"


async def test_overrides_for_groups_wait_until_customers_answers(shop: StoreUnderTest) -> None:
    async def away(_query: ListGroups, _view: View) -> Groups:
        raise Unavailable

    await shop.start(Service("customers", MIGRATIONS, Tx, View, (query(ListGroups, away),)))

    with pytest.raises(NoAnswer) as unheard:
        await put(shop, FOR_VIPS)

    assert unheard.value.last is not None
    assert (unheard.value.last.code, unheard.value.last.details) == ("unavailable", {"service": "customers"})
    assert await shop.send(GetSettings()) == PolicyInForce(0, PolicySettings())


async def test_customers_is_asked_only_where_a_group_is_named(shop: StoreUnderTest) -> None:
    """No customers service runs here."""
    assert (await put(shop, FIRST_NAME)).revision == 1


async def test_ten_thousand_overrides_are_put_in_force_and_give_right_answers(shop: StoreUnderTest) -> None:
    settings = PolicySettings(
        overrides=tuple(
            exactly(
                f"o-{number}",
                OverrideWhen(register=(TILL_1, TILL_2)[number % 2], total_from=number + 1),
                contact=ContactRule("required", MODES[number % 4]),
            )
            for number in range(10_000)
        )
    )

    assert (await put(shop, settings)).revision == 1
    for total in (1, 2, 777, 10_000, 20_000):
        answered = await check(shop, total=total)
        assert [item.code for item in answered.items] == [
            each.code for each in decide(settings, a_sale(total=total)).findings
        ]
    one_more = msgspec.structs.replace(
        settings, overrides=(*settings.overrides, exactly("o", OverrideWhen(total_from=1), attribution="manual"))
    )
    refused = await shop.send(SetSettings(1, one_more), token=shop.token("policy.edit"))
    assert isinstance(refused, Rejected)
    assert (refused.code, refused.details["field"]) == ("malformed", "$.settings.overrides")


async def test_a_what_if_tells_what_a_draft_would_have_done_and_changes_nothing(
    shop: StoreUnderTest, checkout: Teller
) -> None:
    await checkout.tell(
        a_decision(1, outcome="proceed", items=(), hour=9),
        a_decision(2, sale_id=sale_id(2), register=TILL_2, outcome="prompt", hour=17),
        unanswered(3, sale_id=sale_id(3), hour=9),
        a_decision(4, decided_at="2026-02-20T10:00:00Z"),
    )
    await shop.followed("checkout", "policy")

    with shop.statements("policy") as statements:
        reply = await shop.send(WhatIf(FIRST_NAME, days=7), token=shop.token("policy.edit"))

    assert reply == WhatIfReport(
        days=7,
        sales=3,
        prompted=0,
        blocked=3,
        was_prompted=1,
        was_blocked=0,
        cells=(
            WhatIfCell(TILL_1, 9, 2, 0, 2, 0, 0, (sale_id(1), sale_id(3))),
            WhatIfCell(TILL_2, 17, 1, 0, 1, 1, 0, (sale_id(2),)),
        ),
    )
    assert statements == []
    assert await shop.send(GetSettings()) == PolicyInForce(0, PolicySettings())


async def test_a_what_if_warns_as_set_settings_would_and_of_groups_it_cannot_know(shop: StoreUnderTest) -> None:
    draft = msgspec.structs.replace(FOR_VIPS, contact=ContactRule("required"))
    token = shop.token("policy.edit")

    before = await shop.send(WhatIf(draft), token=token)
    await shop.start(customers_with("all", "vip"))
    await put(shop, FOR_VIPS)
    after = await shop.send(WhatIf(draft), token=token)

    assert isinstance(before, WhatIfReport)
    assert isinstance(after, WhatIfReport)
    assert before.warnings == (CONTACT_REQUIRED_STORE_WIDE, GROUPS_NOT_CHECKED)
    assert after.warnings == (CONTACT_REQUIRED_STORE_WIDE,)


async def test_a_what_if_of_today_uses_the_clock_of_today(
    shop: StoreUnderTest, checkout: Teller, clock: SetClock
) -> None:
    await checkout.tell(a_decision(1))
    await shop.followed("checkout", "policy")
    clock.set(datetime(2026, 3, 9, tzinfo=UTC))

    reply = await shop.send(WhatIf(FIRST_NAME, days=7), token=shop.token("policy.edit"))

    assert reply == WhatIfReport(7, 0, 0, 0, 0, 0, ())
