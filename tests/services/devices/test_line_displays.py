"""Customer line displays as registers and shoppers meet them: the newest rows, and how the display is."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any

import msgspec

from contracts.base import Rejected
from contracts.checkout import LineItem, RegisterSale, Sale, Totals
from contracts.devices import DeviceState, LineShown, ShowLine
from contracts.ids import CurrencyCode, DeviceId, LineItemId, RegisterId, SaleId
from services.devices.printers.line_display import BLANK
from services.devices.printers.settings import LineDisplaySettings
from services.devices.service import devices
from services.devices.settings import DevicesSettings
from services.runtime.clock import SetClock
from services.runtime.ids import derived
from tests.services.devices.neighbours import Checkout
from tests.services.devices.receipts import receipt
from tests.services.devices.shop import NOBODYS_PORT, TILL_1, TILL_2, an_id, settings
from tests.under_test import StoreUnderTest, until

SALE, NEXT = "00000000-0000-7000-8000-0000000000a1", "00000000-0000-7000-8000-0000000000a2"


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


def quiet(port: int) -> DevicesSettings:
    """A display that is written to when there is something new, and not again by itself."""
    return settings(line_displays=(display(port),), look_every_s=600.0)


def totals_of(sale: Sale, total: int) -> Totals:
    return msgspec.structs.replace(sale.totals, total=total, due=total)


def tea(**how: Any) -> ShowLine:
    fields: dict[str, Any] = {"name": "Grüner Tee", "amount": 649, "language": "de"}
    return ShowLine(1675, CurrencyCode("EUR"), **(fields | how))


async def show(street: StoreUnderTest, command: ShowLine, register: RegisterId = TILL_1) -> LineShown | Rejected:
    """Show something at a register on which somebody is signed on."""
    return await street.send(command, caller=register, token=street.token(caller=register))


async def test_a_line_shows_the_item_and_the_total(street: StoreUnderTest, checkout: Checkout) -> None:
    async with a_display() as glass:
        await street.start(devices(settings(line_displays=(display(glass.port),))))

        shown = await show(street, tea())
        await until(lambda: glass.rows[0].strip() != "")

        assert glass.rows == ("Grüner Tee      6,49", "Summe        16,75 €")
        assert isinstance(shown, LineShown)
        assert shown.rows == glass.rows
        state = street.retained(DeviceState, device="display-1")
        assert (state.kind, state.state, state.register) == ("line_display", "ready", "till-1")
        assert checkout.applied == []


async def test_a_display_that_was_without_power_is_shown_the_same_again_before_long(
    street: StoreUnderTest, checkout: Checkout
) -> None:
    async with a_display() as glass:
        await street.start(devices(settings(line_displays=(display(glass.port),), look_every_s=0.02)))
        await show(street, tea())
        await until(lambda: glass.rows[0].startswith("Grüner Tee"))

        glass.rows = ("", "")
        await until(lambda: glass.rows == ("Grüner Tee      6,49", "Summe        16,75 €"))

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
        await show(street, tea())
        await until(lambda: glass.rows[0].startswith("Grüner Tee"))

        assert [rows for rows in glass.seen if "Dank" in rows[0]] == []


async def test_what_an_item_is_called_cannot_command_the_display(street: StoreUnderTest, checkout: Checkout) -> None:
    async with a_display() as glass:
        await street.start(devices(settings(line_displays=(display(glass.port),))))

        await show(street, tea(name="Evil\x0c\x1b@\x1fC\x01 tea"))
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
    await show(street, tea(name="First"))
    await show(street, tea(name="Second"))

    glass = Glass()
    server = await asyncio.start_server(glass.read, "127.0.0.1", port)
    async with server:
        await until(lambda: glass.rows[0].startswith("Second"))
        await until(lambda: street.retained(DeviceState, device="display-1").state == "ready")

    assert checkout.applied == []


def sale_of(*items: tuple[str, int], sale_id: str = SALE, charge: int = 0) -> Sale:
    """An open sale of these items at these prices in cents, one of each; ``charge`` follows the first one."""
    sold = tuple(line(name, amount) for name, amount in items)
    if charge:
        sold += (msgspec.structs.replace(line("Pfand", charge), follows=sold[0].line_item_id),)
    total = sum(each.amount for each in sold)
    whole = receipt(sale_id=SaleId(sale_id)).sale
    totals = msgspec.structs.replace(whole.totals, total=total, due=total)
    return msgspec.structs.replace(whole, status="open", lines=sold, tenders=(), totals=totals)


def line(name: str, amount: int, quantity: int = 1) -> LineItem:
    like = receipt().sale.lines[0]
    return msgspec.structs.replace(
        like,
        line_item_id=LineItemId(derived(SALE, name)),
        name=name,
        quantity=Decimal(quantity),
        unit_price=amount // quantity,
        amount=amount,
        follows=None,
    )


async def shows(checkout: Checkout, glass: Glass, sale: Sale) -> tuple[str, str]:
    """What stands on a display once its register was shown a sale."""
    before = len(glass.seen)
    await checkout.show(sale)
    await until(lambda: len(glass.seen) > before)
    return glass.rows


async def test_each_step_of_the_open_sale_is_shown_by_itself(street: StoreUnderTest, checkout: Checkout) -> None:
    async with a_display() as glass:
        await street.start(devices(quiet(glass.port)))
        await until(lambda: glass.seen)

        added = await shows(checkout, glass, sale_of(("Grüner Tee", 649)))
        second = await shows(checkout, glass, sale_of(("Grüner Tee", 649), ("Butter", 229), charge=25))
        more = sale_of(("Grüner Tee", 649), ("Butter", 229))
        three = line("Grüner Tee", 1947, 3)
        more = msgspec.structs.replace(more, lines=(three, *more.lines[1:]), totals=totals_of(more, 2176))
        changed = await shows(checkout, glass, more)
        gone = await shows(checkout, glass, sale_of(("Butter", 229)))
        butter = sale_of(("Butter", 229))
        reduced = await shows(checkout, glass, msgspec.structs.replace(butter, totals=totals_of(butter, 129)))

        assert (added, second) == (
            ("Grüner Tee      6,49", "Summe         6,49 €"),
            ("Butter          2,29", "Summe         9,03 €"),
        )
        assert (changed, gone) == (
            ("Grüner Tee     19,47", "Summe        21,76 €"),
            ("Grüner Tee    -19,47", "Summe         2,29 €"),
        )
        assert reduced == (" " * 20, "Summe         1,29 €")


async def test_a_payment_on_an_account_is_named_in_the_shops_language(
    street: StoreUnderTest, checkout: Checkout
) -> None:
    async with a_display() as glass:
        await street.start(devices(quiet(glass.port)))
        await until(lambda: glass.seen)
        sale = sale_of(("", 5000))
        payment = msgspec.structs.replace(sale.lines[0], kind="account_payment", item=None)

        taken = await shows(checkout, glass, msgspec.structs.replace(sale, lines=(payment,)))

        assert taken == ("Zahlung auf Ku 50,00", "Summe        50,00 €")


async def test_a_state_that_is_published_again_leaves_the_display_alone(
    street: StoreUnderTest, checkout: Checkout
) -> None:
    """A register's state is refreshed every five minutes, and tenders change nothing that a shopper reads here."""
    async with a_display() as glass:
        await street.start(devices(quiet(glass.port)))
        await shows(checkout, glass, sale_of(("Grüner Tee", 649)))
        await show(street, tea(name="Asked for"))
        await until(lambda: glass.rows[0].startswith("Asked for"))

        again = await checkout.show(sale_of(("Grüner Tee", 649)))
        await until(lambda: street.retained(RegisterSale, register="till-1").revision == again)
        await shows(checkout, glass, sale_of(("Grüner Tee", 649), ("Butter", 229)))

        assert [rows[0].split(maxsplit=1)[0] for rows in glass.seen[-3:]] == ["Grüner", "Asked", "Butter"]


async def test_the_display_is_blank_after_a_voided_sale_and_in_the_next_one(
    street: StoreUnderTest, checkout: Checkout
) -> None:
    async with a_display() as glass:
        await street.start(devices(quiet(glass.port)))
        await shows(checkout, glass, sale_of(("Grüner Tee", 649)))

        await checkout.void(street, SaleId(SALE))
        await until(lambda: glass.rows == BLANK)
        await checkout.show(None)
        await shows(checkout, glass, sale_of(("Butter", 229), sale_id=NEXT))
        opened = await shows(checkout, glass, sale_of(sale_id=SALE))

        assert opened == BLANK


async def test_the_end_of_a_sale_never_covers_the_next_one(street: StoreUnderTest, checkout: Checkout) -> None:
    async with a_display() as glass:
        await street.start(devices(quiet(glass.port)))
        await shows(checkout, glass, sale_of(("Butter", 229), sale_id=NEXT))

        await checkout.complete(street, receipt="none")
        await checkout.void(street, SaleId(SALE))
        await street.followed("checkout", "devices")
        await shows(checkout, glass, sale_of(("Butter", 229), ("Tee", 100), sale_id=NEXT))

        assert [rows[0].split()[0] for rows in glass.seen if not rows[0].isspace()] == ["Butter", "Tee"]


async def test_a_display_that_is_set_up_later_shows_the_sale_that_is_open(
    street: StoreUnderTest, checkout: Checkout
) -> None:
    async with a_display() as glass:
        await checkout.show(sale_of(("Grüner Tee", 649), ("Butter", 229)))
        await until(lambda: street.retained(RegisterSale, register="till-1") is not None)

        await street.start(devices(quiet(glass.port)))
        await until(lambda: glass.rows[0].startswith("Butter"))

        assert glass.rows == ("Butter          2,29", "Summe         8,78 €")


async def test_without_a_display_no_register_is_read_along(street: StoreUnderTest, checkout: Checkout) -> None:
    async with a_display() as glass:
        running = await street.start(devices(quiet(glass.port)))
        without = devices(settings())

        read = [each.topic for each in running.subscriptions() if "/private/checkout/" in each.topic]
        assert read == [street.topics.private(RegisterSale, "till-1")]
        assert without.watches == ()
        assert checkout.applied == []


async def test_a_register_without_a_display_is_told_so(street: StoreUnderTest, checkout: Checkout) -> None:
    await street.start(devices(settings(line_displays=(display(NOBODYS_PORT),))))

    refused = await show(street, tea(), TILL_2)

    assert isinstance(refused, Rejected)
    assert (refused.code, checkout.applied) == ("line-display-not-found", [])


async def test_nobody_writes_on_anothers_display_or_without_being_signed_on(
    street: StoreUnderTest, checkout: Checkout
) -> None:
    async with a_display() as glass:
        await street.start(devices(quiet(glass.port)))
        await until(lambda: glass.seen)

        wanted = {"register": "till-1", "total": 1, "currency": "EUR"}
        token = street.token(caller=TILL_2)
        refused = [
            await street.raw("devices", "show-line", msgspec.json.encode(wanted), caller=TILL_2, message_id=an_id()),
            await street.send(tea(), caller=TILL_2, token=token),
            await street.send(tea()),
        ]
        await show(street, tea(name="Mine"))
        await until(lambda: glass.rows[0].startswith("Mine"))

        codes = [refused[0]["code"], *(each.code for each in refused[1:])]
        assert codes == ["malformed", "line-display-not-found", "token-missing"]
        assert (len(glass.seen), checkout.applied) == (2, [])
