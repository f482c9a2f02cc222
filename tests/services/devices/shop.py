"""A shop's devices as the tests set them up, and what was told of print jobs."""

from datetime import UTC, datetime
from typing import Any

import msgspec

from contracts.base import Rejected
from contracts.devices.printing import (
    FindPrintJobs,
    PrintJob,
    PrintJobChanged,
    PrintJobs,
    PrintReceipt,
    RegisterPrinting,
)
from contracts.ids import DeviceId, PrintJobId, RegisterId, SaleId
from services.devices.printers.settings import PrinterSettings
from services.devices.settings import DevicesSettings
from services.runtime.ids import RandomIds
from tests.services.devices.receipts import receipt
from tests.under_test import StoreUnderTest

AT = datetime(2026, 11, 22, 13, tzinfo=UTC)
NOBODYS_PORT = 1
"""tcpmux of RFC 1078: nothing listens there."""
CASHIER = receipt().sale.cashier
TILL_1, TILL_2 = RegisterId("till-1"), RegisterId("till-2")


def an_id() -> str:
    return RandomIds().new()


def printer_at(port: int, device: str = "printer-1", register: RegisterId = TILL_1, **how: Any) -> PrinterSettings:
    reached: dict[str, Any] = {"host": "127.0.0.1", "port": port}
    return PrinterSettings(device=DeviceId(device), registers=(register,), **(reached | how))


def settings(*printers: PrinterSettings, **others: Any) -> DevicesSettings:
    """Settings with little patience for what stays silent, and much for what is to come."""
    quick = {"retry_s": 0.02, "look_every_s": 0.05, "answer_s": 0.5, "send_s": 2.0, "finish_s": 30.0}
    return DevicesSettings(printers=printers, **(quick | others))


def states(store: StoreUnderTest) -> list[tuple[str, str]]:
    """The states and reasons that were told of print jobs, in order."""
    return [(each.state, each.reason) for each in store.told(PrintJobChanged)]


def troubles(store: StoreUnderTest, register: RegisterId = TILL_1) -> list[tuple[str, str, str]]:
    """Kind, state and reason of the jobs that a register is told of, newest first."""
    told: RegisterPrinting | None = store.retained(RegisterPrinting, register=register)
    return [] if told is None else [(each.kind, each.state, each.reason) for each in told.jobs]


async def jobs_of(store: StoreUnderTest, sale_id: SaleId) -> tuple[PrintJob, ...]:
    found = await store.send(FindPrintJobs(sale_id))
    assert isinstance(found, PrintJobs)
    return found.jobs


async def reprint(store: StoreUnderTest, sale_id: SaleId, **how: Any) -> PrintJob | Rejected:
    command = PrintReceipt(PrintJobId(how.pop("job_id", an_id())), sale_id, how.pop("register", TILL_1), "lost")
    token = how.pop("token", None) or store.token("receipt.reprint")
    return await store.send(msgspec.structs.replace(command, **how), token=token)
