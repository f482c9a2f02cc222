"""A sale that moves while policy thinks about it is asked about again."""

from collections.abc import Awaitable, Callable

from contracts.checkout.decided import CheckoutDecided
from contracts.checkout.reading import GetSale
from contracts.checkout.selling import ApplyScan
from contracts.ids import DeviceId, RegisterId, ScanId
from tests.services.checkout.shop import Shop
from tests.services.checkout.stand_ins import StandInPolicy, proceeds


def scans(shop: Shop) -> Callable[[], Awaitable[object]]:
    def scan() -> Awaitable[object]:
        command = ApplyScan(ScanId(shop.ids.new()), RegisterId("till-1"), DeviceId("scanner-1"), "tea")
        return shop.done(command, caller="devices")

    return scan


async def test_a_line_scanned_while_policy_thinks_is_asked_about_too(shop: Shop) -> None:
    policy = StandInPolicy(proceeds, scans(shop))
    await shop.store.start(policy.service())
    sale_id = await shop.opened("tea")

    paid = await shop.done(shop.cash(sale_id, 500))

    assert [asked.facts.total for asked in policy.asked] == [250, 500]
    assert (paid.totals.total, paid.totals.due) == (500, 0)
    (told,) = shop.store.told(CheckoutDecided)
    assert told.total == 500


async def test_a_sale_that_never_rests_is_not_paid(shop: Shop) -> None:
    policy = StandInPolicy(proceeds, *[scans(shop)] * 3)
    await shop.store.start(policy.service())
    sale_id = await shop.opened("tea")

    await shop.is_busy(shop.cash(sale_id, 2000))

    sale = await shop.done(GetSale(sale_id))
    assert (sale.tenders, sale.totals.total) == ((), 1000)
    assert shop.store.told(CheckoutDecided) == []
