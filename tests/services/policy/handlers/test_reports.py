"""Reports: what is counted, by what, and who may see it; exceptions a page at a time."""

from typing import Any

import msgspec
import pytest

from contracts.base import Rejected
from contracts.checkout.decided import PromptSkipped, RuleWaived
from contracts.ids import RegisterId
from contracts.policy.checking import SkipReason
from contracts.policy.reporting import (
    GetPolicyReport,
    ListExceptions,
    PolicyExceptions,
    PolicyReport,
    PolicyReportRow,
    ReportBy,
    SkipCount,
)
from services.runtime.clock import SetClock
from tests.services.policy.examples import (
    MANAGER,
    MISSING,
    OWNER,
    PROMPTED,
    TILL_1,
    TILL_2,
    a_decision,
    completed,
    sale_id,
    unanswered,
)
from tests.services.policy.shop import fade
from tests.services.policy.teller import Teller
from tests.under_test import StoreUnderTest

AGAIN = msgspec.structs.replace(MISSING, anew=False)
SETTLED = msgspec.structs.replace(PROMPTED, settled="skipped", code="email-skipped")
FROM, TO = "2026-03-01", "2026-03-02"


def skip(sale: int, reason: SkipReason, *, till: RegisterId = TILL_1, day: str = FROM) -> PromptSkipped:
    return PromptSkipped(sale_id(sale), till, day, "contact", reason, OWNER, f"{day}T10:01:00Z")


def waiver(sale: int, *, at: str = "10:02:00") -> RuleWaived:
    return RuleWaived(sale_id(sale), TILL_1, FROM, "first_name", OWNER, MANAGER, f"{FROM}T{at}Z")


HEARD = (
    a_decision(1, items=(MISSING, PROMPTED)),
    a_decision(2, items=(AGAIN, SETTLED)),
    a_decision(3, sale_id=sale_id(2), items=(PROMPTED,), outcome="prompt", register=TILL_2, staff_id=MANAGER),
    a_decision(4, sale_id=sale_id(3), items=(MISSING,), business_day=TO),
    a_decision(5, sale_id=sale_id(4), items=(MISSING,), business_day="2026-03-03"),
    unanswered(6, sale_id=sale_id(5), register=TILL_2),
    skip(1, "customer_declined"),
    skip(2, "unanswered", till=TILL_2),
    skip(3, "customer_declined", day=TO),
    waiver(1),
)
DECLINED, UNANSWERED = SkipCount("customer_declined", 2), SkipCount("unanswered", 1)


@pytest.fixture
async def busy_shop(shop: StoreUnderTest, checkout: Teller) -> StoreUnderTest:
    """The shop after two days of sales."""
    await checkout.tell(*HEARD)
    await shop.followed("checkout", "policy")
    return shop


async def report(shop: StoreUnderTest, by: ReportBy, **how: Any) -> Any:
    token = shop.token("policy.report", "staff.report_person")
    return await shop.send(GetPolicyReport(FROM, TO, by, **how), token=token)


async def list_exceptions(shop: StoreUnderTest, **how: Any) -> Any:
    return await shop.send(ListExceptions(FROM, TO, **how), token=shop.token("policy.report"))


@pytest.mark.parametrize(
    ("by", "rows"),
    [
        (
            "rule",
            (
                PolicyReportRow("first_name", blocks=2, waivers=1),
                PolicyReportRow("contact", prompts=2, skips=3, skip_reasons=(DECLINED, UNANSWERED)),
                PolicyReportRow("", unavailable=1),
            ),
        ),
        (
            "register",
            (
                PolicyReportRow("till-1", prompts=1, skips=2, skip_reasons=(DECLINED,), blocks=2, waivers=1),
                PolicyReportRow("till-2", prompts=1, skips=1, skip_reasons=(UNANSWERED,), unavailable=1),
            ),
        ),
        (
            "day",
            (
                PolicyReportRow(
                    FROM,
                    prompts=2,
                    skips=2,
                    skip_reasons=(SkipCount("customer_declined", 1), UNANSWERED),
                    blocks=1,
                    waivers=1,
                    unavailable=1,
                ),
                PolicyReportRow(TO, skips=1, skip_reasons=(SkipCount("customer_declined", 1),), blocks=1),
            ),
        ),
        (
            "reason",
            (
                PolicyReportRow("customer_declined", skips=2, skip_reasons=(DECLINED,)),
                PolicyReportRow("unanswered", skips=1, skip_reasons=(UNANSWERED,)),
            ),
        ),
        (
            "staff",
            (
                PolicyReportRow(MANAGER, prompts=1),
                PolicyReportRow(
                    OWNER,
                    prompts=1,
                    skips=3,
                    skip_reasons=(DECLINED, UNANSWERED),
                    blocks=2,
                    waivers=1,
                    unavailable=1,
                ),
            ),
        ),
    ],
)
async def test_prompts_skips_blocks_and_waivers_are_counted_once_for_a_sale_and_rule(
    busy_shop: StoreUnderTest, by: ReportBy, rows: tuple[PolicyReportRow, ...]
) -> None:
    assert await report(busy_shop, by) == PolicyReport(by, rows)


async def test_a_report_is_about_one_register_where_that_is_asked(busy_shop: StoreUnderTest) -> None:
    reply = await report(busy_shop, "day", register=TILL_2)

    assert [(row.key, row.prompts, row.skips, row.unavailable) for row in reply.rows] == [(FROM, 1, 1, 1)]


async def test_what_faded_is_counted_under_nobody(busy_shop: StoreUnderTest, clock: SetClock) -> None:
    clock.move(95 * 86_400)
    await fade(busy_shop)

    assert [row.key for row in (await report(busy_shop, "staff")).rows] == [""]


@pytest.mark.parametrize(
    ("by", "permissions", "code"),
    [
        ("rule", (), "permission-denied"),
        ("staff", ("policy.report",), "permission-denied"),
        ("staff", ("staff.report_person",), "permission-denied"),
    ],
)
async def test_reports_need_a_permission_and_those_about_persons_another(
    busy_shop: StoreUnderTest, by: ReportBy, permissions: tuple[str, ...], code: str
) -> None:
    refused = await busy_shop.send(GetPolicyReport(FROM, TO, by), token=busy_shop.token(*permissions))

    assert isinstance(refused, Rejected)
    assert refused.code == code


@pytest.mark.parametrize(
    ("from_day", "to_day", "field"),
    [("2026-02-30", TO, "$.from_day"), (TO, FROM, "$.to_day"), ("2025-01-01", "2026-01-02", "$.to_day")],
)
async def test_a_period_that_is_none_is_refused_by_its_field(
    shop: StoreUnderTest, from_day: str, to_day: str, field: str
) -> None:
    token = shop.token("policy.report")

    for refused in (
        await shop.send(GetPolicyReport(from_day, to_day), token=token),
        await shop.send(ListExceptions(from_day, to_day), token=token),
    ):
        assert isinstance(refused, Rejected)
        assert (refused.code, refused.details["field"]) == ("malformed", field)


async def test_exceptions_are_listed_newest_first_a_page_at_a_time(shop: StoreUnderTest, checkout: Teller) -> None:
    await checkout.tell(
        waiver(1, at="10:00:00"),
        completed(sale_id(1), "offline", "clock_unsure", at=f"{FROM}T10:00:01Z"),
        waiver(2, at="09:00:00"),
        completed(sale_id(3), "policy_unsatisfied", at=f"{FROM}T10:00:01Z"),
        completed(sale_id(4), "offline", at="2026-03-03T10:00:00Z", business_day="2026-03-03"),
    )
    await shop.followed("checkout", "policy")

    pages: list[list[tuple[Any, str]]] = []
    following = None
    while not pages or following is not None:
        page = await list_exceptions(shop, limit=2, next=following)
        assert isinstance(page, PolicyExceptions)
        pages.append([(each.sale_id, each.kind) for each in page.exceptions])
        following = page.next

    assert [each for page in pages for each in page] == [
        (sale_id(3), "policy_unsatisfied"),
        (sale_id(1), "offline"),
        (sale_id(1), "clock_unsure"),
        (sale_id(1), "waiver"),
        (sale_id(2), "waiver"),
    ]
    assert [len(page) for page in pages] == [2, 2, 1]


async def test_exceptions_are_of_one_kind_or_register_where_that_is_asked(
    shop: StoreUnderTest, checkout: Teller
) -> None:
    await checkout.tell(waiver(1), completed(sale_id(2), "offline", register=TILL_2))
    await shop.followed("checkout", "policy")

    assert [each.kind for each in (await list_exceptions(shop, kind="waiver")).exceptions] == ["waiver"]
    assert [each.kind for each in (await list_exceptions(shop, register=TILL_2)).exceptions] == ["offline"]
    assert (await list_exceptions(shop, kind="offline", register=TILL_1)).exceptions == ()


async def test_an_exception_tells_who_approved_it_and_the_receipt_it_led_to(
    shop: StoreUnderTest, checkout: Teller
) -> None:
    await checkout.tell(waiver(1), completed(sale_id(1)), waiver(2))
    await shop.followed("checkout", "policy")

    second, first = sorted((await list_exceptions(shop)).exceptions, key=lambda each: each.sale_id, reverse=True)

    assert (first.approved_by, first.staff_id, first.fields, first.receipt_number) == (
        MANAGER,
        OWNER,
        ("first_name",),
        "till-1-000001",
    )
    assert second.receipt_number is None


@pytest.mark.parametrize("following", ["", "nonsense", "2026-03-01T10:00:00.000000Z_x_waiver", "1' OR '1'='1"])
async def test_a_page_that_no_page_named_is_refused(shop: StoreUnderTest, following: str) -> None:
    refused = await list_exceptions(shop, next=following)

    assert (refused.code, refused.details["field"]) == ("malformed", "$.next")
