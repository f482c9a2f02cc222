"""What a receipt says in four languages, and that nothing on it can speak to the printer."""

from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from contracts.checkout.reading import PrintedField, Receipt
from contracts.ids import CurrencyCode, DeviceId
from services.devices import trial_page
from services.devices.printers import line_display
from services.devices.printers.escpos import Token, Tokenizer
from services.devices.printers.job_bytes import job_bytes
from services.devices.printers.settings import PAGE_NUMBERS, CodePage, PrinterSettings
from services.devices.receipt import LANGUAGES, LOCALE, WORDS, QrCode, Row, lay_out
from services.devices.spelling import CODE_PAGE, printable
from services.hub.escpos_paper import Paper, PaperFeed
from services.runtime.texts import Texts
from tests.services.devices.receipts import CHEESE, LINES, line, receipt, with_names, with_points, with_voucher

TEXTS = Texts(LOCALE)
EXAMPLE = Path(__file__).parents[3] / "contracts" / "examples" / "checkout" / "receipt.json"


def tokens_of(of: Receipt, columns: int = 48, *, copy: bool = False, qr: bool = False) -> list[Token]:
    """The commands that a receipt is printed with."""
    tokenizer = Tokenizer()
    tokens = list(tokenizer.feed(job_bytes(lay_out(of, TEXTS, columns=columns, copy=copy, qr=qr))))
    assert tokenizer.unfinished == b""
    return tokens


def papers_of(of: Receipt, columns: int = 48, *, copy: bool = False, qr: bool = False) -> list[Paper]:
    """The papers that come out of a printer for a receipt."""
    feed = PaperFeed(columns)
    papers = (feed.take(token) for token in tokens_of(of, columns, copy=copy, qr=qr))
    return [paper for paper in papers if paper is not None]


def text_of(of: Receipt, columns: int = 48, *, copy: bool = False, qr: bool = False) -> str:
    """What the one paper of a receipt says."""
    (paper,) = papers_of(of, columns, copy=copy, qr=qr)
    return paper.text


GERMAN_58_MM = """\
  Käseladen Groß & Söhne GmbH
         Lange Straße 1
          10115 Berlin
     USt-IdNr. DE123456789
--------------------------------
Grüner Tee Sencha        11,98 A
  2 x 6,49
  Rabatt -1,00
  Pfandflasche            0,25 B
Bergkäse                  4,52 A
  0,35 x 12,90
--------------------------------
Summe                    16,75 €
Bar                        20,00
Rückgeld                    3,25
--------------------------------
Satz       Netto   MwSt.  Brutto
A 7 %      15,42    1,08   16,50
B 19 %      0,21    0,04    0,25
--------------------------------
Beleg till-1-000123
22.11.2026                 14:05
Kasse till-1
Es bediente Sie Anna
          Vielen Dank!
"""


def test_a_german_receipt_on_58_mm_says_what_it_must() -> None:
    assert text_of(receipt(), 32) == GERMAN_58_MM


@pytest.mark.parametrize(
    ("language", "country", "expected"),
    [
        (
            "en",
            "IE",
            [
                "VAT ID DE123456789",
                "Discount -1.00",
                "€16.75",
                "Cash ",
                "Change ",
                "Receipt till-1-000123",
                "Thank you!",
            ],
        ),
        (
            "de",
            "DE",
            ["USt-IdNr. DE123456789", "Rabatt -1,00", "16,75 €", "Bar ", "Rückgeld ", "Beleg till-1-000123", "MwSt."],
        ),
        (
            "nl",
            "NL",
            ["Btw-nummer DE123456789", "Korting -1,00", "€ 16,75", "Contant ", "Wisselgeld ", "Bon till-1-000123"],
        ),
        (
            "fi",
            "FI",
            ["ALV-numero DE123456789", "Alennus -1,00", "16,75 €", "Käteinen ", "Vaihtoraha ", "14.05", "Kiitos!"],
        ),
    ],
)
def test_a_receipt_speaks_its_language(language: str, country: str, expected: list[str]) -> None:
    text = text_of(receipt(language, country))

    assert [each for each in expected if each not in text] == []


def test_a_store_without_a_vat_id_has_no_line_for_it() -> None:
    whole = receipt("en", "IE")
    without = replace(whole, store=replace(whole.store, vat_id=""))

    assert [line.strip() for line in text_of(whole).splitlines() if line not in text_of(without).splitlines()] == [
        "VAT ID DE123456789"
    ]
    assert "VAT ID" not in text_of(without)


def test_every_catalogue_is_complete() -> None:
    said = {*WORDS, *trial_page.WORDS, *line_display.WORDS}

    assert TEXTS.missing(set(LANGUAGES) - {"en"}, said) == ()


def test_catalogues_hold_nothing_that_no_receipt_says() -> None:
    words = {*WORDS, *trial_page.WORDS, *line_display.WORDS}

    unsaid = [(each, msgid) for each, msgid in TEXTS.missing({"nobody"}) if msgid not in words]

    assert unsaid == []


def test_english_is_said_in_a_language_without_a_catalogue() -> None:
    assert "Thank you!" in text_of(receipt("sv", "FI"))


def test_a_copy_says_so_first() -> None:
    assert text_of(receipt(), copy=True).splitlines()[0].strip() == "*** KOPIE ***"
    assert "KOPIE" not in text_of(receipt())


def test_cash_rounding_is_shown_with_what_is_to_pay() -> None:
    of = receipt("nl", "NL")
    rounded = msgspec.structs.replace(of.sale.totals, rounding=-2, total=1677)

    text = text_of(msgspec.structs.replace(of, sale=msgspec.structs.replace(of.sale, totals=rounded)))

    assert "Afronding" in text
    assert "-0,02" in text
    assert "€ 16,75" in text


def test_a_declined_tender_is_not_on_the_receipt() -> None:
    of = receipt()
    (cash,) = of.sale.tenders
    declined = msgspec.structs.replace(cash, kind="card", state="declined")

    text = text_of(msgspec.structs.replace(of, sale=msgspec.structs.replace(of.sale, tenders=(declined, cash))))

    assert "Karte" not in text
    assert "Bar" in text


def test_serial_numbers_and_warranty_are_shown() -> None:
    of = msgspec.structs.replace(
        receipt(),
        sale=msgspec.structs.replace(
            receipt().sale, lines=(line("Waage", 9900, serial_numbers=("SN-77",), warranty_until="2028-11-22"),)
        ),
    )

    text = text_of(of)

    assert "Seriennummer SN-77" in text
    assert "Garantie bis 22.11.2028" in text


POINTS_58_MM = """\
Tee                       5,00 A
  2 x 2,50
Tasse                    10,00 B
  Pfand                   0,25 B
--------------------------------
Zwischensumme            15,25
Eingelöste Treuepunkte: 1.250
  Rabatt                 -1,67 A
  Rabatt                 -3,33 B
Summe                    10,25 €
--------------------------------
Satz       Netto   MwSt.  Brutto
A 7 %       3,11    0,22    3,33
B 19 %      5,82    1,10    6,92
"""


def test_points_come_off_after_the_lines_so_that_the_amounts_add_up_to_the_total_and_to_each_rate() -> None:
    assert POINTS_58_MM in text_of(with_points(), 32)


@pytest.mark.parametrize(
    ("language", "country", "expected"),
    [
        ("en", "IE", ["Subtotal ", "Points redeemed: 1,250", "  Discount "]),
        ("de", "DE", ["Zwischensumme ", "Eingelöste Treuepunkte: 1.250", "  Rabatt "]),
        ("nl", "NL", ["Subtotaal ", "Ingewisselde spaarpunten: 1.250", "  Korting "]),
        ("fi", "FI", ["Välisumma ", "Käytetyt pisteet: 1 250", "  Alennus "]),
    ],
)
def test_points_are_said_in_four_languages(language: str, country: str, expected: list[str]) -> None:
    text = text_of(with_points(language, country))

    assert [each for each in expected if each not in text] == []


VOUCHER_58_MM = """\
Gutschein                  10,00
  MwSt. beim Verkauf des
    Gutscheins abgeführt  0,65 A
Bar                        10,00
"""


def test_a_single_purpose_voucher_says_which_tax_was_paid_when_it_was_sold() -> None:
    assert VOUCHER_58_MM in text_of(with_voucher(), 32)


@pytest.mark.parametrize(
    ("language", "country", "expected"),
    [
        ("en", "IE", "VAT paid when the voucher was sold"),
        ("de", "DE", "MwSt. beim Verkauf des Gutscheins abgeführt"),
        ("nl", "NL", "Btw betaald bij verkoop van de cadeaubon"),
        ("fi", "FI", "ALV maksettu lahjakortin myynnissä"),
    ],
)
def test_tax_that_was_paid_before_is_said_in_four_languages(language: str, country: str, expected: str) -> None:
    assert expected in text_of(with_voucher(language, country), 64)
    assert expected not in text_of(receipt(language, country), 64)


@pytest.mark.parametrize(
    ("language", "country", "said"),
    [
        ("de", "DE", "Zahlung auf Kundenkonto"),
        ("en", "IE", "Payment on account"),
        ("nl", "NL", "Betaling op rekening"),
        ("fi", "FI", "Maksu asiakastilille"),
    ],
)
def test_a_payment_on_an_account_is_called_so_in_four_languages(language: str, country: str, said: str) -> None:
    payment = line("", 5000, kind="account_payment", item=None)

    assert said in text_of(receipt(language, country, lines=(payment,)))


@pytest.mark.parametrize(
    ("language", "country", "said"),
    [
        ("de", "DE", ("Abholung: 21.03.2026", "Länge: 12,50", "Auftrag: 1000123", "Geschenk: Ja", "Farben: rot, blau")),
        ("fi", "FI", ("Abholung: 21.3.2026", "Länge: 12,50", "Auftrag: 1000123", "Geschenk: Kyllä")),
        ("en", "IE", ("Länge: 12.50", "Geschenk: Yes")),
        ("nl", "NL", ("Länge: 12,50", "Geschenk: Ja")),
    ],
)
def test_the_shops_own_fields_are_printed_as_it_calls_them_and_written_as_the_reader_does(
    language: str, country: str, said: tuple[str, ...]
) -> None:
    fields = (
        PrintedField(None, "Abholung", "date", "2026-03-21"),
        PrintedField(None, "Länge", "decimal", "12.50"),
        PrintedField(None, "Auftrag", "integer", 1000123),
        PrintedField(None, "Geschenk", "boolean", value=True),
        PrintedField(None, "Farben", "list_of_text", ("rot", "blau")),
    )

    rows = text_of(replace(receipt(language, country), custom=fields)).splitlines()

    assert set(said) <= set(rows)


def test_a_field_of_a_line_stands_under_its_line() -> None:
    fields = (PrintedField(CHEESE, "Gravur", "text", "M. K.\x1b@"),)

    rows = text_of(replace(receipt(), custom=fields)).splitlines()

    cheese = next(place for place, row in enumerate(rows) if row.startswith("Bergkäse"))
    assert rows[cheese + 2] == "  Gravur: M. K. @"


@pytest.mark.parametrize(("treatment", "word"), [("exempt", "steuerfrei"), ("outside_scope", "nicht steuerbar")])
def test_untaxed_is_not_the_same_as_zero_percent(treatment: str, word: str) -> None:
    of = receipt()
    rates = tuple(
        msgspec.structs.replace(rate, treatment=treatment, rate=0, tax=0) for rate in of.sale.totals.rates[:1]
    )
    totals = msgspec.structs.replace(of.sale.totals, rates=rates)

    text = text_of(msgspec.structs.replace(of, sale=msgspec.structs.replace(of.sale, totals=totals)))

    assert word in text
    assert "0 %" not in text


def test_a_currency_whose_sign_the_printer_lacks_is_named_by_its_code() -> None:
    of = receipt("en", "IE")

    text = text_of(msgspec.structs.replace(of, sale=msgspec.structs.replace(of.sale, currency=CurrencyCode("INR"))))

    assert "INR 16.75" in text


def test_a_currency_without_minor_units_has_no_places() -> None:
    of = receipt("en", "IE")

    text = text_of(msgspec.structs.replace(of, sale=msgspec.structs.replace(of.sale, currency=CurrencyCode("ISK"))))

    assert "1,675" in text


def test_the_qr_code_is_the_receipt_number() -> None:
    (paper,) = papers_of(receipt(), qr=True)

    assert [row.qr for row in paper.rows if row.qr is not None] == ["till-1-000123"]


@pytest.mark.parametrize(
    "name",
    [
        "Evil\x1bp\x00\x19\xfa tea",
        "Evil\x1dV\x00 tea",
        "Evil\x10\x04\x01 tea",
        "Evil\x9bp\x85 tea",
        "Evil\r\n\n\n\x0c tea",
        "\u202eEvil\u2028 tea\x7f",
    ],
)
def test_a_product_name_cannot_command_the_printer(name: str) -> None:
    tame, hostile = (tokens_of(with_names(receipt(), each)) for each in ("Evil tea", name))

    assert {token.name for token in hostile} == {token.name for token in tame}
    assert [token for token in hostile if token.name != "text"] == [token for token in tame if token.name != "text"]


@pytest.mark.parametrize(
    ("name", "printed"),
    [
        ("ä€ß é Å", "ä€ß é Å"),
        ("Ka\u0308se", "Käse"),
        ("Žižkov Łódź", "Zizkov Lódz"),
        ("\u201eTee\u201c \u2013 fein\u2026", '"Tee" - fein...'),
        ("\ufb01ne", "fine"),
        ("茶 🍵", "? ?"),
        ("a\u00a0b\u202fc", "a b c"),
    ],
)
def test_a_name_is_spelled_with_what_the_printer_has(name: str, printed: str) -> None:
    assert printable(name) == printed


@given(st.text())
def test_printable_text_has_no_controls_and_fits_the_code_page(text: str) -> None:
    spelled = printable(text)

    assert min(spelled.encode(CODE_PAGE), default=0x20) >= 0x20
    assert "\x7f" not in spelled


@given(st.lists(st.text(max_size=80), min_size=1, max_size=3), st.integers(24, 64))
def test_every_row_fits_the_paper(names: list[str], columns: int) -> None:
    rows = lay_out(with_names(receipt(), *names), TEXTS, columns=columns, qr=True)

    assert [row for row in rows if isinstance(row, Row) and len(row.text) > columns] == []
    assert any(isinstance(row, QrCode) for row in rows)


def test_amounts_too_wide_for_the_table_of_rates_stand_in_rows() -> None:
    of = receipt()
    rates = tuple(msgspec.structs.replace(rate, net=10**12 - 1, gross=10**12 - 1) for rate in of.sale.totals.rates)
    totals = msgspec.structs.replace(of.sale.totals, rates=rates)

    text = text_of(msgspec.structs.replace(of, sale=msgspec.structs.replace(of.sale, totals=totals)), 32)

    assert text.count("9.999.999.999,99") == 4


def test_a_linked_charge_is_indented_under_its_item() -> None:
    lines = text_of(receipt()).splitlines()

    assert any(each.startswith(LINES[0].name) for each in lines)
    assert any(each.startswith(f"  {LINES[1].name}") for each in lines)


@pytest.mark.parametrize("columns", [32, 48])
def test_the_receipt_that_the_contract_shows_can_be_printed(columns: int) -> None:
    example = msgspec.json.decode(EXAMPLE.read_bytes(), type=Receipt)

    text = text_of(example, columns)

    assert example.sale.receipt_number is not None
    assert example.sale.receipt_number in text
    assert [each.name for each in example.sale.lines if printable(each.name) not in " ".join(text.split())] == []


def test_a_time_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="Invalid isoformat string"):
        lay_out(replace(receipt(), local_time="five past two"), TEXTS, columns=32)


@pytest.mark.parametrize(
    ("page", "total", "name"),
    [
        ("cp858", "16,75 €", "Kase fur '5' ? Zloty"),
        ("cp1252", "16,75 €", "Kase fur \u20195\u2019 ? Zloty"),
        ("iso8859_15", "16,75 €", "Kase fur '5' ? Zloty"),
        ("cp437", "EUR 16,75", "Kase fur '5' ? Zloty"),
        ("cp852", "EUR 16,75", "Kase fur '5' ? Złoty"),
        ("cp866", "EUR 16,75", "Kase fur '5' Ж Zloty"),
    ],
)
def test_a_receipt_is_spelled_with_what_its_code_page_has(page: CodePage, total: str, name: str) -> None:
    rows = lay_out(with_names(receipt(), "Kase fur \u20195\u2019 Ж Złoty"), TEXTS, columns=48, page=page)

    texts = [row.text for row in rows if isinstance(row, Row)]
    assert any(text.endswith(total) for text in texts)
    assert any(text.startswith(name) for text in texts)


@given(st.text(), st.text(), st.text(), st.sampled_from(sorted(PAGE_NUMBERS)))
def test_nothing_that_a_shop_can_be_called_makes_a_job_that_may_not_be_sent(
    name: str, store_name: str, cashier: str, page: CodePage
) -> None:
    """``job_bytes`` raises for a job that a strict reader does not know, or that opens the drawer."""
    of = with_names(receipt(), name)
    hostile = replace(of, store=replace(of.store, legal_name=store_name), cashier_label=cashier)
    printer = PrinterSettings(device=DeviceId("printer-1"), registers=(), folder="nowhere", code_page=page)

    tokens = Tokenizer().feed(job_bytes(lay_out(hostile, TEXTS, columns=48, page=page), printer))

    assert "drawer_pulse" not in {token.name for token in tokens}
