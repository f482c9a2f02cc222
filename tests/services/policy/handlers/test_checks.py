"""Checks as checkout meets them, and what is told of who may let a rule pass."""

import msgspec

from contracts.policy import PolicySettings
from contracts.policy.checking import ListSkipReasons, SkipReasons
from contracts.staff import RoleId
from contracts.staff.roles import RoleChanged
from services.policy.service import policy
from services.policy.settings import PolicyServiceSettings
from services.policy.store.tables import staff_role
from tests.services.policy.examples import FIRST_NAME
from tests.services.policy.shop import check, put, rows
from tests.services.policy.teller import Teller
from tests.under_test import StoreUnderTest

WAIVABLE = msgspec.structs.replace(FIRST_NAME, waivable=True)
MANAGER = RoleChanged(RoleId("manager"), 1, ("sale.sell", "policy.waive"), (), may_approve=True)
OWNER = RoleChanged(RoleId("owner"), 1, ("policy.waive",), (), may_approve=True)
CASHIER = RoleChanged(RoleId("cashier"), 1, ("sale.sell",), ("policy.waive",), may_approve=False)


async def waivable_by(shop: StoreUnderTest) -> tuple[str, ...]:
    (item,) = (await check(shop)).items
    return item.waivable_by


async def test_what_blocks_names_the_roles_that_may_waive_it(shop: StoreUnderTest, staff: Teller) -> None:
    await put(shop, WAIVABLE)

    await staff.tell(OWNER, CASHIER, MANAGER)
    await shop.followed("staff", "policy")

    assert await waivable_by(shop) == ("manager", "owner")


async def test_a_role_that_may_not_approve_is_not_named(shop: StoreUnderTest, staff: Teller) -> None:
    """Its PIN would be refused, though it may waive where one of its people is signed on."""
    await put(shop, WAIVABLE)
    owner = msgspec.structs.replace(OWNER, may_approve=False)

    await staff.tell(owner, MANAGER)
    await shop.followed("staff", "policy")

    assert await waivable_by(shop) == ("manager",)


async def test_a_role_that_changes_or_is_removed_is_named_no_more(shop: StoreUnderTest, staff: Teller) -> None:
    await put(shop, WAIVABLE)
    less = msgspec.structs.replace(OWNER, revision=2, allowed=())
    gone = msgspec.structs.replace(MANAGER, revision=2, removed=True)

    await staff.tell(OWNER, MANAGER, less, gone, OWNER)
    await shop.followed("staff", "policy")

    assert await waivable_by(shop) == ()
    assert [(row["role"], row["revision"], row["may_waive"]) for row in await rows(shop, staff_role)] == [
        ("manager", 2, False),
        ("owner", 2, False),
    ]


async def test_roles_are_known_after_a_restart(shop: StoreUnderTest, staff: Teller) -> None:
    await put(shop, WAIVABLE)
    await staff.tell(MANAGER)
    await shop.followed("staff", "policy")

    await shop.stop("policy")
    await shop.start(policy(PolicyServiceSettings()))

    assert await waivable_by(shop) == ("manager",)


async def test_nobody_may_waive_unless_the_settings_say_so(shop: StoreUnderTest, staff: Teller) -> None:
    await staff.tell(MANAGER)
    await shop.followed("staff", "policy")
    await put(shop, FIRST_NAME)

    assert await waivable_by(shop) == ()
    assert (await check(shop, waived=("first-name-missing",))).outcome == "block"


async def test_waivers_end_with_the_setting_that_allowed_them(shop: StoreUnderTest) -> None:
    await put(shop, WAIVABLE)
    allowed = await check(shop, waived=("first-name-missing",))

    await put(shop, FIRST_NAME, expected_revision=1)

    assert (allowed.outcome, [item.settled for item in allowed.items]) == ("proceed", ["waived"])
    assert (await check(shop, waived=("first-name-missing",))).outcome == "block"


async def test_skip_reasons_are_told_in_the_language_of_staff(shop: StoreUnderTest) -> None:
    reasons = await shop.send(ListSkipReasons("nl"))

    assert isinstance(reasons, SkipReasons)
    assert (reasons.reasons[0].reason, reasons.reasons[0].sentence) == (
        "customer_declined",
        "De klant geeft dit liever niet.",
    )


async def test_a_store_without_settings_lets_everything_pass(shop: StoreUnderTest) -> None:
    await put(shop, PolicySettings())

    assert (await check(shop, unattributed=2)).items == ()
