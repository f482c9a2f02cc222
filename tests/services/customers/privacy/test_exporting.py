"""A customer's copy: all that is held about them, for machines and to read, in their language."""

import re
from html.parser import HTMLParser
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest

from contracts.checkout.custom import FieldOfSale
from contracts.customers.consent import ConsentSource, ConsentState
from contracts.customers.ledgers import EntryKind
from contracts.customers.privacy.copying import CustomerExport, ExportCustomer
from contracts.customers.privacy.keeping import BuyerRecordId as RecordId
from contracts.customers.privacy.keeping import SealBuyer
from contracts.customers.privacy.noting import AccessKind, ReadAccessLog
from services.customers.export_page import Style, readable_page
from services.customers.handlers.booking import NOTED
from services.customers.labels import LABELS, TITLES, WORDS, word
from services.customers.sentences import CERTIFICATE, CERTIFICATE_KEPT, NO, QUESTIONS, TEXTS, YES
from services.customers.store.exporting import A_PIECE, LISTS
from services.customers.store.ledgers import NewEntry
from services.customers.transactions import CustomersTx
from services.runtime.clock import stamp
from services.runtime.requester import NoAnswer
from services.runtime.writer import Scope
from tests.services.customers.ledgers.shop import IDS, LedgerShop, a_tender, line_id, refusal, sale_id
from tests.services.customers.privacy.conftest import Opened
from tests.services.customers.privacy.people import ANNA, ANNE, MAIL, NOBODY, answer, ask, merge, profile, put_on_file
from tests.services.customers.tills import Tills

NOTES = (
    "created",
    "changed",
    "merged",
    "merge_undone",
    "saved_anyway",
    "buyer_sealed",
    "consent",
    "loyalty_joined",
    "loyalty_terms",
    "account_terms",
    "sale",
    "return",
    "exchange",
    "account_payment",
)
LANGUAGES = ("en", "de", "nl", "fi")


class Page(HTMLParser):
    """What stands on a page: its texts, tags and language."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.texts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        assert not any(name.startswith("on") or name in ("src", "href") for name, _ in attrs)

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


async def export(shop: LedgerShop, **how: Any) -> CustomerExport:
    made = await ask(shop, ExportCustomer(ANNA, **how))
    assert isinstance(made, CustomerExport), made
    return made


def tills(shop: LedgerShop) -> Tills:
    """The checkout that the copy asks."""
    assert isinstance(shop.checkout, Tills)
    return shop.checkout


async def whole_life(shop: LedgerShop) -> None:
    await put_on_file(
        shop, ANNA, "Anna", last_name="Mäkinen", emails=(MAIL,), phones=("+358401234567",), language="fi", notes="Tea."
    )
    await put_on_file(shop, ANNE, "Anne", tags=("regular",))
    await answer(shop, ANNA, "yes")
    await answer(shop, ANNA, "no")
    await shop.give(ANNA, "store_credit", 500)
    await shop.sell(1, a_tender(1, "cash", 4711), customer_id=ANNE)
    await merge(shop, ANNA, ANNE)
    await ask(shop, SealBuyer(RecordId(IDS.new()), sale_id(1), ANNA, "invoice"))


async def test_a_copy_holds_everything_from_every_table(shop: LedgerShop) -> None:
    await whole_life(shop)

    document = (await export(shop)).document

    assert document["profile"]["last_name"] == "Mäkinen"
    assert document["profile"]["tags"] == ["regular"]
    assert document["profile"]["notes"] == "Tea."
    assert document["other_ids"] == [ANNE]
    assert [each["state"] for each in document["consents"]] == ["granted", "withdrawn"]
    assert document["balances"]["store_credit"] == 500
    assert [each["amount"] for each in document["ledger_entries"]] == [500]
    assert 4711 in [each["total"] for each in document["history"]]
    assert [each["name"] for each in document["sealed_records"]] == ["Anna Mäkinen"]


async def test_the_page_says_the_same_in_the_customers_language(shop: LedgerShop) -> None:
    await whole_life(shop)

    made = await export(shop)
    page = Page(made.page)

    assert made.language == "fi"
    for text in ("Mitä tietoja meillä on sinusta", "Sukunimi", "Mäkinen", MAIL, "peruttu", "47,11\xa0€"):
        assert any(text in each for each in page.texts), text
    german = (await export(shop, language="de")).page
    assert "Was wir über Sie gespeichert haben" in german
    assert "Was Sie gekauft haben, steht auf dem Bon jedes Einkaufs" in german


@pytest.mark.parametrize(
    "text", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "a & b", "\u05d0\u05d1"]
)
def test_what_a_customer_is_called_is_text_and_nothing_else(text: str) -> None:
    page = Page(
        readable_page(
            {"profile": {"first_name": text, "tags": [text], text: text}}, Style("en"), "2026-03-14T10:00:00Z"
        )
    )

    assert not {"script", "img"} & set(page.tags)
    assert "".join(page.texts).count(text) == 4


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_customer_who_is_called_like_a_code_keeps_their_name(language: str) -> None:
    texts = Page(readable_page({"profile": {"last_name": "sale"}}, Style(language), "2026-03-14T10:00:00Z")).texts

    assert "sale" in texts


async def test_a_long_history_comes_in_parts_that_add_up(shop: LedgerShop) -> None:
    await put_on_file(shop, ANNA, "Anna")
    for number in range(1, 521):
        await shop.checkout.tell(await _sale(shop, number))
    await shop.store.followed("checkout", "customers")

    first = await export(shop)
    rest = await export(shop, next=first.next)

    totals = [each["total"] for part in (first, rest) for each in part.document["history"] if each["kind"] == "sale"]
    assert sorted(totals) == list(range(1, 521))
    assert (set(rest.document), rest.next) == ({"history", "accesses", "sale_fields"}, None)


async def test_nothing_is_left_out_of_a_long_life(shop: LedgerShop) -> None:
    """More was booked, and looked at more often, than any one part of a copy holds."""
    await put_on_file(shop, ANNA, "Anna")
    await put_on_file(shop, ANNE, "Anne")
    running = shop.store.services["customers"]

    def live(scope: Scope) -> None:
        tx = running._transaction(scope, IDS.new())  # noqa: SLF001 - as a handler is given one
        assert isinstance(tx, CustomersTx)
        at, day = stamp(tx.now), tx.today
        for number in range(2100):
            ledger, holder = ("store_credit", ANNE) if number < A_PIECE else ("account", ANNA)
            tx.books.ledgers.book(ledger, holder, NewEntry(IDS.new(), "adjusted", number + 1, at, day))  # type: ignore[arg-type]
        for _ in range(A_PIECE + 20):
            tx.accessed("viewed", ANNE)

    await running.writer.run(live)
    await merge(shop, ANNA, ANNE)

    parts = [await export(shop)]
    while parts[-1].next is not None:
        parts.append(await export(shop, next=parts[-1].next))

    entries = [each for part in parts for each in part.document.get("ledger_entries", ())]
    booked = [each["amount"] for each in entries if each["kind"] == "adjusted"]
    looked = [each for part in parts for each in part.document.get("accesses", ()) if each["kind"] == "viewed"]
    assert sorted(booked) == list(range(1, 2101))
    assert len(looked) >= A_PIECE + 20
    assert all(sum(len(part.document.get(name, ())) for name in LISTS) <= A_PIECE for part in parts)


async def test_what_the_shops_own_fields_hold_of_their_sales_is_in_a_copy_by_what_it_called_them(
    shop: LedgerShop,
) -> None:
    await whole_life(shop)
    letter = FieldOfSale(sale_id(2), None, "2026-03-15", None, None, "Brief", "boolean", value=True)
    engraved = ("Gravur", "list_of_text", ("M.", "<K>"))
    ring = FieldOfSale(sale_id(1), "till-1-1", "2026-03-14", line_id(7), "Ring", *engraved)  # type: ignore[arg-type] # words of the contract
    tills(shop).filled = [(ANNA, letter), (ANNE, ring), (NOBODY, letter)]

    parts = [await export(shop)]
    while parts[-1].next is not None:
        parts.append(await export(shop, next=parts[-1].next))

    assert [each.document["sale_fields"] for each in parts] == [[_told(letter)], [_told(ring)]]
    assert (parts[1].next, list(parts[1].document)) == (None, ["sale_fields"])
    texts = Page(parts[0].page).texts + Page(parts[1].page).texts
    assert {"Mitä ostoksiisi on merkitty", "Brief", "kyllä", "Gravur", "Ring", "M.", "<K>"} <= set(texts)
    assert sum("kunkin myynnin kuitista" in each for each in texts) == 1


def _told(field: FieldOfSale) -> dict[str, Any]:
    """The field as a copy has it."""
    return {
        "day": field.business_day,
        "receipt_number": field.receipt_number,
        "item": field.name,
        "label": field.label,
        "value": list(field.value) if isinstance(field.value, tuple) else field.value,
        "sale_id": field.sale_id,
        "line_item_id": field.line_item_id,
    }


async def test_no_copy_is_made_without_what_checkout_holds_and_none_is_noted(shop: LedgerShop) -> None:
    await put_on_file(shop, ANNA, "Anna")
    await shop.store.stop("checkout")
    await shop.store.unwell("checkout")

    with pytest.raises(NoAnswer, match="unavailable"):
        await export(shop)
    await profile(shop, ANNA)  # which is noted after all that came before
    while not (notes := (await ask(shop, ReadAccessLog(ANNA))).notes):
        pass
    await Tills().start(shop.store)

    assert [each.kind for each in notes] == ["viewed"]
    assert (await export(shop)).document["sale_fields"] == []


@pytest.mark.parametrize(
    "after", ["?", "history:x", "accesses:-1", "ledger_entries:x", f"ledger_entries:loyalty/{NOBODY}/1"]
)
async def test_a_part_is_asked_for_as_the_one_before_told(shop: LedgerShop, after: str) -> None:
    await put_on_file(shop, ANNA, "Anna")

    assert refusal(await ask(shop, ExportCustomer(ANNA, next=after))) == ("malformed", "$.next")


async def test_sealed_buyers_are_in_a_copy_as_far_as_whoever_makes_it_may_read_them(shop: LedgerShop) -> None:
    await whole_life(shop)

    told = (await shop.ask(ExportCustomer(ANNA), "customer.export")).document["sealed_records"]
    (whole,) = (await export(shop)).document["sealed_records"]

    assert [set(each) for each in told] == [{"record_id", "reason", "keep_until", "held"}]
    assert whole["name"] == "Anna Mäkinen"
    while "fiscal_read" not in (kinds := [each.kind for each in (await ask(shop, ReadAccessLog(ANNA))).notes]):
        pass
    assert kinds.count("fiscal_read") == 1


async def _sale(shop: LedgerShop, number: int) -> Any:
    event = getattr(shop, "_template", None)
    if event is None:
        event = await shop.sell(9999, a_tender(9999, "cash", 1), customer_id=None)
        shop._template = event  # type: ignore[attr-defined] # noqa: SLF001 - made once
    kept = {name: getattr(event, name) for name in event.__struct_fields__}
    return type(event)(**{**kept, "sale_id": sale_id(number), "customer_id": ANNA, "total": number})


async def test_making_a_copy_needs_its_permission_and_is_noted(shop: LedgerShop) -> None:
    await put_on_file(shop, ANNA, "Anna")
    refused = await shop.ask(ExportCustomer(ANNA), "customer.view", "customer.details")

    await export(shop)

    assert refusal(refused)[0] == "permission-denied"
    assert refusal(await ask(shop, ExportCustomer(NOBODY)))[0] == "customer-not-found"
    while not (notes := (await ask(shop, ReadAccessLog(ANNA))).notes):
        pass
    assert [each.kind for each in notes] == ["exported"]


def test_everything_that_is_said_is_said_in_four_languages() -> None:
    said = (*QUESTIONS.values(), YES, NO, CERTIFICATE, CERTIFICATE_KEPT, *LABELS.values(), *WORDS.values(), *TITLES)

    assert TEXTS.missing(LANGUAGES, said) == ()
    assert all(re.search(r"\S", each) for each in said)


BOUGHT = {
    "history": [
        {
            "kind": "sale",
            "time": "2026-03-14T22:30:00.000000Z",
            "receipt_number": "till-1-000007",
            "total": 123456,
            "currency": "EUR",
            "sale_id": sale_id(7),
        },
        {
            "kind": "opening",
            "time": "2026-03-14T10:00:00.000000Z",
            "receipt_number": None,
            "total": 70,
            "currency": None,
        },
    ],
    "balances": {"store_credit": 1500, "account_owed": -4500, "account_limit": None, "loyalty_points": 1200},
    "ledger_entries": [
        {"ledger": "loyalty", "kind": "taken_back", "amount": -70, "day": "2026-03-14"},
        {"ledger": "account", "kind": "transferred_out", "amount": 1500, "day": "2026-03-14"},
    ],
}
BERLIN = ZoneInfo("Europe/Berlin")


def shown(language: str, currency: str = "EUR") -> list[str]:
    page = readable_page(BOUGHT, Style(language, currency, BERLIN), "2026-03-14T23:30:00.000000Z")
    return [each.replace("\xa0", " ").replace("\u202f", " ") for each in Page(page).texts]


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "de",
            ("1.234,56 €", "15,00 €", "-45,00 €", "-70 Punkte", "14.03.2026, 23:30:00", "14. März 2026", "ohne Grenze"),
        ),
        (
            "nl",
            (
                "€ 1.234,56",
                "€ 15,00",
                "€ -45,00",
                "-70 punten",
                "14 mrt 2026, 23:30:00",
                "14 maart 2026",
                "geen limiet",
            ),
        ),
        ("fi", ("1 234,56 €", "15,00 €", "-45,00 €", "-70 pistettä", "14.3.2026 23.30.00", "14. maaliskuuta 2026")),
        (
            "en",
            ("€1,234.56", "€15.00", "-€45.00", "-70 points", "Mar 14, 2026, 11:30:00 PM", "March 14, 2026", "no limit"),
        ),
    ],
)
def test_money_points_days_and_times_stand_as_they_are_written_there(language: str, said: tuple[str, ...]) -> None:
    texts = shown(language)
    for text in said:
        assert text in texts, text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_field_of_the_shops_own_says_what_it_holds_whatever_it_is_called(language: str) -> None:
    own = {
        "amount": 1200,
        "total": "sale",
        "balance": -5,
        "at": "2026-03-14T10:00:00Z",
        "birth_date": "2026-03-14",
        "kind": "sale",
        "tags": ["true", "post"],
        "held": True,
    }

    page = readable_page({"profile": {"custom": own}}, Style(language), "2026-03-14T10:00:00Z")

    said = [*own.values()][:6]
    lines = [f"{name}: {value}" for name, value in zip(own, said, strict=False)]
    assert Page(page).texts[-8:] == [*lines, "tags: true, post", f"held: {word('true', language)}"]


def test_money_is_in_the_shops_currency_with_its_places() -> None:
    assert "1.500 ¥" in shown("de", "JPY")


def test_what_was_bought_is_listed_with_time_receipt_and_total_apart_from_what_else_happened() -> None:
    texts = shown("de")

    bought = texts.index("Was Sie gekauft haben")
    assert texts[bought + 1 : bought + 9] == [
        "Zeit", "Art", "Belegnummer", "Summe", "14.03.2026, 23:30:00", "Verkauf", "till-1-000007", "1.234,56 €"
    ]  # fmt: skip
    assert "70 Punkte" in texts[texts.index("Verlauf") :]


def test_every_code_on_a_page_is_words_in_every_language() -> None:
    codes = [*get_args(EntryKind), *get_args(AccessKind), *get_args(ConsentState), *get_args(ConsentSource)]

    assert [each for each in (*codes, *NOTED.values(), *NOTES) if each not in WORDS] == []
    for language in LANGUAGES:
        assert not [each for each in texts_of(language) if "_" in each]


def texts_of(language: str) -> list[str]:
    return [word(each, language) for each in WORDS]


@pytest.mark.parametrize(
    ("settings", "language"),
    [({"country": "DE"}, "de"), ({"country": "NL"}, "nl"), ({"country": "SE"}, "en"), ({"language": "nl"}, "nl")],
)
async def test_who_named_no_language_gets_their_copy_in_the_shops(
    opened: Opened, settings: dict[str, Any], language: str
) -> None:
    async with opened(**settings) as shop:
        await put_on_file(shop, ANNA, "Anna")

        assert (await export(shop)).language == language
        assert (await export(shop, language="fi")).language == "fi"
