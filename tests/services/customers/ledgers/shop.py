"""What tests of the ledgers do in a store: book, reserve, sell, look."""

from decimal import Decimal
from typing import Any

import msgspec

from contracts.base import Rejected
from contracts.checkout import LineKind, LineTax
from contracts.checkout.completed import CompletedLine, CompletedTender, SaleCompleted
from contracts.checkout.selling import SaleVoided
from contracts.customers import CreateCustomer
from contracts.customers.balances import CustomerLedger, Ledger, ReservationId, Reserved
from contracts.customers.ledgers import AdjustBalance, AdjustReason, BalancesRead, GetBalances, GetLedger
from contracts.customers.ledgers.accounts import SetAccountTerms
from contracts.customers.ledgers.reserving import ReserveBalance
from contracts.customers.ledgers.watching import AuditLedgers, LedgersAudited
from contracts.customers.loyalty import JoinLoyalty, SetLoyaltyProgramme
from contracts.ids import (
    CountryCode,
    CurrencyCode,
    CustomerId,
    ItemCode,
    LineItemId,
    RegisterId,
    SaleId,
    StaffId,
    TaxClassCode,
    TenderId,
)
from contracts.policy import TenderKind
from services.runtime.clock import SetClock, stamp
from services.runtime.ids import RandomIds, derived
from tests.services.policy.teller import Teller
from tests.under_test import StoreUnderTest

ANNA = CustomerId("0190a000-0000-7000-8000-000000000001")
BERT = CustomerId("0190a000-0000-7000-8000-000000000002")
CARO = CustomerId("0190a000-0000-7000-8000-000000000003")
NOBODY = CustomerId("0190a000-0000-7000-8000-000000000404")
TILL = RegisterId("till-1")
CASHIER = StaffId("0190a000-0000-7000-8000-000000000900")
IDS = RandomIds()
TERMS = "2026-01"
PROGRAMME = SetLoyaltyProgramme(
    expected_revision=0, on=True, terms_version=TERMS, points_per_unit=Decimal(1), redeem_as="tender"
)


def sale_id(number: int) -> SaleId:
    return SaleId(f"0190b000-0000-7000-8000-{number:012d}")


def tender_id(number: int) -> TenderId:
    return TenderId(f"0190c000-0000-7000-8000-{number:012d}")


def line_id(number: int) -> LineItemId:
    return LineItemId(f"0190d000-0000-7000-8000-{number:012d}")


def reservation_id(sale: SaleId, tender: TenderId) -> ReservationId:
    return ReservationId(derived(sale, f"reservation/{tender}"))


def a_line(
    number: int, amount: int, kind: LineKind = "goods", *, quantity: int = 1, returns: SaleId | None = None
) -> CompletedLine:
    return CompletedLine(
        line_item_id=line_id(number),
        kind=kind,
        item=ItemCode("tea"),
        quantity=Decimal(quantity),
        amount=amount,
        taxes=(LineTax(TaxClassCode("standard"), "taxed", Decimal("25.5"), CountryCode("FI"), amount, 0, amount),),
        attribution=(),
        returns=returns,
    )


def a_tender(number: int, kind: TenderKind, amount: int, reserved: Reserved | None = None) -> CompletedTender:
    return CompletedTender(tender_id(number), kind, amount, reserved)


class LedgerShop:
    """A store, what checkout tells in it, and its clock."""

    def __init__(self, store: StoreUnderTest, checkout: Teller, clock: SetClock) -> None:
        self.store = store
        self.checkout = checkout
        self.clock = clock

    async def put_on_file(self) -> None:
        for customer_id, name in ((ANNA, "Anna"), (BERT, "Bert"), (CARO, "Caro")):
            reply = await self.ask(CreateCustomer(customer_id, first_name=name))
            assert not isinstance(reply, Rejected), reply

    async def ask(self, request: Any, *permissions: str, **how: Any) -> Any:
        """Send a request as somebody who may do everything, or just that."""
        may = permissions or ("customer.edit", "customer.view", "customer.details", "ledger.adjust", "sale.sell")
        return await self.store.send(request, **{"token": self.store.token(*may), **how})

    async def give(
        self,
        customer_id: CustomerId,
        ledger: CustomerLedger,
        amount: int,
        reason: AdjustReason = "goodwill",
        expires_on: str | None = None,
    ) -> Any:
        return await self.ask(AdjustBalance(IDS.new(), customer_id, ledger, amount, reason, expires_on))

    async def terms(self, customer_id: CustomerId, limit: int | None, grace_days: int = 30, revision: int = 0) -> Any:
        return await self.ask(SetAccountTerms(customer_id, revision, limit, grace_days))

    async def programme(self, **changes: Any) -> Any:
        return await self.ask(msgspec.structs.replace(PROGRAMME, **changes))

    async def join(self, customer_id: CustomerId) -> Any:
        return await self.ask(JoinLoyalty(customer_id, TERMS))

    async def reserve(
        self,
        ledger: Ledger,
        amount: int,
        customer_id: CustomerId | None = ANNA,
        *,
        sale: int = 1,
        tender: int = 1,
        code: str | None = None,
        payable: dict[TaxClassCode, int] | None = None,
        **how: Any,
    ) -> Any:
        command = ReserveBalance(
            reservation_id=reservation_id(sale_id(sale), tender_id(tender)),
            sale_id=sale_id(sale),
            tender_id=tender_id(tender),
            register=TILL,
            ledger=ledger,
            amount=amount,
            customer_id=customer_id,
            voucher_code=code,
            payable=payable,
        )
        return await self.store.send(command, **{"caller": "checkout-2", **how})

    async def sell(
        self,
        number: int,
        *tenders: CompletedTender,
        lines: tuple[CompletedLine, ...] | None = None,
        customer_id: CustomerId | None = ANNA,
        **changes: Any,
    ) -> SaleCompleted:
        """Let checkout tell a completed sale, and wait until it is applied."""
        total = sum(tender.amount for tender in tenders)
        lines = (a_line(number * 100, total),) if lines is None else lines
        event = SaleCompleted(
            sale_id=sale_id(number),
            register=TILL,
            receipt_number=f"till-1-{number:06d}",
            transaction_number=number,
            transaction_kind="sale",
            business_day=self.today,
            started_at=stamp(self.clock.now()),
            completed_at=stamp(self.clock.now()),
            currency=CurrencyCode("EUR"),
            total=sum(line.amount for line in lines),
            rounding=0,
            cashier=CASHIER,
            customer_id=customer_id,
            lines=lines,
            tenders=tenders,
            rates=(),
            flags=(),
        )
        event = msgspec.structs.replace(event, **changes)
        await self.tell(event)
        return event

    async def void(self, number: int) -> None:
        await self.tell(SaleVoided(sale_id(number), TILL, self.today, stamp(self.clock.now()), CASHIER, "mistake"))

    async def tell(self, *events: Any) -> None:
        await self.checkout.tell(*events)
        await self.store.followed("checkout", "customers")

    @property
    def today(self) -> str:
        return self.clock.now().date().isoformat()

    async def balances(self, customer_id: CustomerId = ANNA) -> BalancesRead:
        reply = await self.ask(GetBalances(customer_id))
        assert isinstance(reply, BalancesRead), reply
        return reply

    async def entries(self, ledger: CustomerLedger, customer_id: CustomerId = ANNA) -> list[tuple[str, int, int]]:
        """What was booked, oldest first: kind, amount, balance."""
        read = await self.ask(GetLedger(customer_id, ledger, limit=200))
        return [(entry.kind, entry.amount, entry.balance) for entry in reversed(read.entries)]

    async def audit(self) -> LedgersAudited:
        reply = await self.ask(AuditLedgers())
        assert isinstance(reply, LedgersAudited), reply
        return reply


def refusal(reply: Any) -> tuple[str, Any]:
    assert isinstance(reply, Rejected), reply
    return reply.code, reply.details.get("field")
