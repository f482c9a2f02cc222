"""Customer line displays as registers and shoppers meet them: the newest rows, and how the display is."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from contracts.base import Rejected
from contracts.devices import DeviceState, LineShown, ShowLine
from contracts.ids import CurrencyCode, DeviceId, RegisterId
from services.devices.printers.settings import LineDisplaySettings
from services.devices.service import devices
from services.runtime.clock import SetClock
from tests.services.devices.neighbours import Checkout
from tests.services.devices.shop import NOBODYS_PORT, TILL_1, TILL_2, settings
from tests.under_test import StoreUnderTest, until


class Glass:
    """A display on the network: what stands on it, by the bytes that came."""

    def __init__(self) -> None:
        self.rows = ("", "")
        self.port = 0
        self.seen: list[tuple[str, str]] = []

    async def read(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        data = await reader.read()
        shown = data.removeprefix(b"\x1bt\x13\x1f\x01\x1fC\x00\x0b").decode("cp858")
        self.rows = (shown[:20], shown[20:])
        self.seen.append(self.rows)
        writer.close()


@asynccontextmanager
async def a_display() -> AsyncIterator[Glass]:
    glass = Glass()
    server = await asyncio.start_server(glass.read, "127.0.0.1", 0)
    async with server:
        glass.port = server.sockets[0].getsockname()[1]
        yield glass


def display(port: int, register: RegisterId = TILL_1) -> LineDisplaySettings:
    return LineDisplaySettings(device=DeviceId("display-1"), register=register, host="127.0.0.1", port=port)


def tea(register: RegisterId = TILL_1, **how: Any) -> ShowLine:
    fields: dict[str, Any] = {"name": "Grüner Tee", "amount": 649, "language": "de"}
    return ShowLine(register, 1675, CurrencyCode("EUR"), **(fields | how))


async def test_a_line_shows_the_item_and_the_total(street: StoreUnderTest, checkout: Checkout) -> None:
    async with a_display() as glass:
        await street.start(devices(settings(line_displays=(display(glass.port),))))

        shown = await street.send(tea())
        await until(lambda: glass.rows[0].strip() != "")

        assert glass.rows == ("Grüner Tee      6,49", "Summe        16,75 €")
        assert isinstance(shown, LineShown)
        assert shown.rows == glass.rows
        state = street.retained(DeviceState, device="display-1")
        assert (state.kind, state.state, state.register) == ("line_display", "ready", "till-1")
        assert checkout.applied == []


async def test_a_completed_sale_shows_what_was_to_pay_and_thanks(street: StoreUnderTest, checkout: Checkout) -> None:
    async with a_display() as glass:
        await street.start(devices(settings(line_displays=(display(glass.port),))))

        await checkout.complete(street, receipt="none", rounding=-2, total=1677)
        await until(lambda: glass.rows[0].strip() != "")

        assert glass.rows == ("Vielen Dank!        ", "Summe        16,75 €")


async def test_a_sale_heard_of_late_is_not_shown_to_the_next_shopper(
    street: StoreUnderTest, checkout: Checkout, clock: SetClock
) -> None:
    async with a_display() as glass:
        await street.start(devices(settings(line_displays=(display(glass.port),))))
        clock.move(60)

        await checkout.complete(street, receipt="none", completed_at="2026-11-22T13:00:00Z")
        await street.followed("checkout", "devices")
        await street.send(tea())
        await until(lambda: glass.rows[0].startswith("Grüner Tee"))

        assert [rows for rows in glass.seen if "Dank" in rows[0]] == []


async def test_what_an_item_is_called_cannot_command_the_display(street: StoreUnderTest, checkout: Checkout) -> None:
    async with a_display() as glass:
        await street.start(devices(settings(line_displays=(display(glass.port),))))

        await street.send(tea(name="Evil\x0c\x1b@\x1fC\x01 tea"))
        await until(lambda: glass.rows[0].strip() != "")

        assert glass.rows[0] == "Evil @ C tea    6,49"
        assert checkout.applied == []


async def test_a_display_that_is_away_shows_the_newest_when_it_is_back(
    street: StoreUnderTest, checkout: Checkout
) -> None:
    async with a_display() as gone:
        port = gone.port
    await street.start(devices(settings(line_displays=(display(port),))))
    await until(lambda: street.retained(DeviceState, device="display-1").state == "absent")
    await street.send(tea(name="First"))
    await street.send(tea(name="Second"))

    glass = Glass()
    server = await asyncio.start_server(glass.read, "127.0.0.1", port)
    async with server:
        await until(lambda: glass.rows[0].startswith("Second"))
        await until(lambda: street.retained(DeviceState, device="display-1").state == "ready")

    assert checkout.applied == []


async def test_a_register_without_a_display_is_told_so(street: StoreUnderTest, checkout: Checkout) -> None:
    await street.start(devices(settings(line_displays=(display(NOBODYS_PORT),))))

    refused = await street.send(tea(TILL_2))

    assert isinstance(refused, Rejected)
    assert (refused.code, checkout.applied) == ("line-display-not-found", [])
