"""What a receipt shows and where: a contract's ``Receipt`` in, rows of printable text out.

Pure: no printer, no bytes, no clock. Every row fits the paper, and holds only what the printer's code page
can print, so that a name in the catalogue can never speak to the printer. Money and dates follow
the receipt's language and the store's country; words come from the catalogues in ``locale/``.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from textwrap import wrap

from babel.dates import format_date, format_time
from babel.numbers import format_decimal

from contracts.checkout import LineItem, LineTax, RateTotal, Sale, Tender
from contracts.checkout.reading import PrintedField, Receipt
from contracts.ids import LineItemId
from services.devices import spelling
from services.devices.spelling import CODE_PAGE, printable
from services.runtime.texts import Texts

LOCALE = Path(__file__).parent / "locale"
LANGUAGES = ("de", "en", "fi", "nl")

_TENDERS = {
    "cash": "Cash",
    "card": "Card",
    "store_credit": "Store credit",
    "account": "On account",
    "loyalty": "Loyalty points",
    "voucher": "Voucher",
}
_UNTAXED = {"exempt": "exempt", "outside_scope": "not taxed"}
PAYMENT = "Payment on account"
"""What a line is called by which a customer pays what they owe; it has no name in any one language."""
_SAID = {True: "Yes", False: "No"}
WORDS = (
    "COPY",
    "VAT ID {number}",
    "Serial number {number}",
    "Warranty until {day}",
    "Discount",
    "Subtotal",
    "Points redeemed: {points}",
    "Total",
    "Rounding",
    "To pay",
    "VAT paid when the voucher was sold",
    "Change",
    "Rate",
    "Net",
    "VAT",
    "Gross",
    "Receipt {number}",
    "Register {register}",
    "Served by {name}",
    "Thank you!",
    *_TENDERS.values(),
    *_UNTAXED.values(),
    PAYMENT,
    *_SAID.values(),
)
"""Every sentence a receipt may show, as the catalogues must have it."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of text. ``tall`` doubles its height and leaves its width."""

    text: str
    centred: bool = False
    bold: bool = False
    tall: bool = False


@dataclass(frozen=True, slots=True)
class QrCode:
    """A QR code of a receipt's number, printed in the middle."""

    content: str


@dataclass(frozen=True, slots=True)
class Barcode:
    """A barcode (Code 128) of a receipt's number with the number under it, printed in the middle."""

    content: str


Printed = Row | QrCode | Barcode


def lay_out(  # noqa: PLR0913 - a receipt, and what its printer can
    receipt: Receipt,
    texts: Texts,
    *,
    columns: int,
    page: str = CODE_PAGE,
    copy: bool = False,
    qr: bool = False,
    barcode: bool = False,
) -> list[Printed]:
    """Set a receipt for paper that is ``columns`` characters wide (32 on 58 mm, 48 on 80 mm), 24 or more.

    ``page`` is the code page whose letters the printer has.

    Raises:
        ValueError: ``local_time`` is no ISO 8601 date and time.
    """
    return list(_Setter(receipt, texts, columns, page).rows(copy=copy, qr=qr, barcode=barcode))


class _Setter:
    def __init__(self, receipt: Receipt, texts: Texts, columns: int, page: str) -> None:
        self._receipt = receipt
        self._sale: Sale = receipt.sale
        self._texts = texts
        self._columns = columns
        self._page = page
        self._locale = spelling.locale_of(receipt.language, receipt.store.country)
        self._letters = {_rate_key(rate): chr(ord("A") + place) for place, rate in enumerate(self._sale.totals.rates)}

    def rows(self, *, copy: bool, qr: bool, barcode: bool) -> Iterator[Printed]:
        if copy:
            yield Row(f"*** {self._word('COPY')} ***", centred=True, bold=True, tall=True)
        yield from self._store()
        yield self._rule()
        for line in self._sale.lines:
            yield from self._line(line)
        yield self._rule()
        yield from self._totals()
        yield self._rule()
        yield from self._rates()
        yield self._rule()
        yield from self._identity()
        if (barcode or qr) and self._sale.receipt_number:
            yield Row("")
        if barcode and self._sale.receipt_number:
            yield Barcode(self._sale.receipt_number)
        if qr and self._sale.receipt_number:
            yield QrCode(self._sale.receipt_number)
        yield from self._wrapped(self._word("Thank you!"), centred=True)

    def _store(self) -> Iterator[Row]:
        store = self._receipt.store
        yield from self._wrapped(self._spelled(store.legal_name), centred=True, bold=True)
        for part in store.address:
            yield from self._wrapped(self._spelled(part), centred=True)
        if store.vat_id:
            yield from self._wrapped(self._word("VAT ID {number}", number=store.vat_id), centred=True)

    def _line(self, line: LineItem) -> Iterator[Row]:
        indent = "  " if line.follows is not None else ""
        letters = self._letters_of(line)
        named = self._word(PAYMENT) if line.kind == "account_payment" else self._spelled(line.name)
        name = named or self._spelled(line.item or line.kind)
        yield from self._pair(indent + name, f"{self._money(line.amount + line.redeemed)} {letters or ' '}")
        if line.quantity != 1:
            quantity = format_decimal(line.quantity, format="#,##0.###", locale=self._locale)
            yield from self._wrapped(f"{indent}  {self._spelled(quantity)} x {self._money(line.unit_price)}")
        discount = line.discount - line.redeemed
        if discount:
            yield from self._wrapped(f"{indent}  {self._word('Discount')} {self._money(-discount)}")
        for number in line.serial_numbers:
            yield from self._wrapped(f"{indent}  {self._word('Serial number {number}', number=number)}")
        if line.warranty_until is not None:
            day = format_date(date.fromisoformat(line.warranty_until), locale=self._locale)
            yield from self._wrapped(f"{indent}  {self._word('Warranty until {day}', day=day)}")
        yield from self._custom(line.line_item_id, indent + "  ")

    def _custom(self, line_item_id: LineItemId | None, indent: str = "") -> Iterator[Row]:
        """The shop's own fields of a line, or of the sale, that are to be printed."""
        for field in self._receipt.custom:
            if field.line_item_id == line_item_id:
                value = self._spelled(self._custom_value(field))
                yield from self._wrapped(f"{indent}{self._spelled(field.label)}: {value}")

    def _custom_value(self, field: PrintedField) -> str:
        value = field.value
        if isinstance(value, bool):
            return self._word(_SAID[value])
        if isinstance(value, tuple):
            return ", ".join(value)
        if field.kind == "date":
            return format_date(date.fromisoformat(str(value)), locale=self._locale)
        if field.kind == "decimal":  # ungrouped, with all its places: it may be a number that something is called by
            places = len(str(value).partition(".")[2])
            return format_decimal(Decimal(value), format="0." + "0" * places, locale=self._locale)
        return str(value)

    def _points(self) -> Iterator[Row]:
        """What points take off all lines together, by rate: so the amounts above it add up, and the rates below."""
        redemption = self._sale.redemption
        if redemption is None:
            return
        yield from self._pair(self._word("Subtotal"), self._money(self._sale.totals.total + redemption.amount) + "  ")
        points = format_decimal(redemption.reserved.units, format="#,##0", locale=self._locale)
        yield from self._wrapped(self._word("Points redeemed: {points}", points=points))
        off: dict[str, int] = {}
        for line in self._sale.lines:
            letters = self._letters_of(line)
            off[letters] = off.get(letters, 0) + line.redeemed
        for letters, amount in sorted(off.items()):
            if amount:
                yield from self._pair(f"  {self._word('Discount')}", f"{self._money(-amount)} {letters or ' '}")

    def _totals(self) -> Iterator[Row]:
        totals = self._sale.totals
        yield from self._points()
        for row in self._pair(self._word("Total"), self._price(totals.total)):
            yield Row(row.text, bold=True, tall=True)
        if totals.rounding:
            yield from self._pair(self._word("Rounding"), self._money(totals.rounding))
            yield from self._pair(self._word("To pay"), self._price(totals.total + totals.rounding))
        for tender in self._sale.tenders:
            if tender.state == "approved":
                yield from self._pair(self._word(_TENDERS[tender.kind]), self._money(tender.tendered))
                yield from self._settled(tender)
        if totals.change:
            yield from self._pair(self._word("Change"), self._money(totals.change))

    def _settled(self, tender: Tender) -> Iterator[Row]:
        """The tax in what a single-purpose voucher pays: the rates below have it, though it was paid before."""
        settled = tender.settled_tax
        if settled is not None and settled.tax:
            letter = self._letters.get(_rate_key(settled), "")
            words = self._word("VAT paid when the voucher was sold")
            yield from self._pair(f"  {words}", f"{self._money(settled.tax)} {letter or ' '}")

    def _rates(self) -> Iterator[Row]:
        heads = [self._word(each) for each in ("Rate", "Net", "VAT", "Gross")]
        table = [
            [
                f"{self._letters[_rate_key(rate)]} {self._rate(rate)}",
                *map(self._money, (rate.net, rate.tax, rate.gross)),
            ]
            for rate in self._sale.totals.rates
        ]
        width = self._columns // len(heads)
        if all(len(cell) < width for cells in (heads, *table) for cell in cells[1:]) and all(
            len(cells[0]) <= self._columns - 3 * width for cells in (heads, *table)
        ):
            for cells in (heads, *table):
                amounts = "".join(cell.rjust(width) for cell in cells[1:])
                yield Row(cells[0].ljust(self._columns - len(amounts)) + amounts)
            return
        for cells in table:
            yield from self._wrapped(cells[0])
            for head, cell in zip(heads[1:], cells[1:], strict=True):
                yield from self._pair(f"  {head}", cell)

    def _identity(self) -> Iterator[Row]:
        now = datetime.fromisoformat(self._receipt.local_time)
        day = format_date(now.date(), locale=self._locale)
        hour = format_time(now.time(), format="short", locale=self._locale)
        if self._sale.receipt_number:
            yield from self._wrapped(self._word("Receipt {number}", number=self._sale.receipt_number))
        yield from self._pair(self._spelled(day), self._spelled(hour))
        yield from self._wrapped(self._word("Register {register}", register=self._sale.register))
        if self._receipt.cashier_label:
            yield from self._wrapped(self._word("Served by {name}", name=self._receipt.cashier_label))
        yield from self._custom(None)

    def _letters_of(self, line: LineItem) -> str:
        """The letters of the rates that a line is taxed by."""
        return "".join(sorted({self._letters.get(_rate_key(tax), "") for tax in line.taxes}))

    def _word(self, msgid: str, **params: str) -> str:
        return self._spelled(self._texts.get(self._receipt.language, msgid, **params))

    def _money(self, amount: int) -> str:
        return spelling.money(amount, self._sale.currency, self._locale, self._page)

    def _price(self, amount: int) -> str:
        return spelling.price(amount, self._sale.currency, self._locale, self._page)

    def _spelled(self, text: str) -> str:
        return printable(text, self._page)

    def _rate(self, rate: RateTotal) -> str:
        if rate.treatment in _UNTAXED:
            return self._word(_UNTAXED[rate.treatment])
        return self._spelled(format_decimal(rate.rate, format="#,##0.##", locale=self._locale)) + " %"

    def _rule(self) -> Row:
        return Row("-" * self._columns)

    def _wrapped(self, text: str, *, centred: bool = False, bold: bool = False) -> Iterator[Row]:
        indent = " " * (len(text) - len(text.lstrip(" ")) + 2)
        for part in wrap(text, self._columns, subsequent_indent="" if centred else indent):
            yield Row(part, centred=centred, bold=bold)

    def _pair(self, left: str, right: str) -> Iterator[Row]:
        """Set ``left`` at the left edge, wrapped, and ``right`` at the right edge of its last row."""
        room = self._columns - len(right) - 1
        if room < self._columns // 3:
            yield from self._wrapped(left)
            yield Row(right.rjust(self._columns))
            return
        indent = " " * (len(left) - len(left.lstrip(" ")) + 2)
        *parts, last = wrap(left, room, subsequent_indent=indent) or [""]
        yield from (Row(part) for part in parts)
        yield Row(last.ljust(room + 1) + right)


def _rate_key(rate: RateTotal | LineTax) -> tuple[str, str, Decimal, str]:
    return rate.tax_class, rate.treatment, rate.rate, rate.country
