"""People, sign-ons and sales to try the staff service on."""

from decimal import Decimal
from typing import Any

from contracts.base import Rejected
from contracts.checkout import LineTax, Share
from contracts.checkout.completed import CompletedLine, SaleCompleted
from contracts.ids import CountryCode, CurrencyCode, ItemCode, LineItemId, RegisterId, SaleId, StaffId, TaxClassCode
from contracts.policy import TransactionKind
from contracts.staff import AddOwner, CreateStaff, RoleId, StaffFile
from contracts.staff.signing_on import SignedOn, SignOn
from services.runtime.ids import derived
from tests.under_test import StoreUnderTest

_ANY_ID = "0190a000-0000-7000-8000-000000000000"
NORA = StaffId("0190a000-0000-7000-8000-000000000001")
JONAS = StaffId("0190a000-0000-7000-8000-000000000002")
MIA = StaffId("0190a000-0000-7000-8000-000000000003")
NOBODY = StaffId("0190a000-0000-7000-8000-0000000000ff")

TILLS_CASHIER, SENIOR, MANAGER, OWNERS = (RoleId(role) for role in ("cashier", "senior", "manager", "owner"))

NORAS_PIN = "80215937"
JONAS_PIN = "47115937"
WRONG_PIN = "90819273"
JONAS_BADGE = "B-1002"

OWNER = AddOwner(NORA, "Nora Weiss", NORAS_PIN, "Nora", "B-1001")
CASHIER = CreateStaff(JONAS, "Jonas Lehmann", JONAS_PIN, TILLS_CASHIER, "Jonas", JONAS_BADGE)


def code(reply: Any) -> str:
    """The code of a refusal, which it must be."""
    assert isinstance(reply, Rejected), reply
    return reply.code


async def with_owner(store: StoreUnderTest) -> None:
    """Put the owner on the list, as the hub does at set-up."""
    assert isinstance(await store.send(OWNER, caller="hub"), StaffFile)


async def create(store: StoreUnderTest, command: CreateStaff = CASHIER, role: str = "owner", **how: Any) -> Any:
    """Put somebody on the list, asked by Nora in that role."""
    return await store.send(command, token=store.token("staff.edit", role=role, staff_id=NORA), **how)


async def signed_on(store: StoreUnderTest, command: SignOn, **how: Any) -> SignedOn:
    """Sign on, which must succeed."""
    reply = await store.send(command, **how)
    assert isinstance(reply, SignedOn)
    return reply


def a_line(amount: int, *credit: tuple[StaffId, int]) -> CompletedLine:
    return CompletedLine(
        line_item_id=LineItemId(derived(_ANY_ID, f"line {amount} {credit}")),
        kind="goods",
        item=ItemCode("tea"),
        quantity=Decimal(1),
        amount=amount,
        taxes=(LineTax(TaxClassCode("food"), "zero", Decimal(0), CountryCode("DE"), amount, 0, amount),),
        attribution=tuple(Share(staff_id, basis_points) for staff_id, basis_points in credit),
    )


def a_sale(
    number: int,
    *lines: CompletedLine,
    day: str = "2026-03-14",
    cashier: StaffId = JONAS,
    kind: TransactionKind = "sale",
) -> SaleCompleted:
    return SaleCompleted(
        sale_id=SaleId(derived(_ANY_ID, f"sale {number}")),
        register=RegisterId("till-1"),
        receipt_number=f"till-1-{number:06}",
        transaction_number=number,
        transaction_kind=kind,
        business_day=day,
        started_at=f"{day}T09:31:04.000000Z",
        completed_at=f"{day}T09:32:11.000000Z",
        currency=CurrencyCode("EUR"),
        total=sum(line.amount for line in lines),
        rounding=0,
        cashier=cashier,
        customer_id=None,
        lines=lines,
        tenders=(),
        rates=(),
        flags=(),
    )
