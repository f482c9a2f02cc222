"""A sale that moves while policy thinks about it is asked about again."""

from collections.abc import Awaitable, Callable
from pathlib import Path

from contracts.checkout import ApplyScan, CheckoutDecided, GetSale
from contracts.ids import DeviceId, RegisterId, ScanId
from contracts.policy import CheckAnswer, CheckCheckout
from services.runtime.service import Service, query
from services.runtime.transactions import Tx, View
from tests.services.checkout.shop import Shop


class Thinker:
    """A policy that lets something happen before each of its first answers."""

    def __init__(self, *meanwhile: Callable[[], Awaitable[object]]) -> None:
        self._meanwhile = list(meanwhile)
        self.totals: list[int] = []

    async def check(self, asked: CheckCheckout, _view: View) -> CheckAnswer:
        self.totals.append(asked.facts.total)
        if self._meanwhile:
            await self._meanwhile.pop(0)()
        return CheckAnswer(outcome="proceed", settings_revision=1, items=())

    def service(self) -> Service[Tx, View]:
        migrations = Path(__file__).parents[3] / "toy" / "leader_migrations"
        return Service(
            name="policy",
            migrations=migrations,
            transaction=Tx,
            view=View,
            routes=(query(CheckCheckout, self.check),),
        )


def scans(shop: Shop) -> Callable[[], Awaitable[object]]:
    def scan() -> Awaitable[object]:
        command = ApplyScan(ScanId(shop.ids.new()), RegisterId("till-1"), DeviceId("scanner-1"), "tea")
        return shop.done(command, caller="devices")

    return scan


async def test_a_line_scanned_while_policy_thinks_is_asked_about_too(shop: Shop) -> None:
    thinker = Thinker(scans(shop))
    await shop.store.start(thinker.service())
    sale_id = await shop.opened("tea")

    paid = await shop.done(shop.cash(sale_id, 500))

    assert thinker.totals == [250, 500]
    assert (paid.totals.total, paid.totals.due) == (500, 0)
    (told,) = shop.store.told(CheckoutDecided)
    assert told.total == 500


async def test_a_sale_that_never_rests_is_not_paid(shop: Shop) -> None:
    thinker = Thinker(*[scans(shop)] * 3)
    await shop.store.start(thinker.service())
    sale_id = await shop.opened("tea")

    await shop.is_busy(shop.cash(sale_id, 2000))

    sale = await shop.done(GetSale(sale_id))
    assert (sale.tenders, sale.totals.total) == ((), 1000)
    assert shop.store.told(CheckoutDecided) == []
