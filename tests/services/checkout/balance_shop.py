"""A shop whose customers have balances: the real customers service, a clock that stands, one customer."""

from decimal import Decimal
from typing import Any

import msgspec

from contracts.base import Rejected
from contracts.checkout import Sale
from contracts.checkout.paying import CompleteSale
from contracts.checkout.reading import GetSale
from contracts.checkout.redeeming import RedeemPoints
from contracts.customers.ledgers import AdjustBalance, GetBalances
from contracts.customers.ledgers.accounts import AccountStatement, GetAccountStatement, SetAccountTerms
from contracts.customers.ledgers.watching import AuditLedgers, LedgersAudited
from contracts.customers.loyalty import JoinLoyalty, SetLoyaltyProgramme
from contracts.ids import CustomerId, Day, RedemptionId, SaleId
from services.runtime.clock import SetClock
from tests.services.checkout.shop import Shop

MANAGER = ("ledger.adjust", "customer.view", "customer.edit", "sale.sell")


class BalanceShop:
    """A shop whose clock stands, with one customer."""

    def __init__(self, shop: Shop, clock: SetClock, customer_id: CustomerId) -> None:
        self.shop = shop
        self.clock = clock
        self.customer_id = customer_id

    async def manage(self, request: Any) -> Any:
        return await self.shop.store.send(request, token=self.shop.store.token(*MANAGER))

    async def give(self, amount: int) -> None:
        reply = await self.manage(
            AdjustBalance(self.shop.ids.new(), self.customer_id, "store_credit", amount, "goodwill")
        )
        assert not isinstance(reply, Rejected), reply

    async def credit(self) -> tuple[int, int]:
        """What is booked, and what of it can be spent."""
        await self.shop.store.followed("checkout", "customers")
        read = await self.manage(GetBalances(self.customer_id))
        return read.balances.store_credit, read.store_credit_available

    async def opened(self, *codes: str, caller: str = "till-1") -> SaleId:
        sale_id = await self.shop.opened(*codes, caller=caller)
        await self.shop.attached(sale_id, self.customer_id)
        return sale_id

    async def audited(self) -> LedgersAudited:
        await self.shop.store.followed("checkout", "customers")
        audited = await self.manage(AuditLedgers())
        assert isinstance(audited, LedgersAudited)
        return audited

    async def buys_on_account(self, *codes: str) -> Sale:
        """What is bought is owed, up to 1,000.00."""
        await self.manage(SetAccountTerms(self.customer_id, 0, 100_000))
        sale_id = await self.opened(*codes)
        due = (await self.shop.done(GetSale(sale_id))).totals.due
        await self.shop.done(self.shop.tender(sale_id, "account", due))
        return await self.shop.done(CompleteSale(sale_id))

    async def statement(self, customer_id: CustomerId | None = None) -> AccountStatement:
        """The customer's account on the day of the clock."""
        await self.shop.store.followed("checkout", "customers")
        day = Day(self.clock.now().date().isoformat())
        read = await self.manage(GetAccountStatement(customer_id or self.customer_id, day, day))
        assert isinstance(read, AccountStatement)
        return read

    async def points(self) -> tuple[int, int]:
        """The points that are booked, and what of them can be redeemed."""
        await self.shop.store.followed("checkout", "customers")
        read = await self.manage(GetBalances(self.customer_id))
        return read.balances.loyalty_points, read.points_available

    async def join(self, points: int, **changes: Any) -> None:
        """Let the customer be in a programme in which a point is worth ten cents, with so many points."""
        programme = SetLoyaltyProgramme(0, True, "1", Decimal(1), point_value=10, sign_up_bonus=points)
        for request in (
            msgspec.structs.replace(programme, **changes),
            JoinLoyalty(self.customer_id, "1"),
        ):
            reply = await self.manage(request)
            assert not isinstance(reply, Rejected), reply

    def redeem(self, sale_id: SaleId, amount: int) -> RedeemPoints:
        """A new redemption."""
        return RedeemPoints(sale_id, RedemptionId(self.shop.ids.new()), amount)

    async def redeemed(self, amount: int, *codes: str) -> Sale:
        """A sale to the customer with points taken off it."""
        return await self.shop.done(self.redeem(await self.opened(*codes), amount))
