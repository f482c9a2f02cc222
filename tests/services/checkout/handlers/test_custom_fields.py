"""The shop's own fields of sales and lines: judged by the real customers service, kept with the sale, never told."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from contracts.base import Rejected
from contracts.checkout import RegisterSale, Sale
from contracts.checkout.custom import FieldsOfSales, ListFieldsOfSales, SetCustomFields
from contracts.checkout.paying import CheckSale, CompleteSale
from contracts.checkout.reading import GetReceipt, GetSale, PrintedField
from contracts.checkout.selling import AttachCustomer, RemoveLineItem, VoidSale
from contracts.customers.fields import CheckCustomValues, FieldKind, FieldOwner, PutCustomField
from contracts.customers.privacy.copying import CustomerExport, ExportCustomer
from contracts.customers.profile import CustomValue, FieldId
from contracts.ids import CustomerId, LineItemId, SaleId
from services.checkout.model.custom import MOST_CHARACTERS
from services.checkout.store import tables as checkout_tables
from services.runtime import tables
from services.runtime.requester import NoAnswer
from services.runtime.secret_fields import secret_fields
from tests.services.checkout.shop import Shop
from tests.under_test import until

SECRET = "vuvuqxela"


async def define(
    shop: Shop, field: str, of: FieldOwner, kind: FieldKind = "text", *, label: str = "", **flags: Any
) -> None:
    """A field that a register may fill, unless said otherwise."""
    flags = {"editable_on_till": True, **flags}
    command = PutCustomField(FieldId(field), of, kind, label or field.capitalize(), **flags)
    made = await shop.store.send(command, caller="hub", token=shop.store.token("customer.fields", caller="hub"))
    assert not isinstance(made, Rejected), made


def fill(sale_id: SaleId, line_item_id: LineItemId | None = None, /, **values: CustomValue | None) -> SetCustomFields:
    return SetCustomFields(sale_id, {FieldId(field): value for field, value in values.items()}, line_item_id)


def shown(shop: Shop) -> Sale:
    """The open sale as its register sees it."""
    state: RegisterSale = shop.store.retained(RegisterSale, register="till-1")
    assert state.sale is not None
    return state.sale


def files(folder: Path) -> bytes:
    """All bytes of checkout's database and its log."""
    return b"".join(each.read_bytes() for each in folder.glob("checkout.sqlite3*"))


async def stored(shop: Shop) -> str:
    """All that checkout keeps of ended sales and of answers."""
    kept = (*checkout_tables.METADATA.sorted_tables, tables.handled_request, tables.failed_request)
    found = await shop.store.read(
        "checkout", lambda connection: [list(connection.execute(select(table))) for table in kept]
    )
    return repr(found)


async def test_fields_of_a_sale_and_its_lines_are_filled_kept_with_it_and_printed_as_they_were_called(
    shop_with_policy: Shop,
) -> None:
    shop = shop_with_policy
    await define(shop, "table", "sale", "integer", label="Table", printed=True)
    await define(shop, "remark", "sale")
    await define(shop, "engraving", "line", label="Engraving", printed=True)
    sale_id = await shop.opened("tea", "tea")
    tea, _ = (await shop.done(GetSale(sale_id))).lines

    await shop.done(fill(sale_id, table=7, remark="  by the window "))
    filled = await shop.done(fill(sale_id, tea.line_item_id, engraving="M.K."))
    await until(lambda: shown(shop).revision == filled.revision)
    state = shown(shop)
    await shop.done(shop.cash(sale_id, 500))
    sold = await shop.done(CompleteSale(sale_id))
    await define(shop, "table", "sale", "integer", label="Seat")

    assert filled.custom == sold.custom == {"remark": "by the window", "table": 7}
    assert [line.custom for line in sold.lines] == [{"engraving": "M.K."}, {}]
    assert (state.custom, state.lines) == (filled.custom, filled.lines)
    assert await shop.done(GetSale(sale_id)) == sold
    assert (await shop.done(GetReceipt(sale_id))).custom == (
        PrintedField(None, "Table", "integer", 7),
        PrintedField(tea.line_item_id, "Engraving", "text", "M.K."),
    )


async def test_what_is_not_named_stays_and_null_empties(shop: Shop) -> None:
    for field in ("one", "two", "three"):
        await define(shop, field, "sale")
    sale_id = await shop.opened()
    await shop.done(fill(sale_id, one="1", two="2", three="3"))

    assert (await shop.done(fill(sale_id, one=None, two=" ", three="4"))).custom == {"three": "4"}


@pytest.mark.parametrize(
    ("values", "code", "details"),
    [
        ({"nothing": "x"}, "detail-invalid", {"field": "custom.nothing", "rule": "custom-field"}),
        ({"engraving": "x"}, "detail-invalid", {"field": "custom.engraving", "rule": "custom-field"}),
        ({"table": "x"}, "detail-invalid", {"field": "custom.table", "rule": "integer"}),
        ({"office": "x"}, "detail-invalid", {"field": "custom.office", "rule": "editable-on-till"}),
        ({"remark": "a\nb"}, "malformed", {"field": "$.custom.remark"}),
    ],
)
async def test_what_a_field_cannot_hold_is_refused_as_for_customers(
    shop: Shop, values: Mapping[str, CustomValue], code: str, details: dict[str, str]
) -> None:
    await define(shop, "table", "sale", "integer")
    await define(shop, "remark", "sale")
    await define(shop, "office", "sale", editable_on_till=False)
    await define(shop, "engraving", "line")
    sale_id = await shop.opened("tea")

    refused = await shop.refused(fill(sale_id, **values))

    assert (refused.code, refused.details) == (code, refused.details | details)
    assert (await shop.done(GetSale(sale_id))).custom == {}


async def test_a_line_that_is_gone_and_a_linked_charge_hold_nothing(shop: Shop) -> None:
    await define(shop, "engraving", "line")
    sale_id = await shop.opened("cola")
    cola, deposit = (await shop.done(GetSale(sale_id))).lines

    follows = await shop.refused(fill(sale_id, deposit.line_item_id, engraving="x"))
    await shop.done(RemoveLineItem(sale_id, cola.line_item_id))
    gone = await shop.refused(fill(sale_id, cola.line_item_id, engraving="x"))

    assert (follows.code, gone.code) == ("line-item-follows", "line-item-not-found")


async def test_all_fields_of_a_sale_together_hold_so_much(shop: Shop) -> None:
    await define(shop, "list", "line", "list_of_text")
    sale_id = await shop.opened("tea", "gift")
    tea, gift = (await shop.done(GetSale(sale_id))).lines
    much = tuple(f"{place:03}".rjust(900, "x") for place in range(50))
    await shop.done(fill(sale_id, tea.line_item_id, list=much))

    refused = await shop.refused(fill(sale_id, gift.line_item_id, list=much))

    assert (refused.code, refused.details["most"]) == ("custom-values-too-long", MOST_CHARACTERS)
    assert [line.custom for line in (await shop.done(GetSale(sale_id))).lines] == [{"list": much}, {}]


async def test_they_are_no_matter_of_policy_and_may_change_until_the_sale_is_completed(shop_with_policy: Shop) -> None:
    shop = shop_with_policy
    await define(shop, "remark", "sale")
    sale_id = await shop.opened("tea")
    checked = await shop.done(CheckSale(sale_id))
    before = await shop.done(fill(sale_id, remark="before"))
    await shop.done(shop.cash(sale_id, 250))

    await shop.done(fill(sale_id, remark="after"))
    sold = await shop.done(CompleteSale(sale_id))
    too_late = await shop.refused(fill(sale_id, remark="never"))

    assert before.decision == checked.decision is not None
    assert (sold.custom, sold.flags, too_late.code) == ({"remark": "after"}, (), "sale-not-open")


async def test_without_the_customers_service_nobody_knows_what_a_field_holds(shop: Shop) -> None:
    await define(shop, "remark", "sale")
    sale_id = await shop.opened()
    await shop.store.stop("customers")

    with pytest.raises(NoAnswer, match="unavailable"):
        await shop.send(fill(sale_id, remark="x"))


async def test_no_event_tells_them_and_no_answer_is_stored_with_them(shop_with_policy: Shop) -> None:
    shop = shop_with_policy
    await define(shop, "remark", "sale", label=f"label {SECRET}")
    await define(shop, "engraving", "line")
    first, second = await shop.opened("tea"), await shop.opened("tea", caller="till-2")
    (line,) = (await shop.done(GetSale(first))).lines
    filling, paying = shop.ids.new(), shop.ids.new()
    on_line = fill(first, line.line_item_id, engraving=SECRET)
    tender = shop.cash(first, 250)

    await shop.send(on_line, message_id=filling)
    taken = await shop.send(tender, message_id=paying)
    assert isinstance(taken, Sale)
    sold = await shop.done(CompleteSale(first))
    await shop.done(fill(second, remark=SECRET), caller="till-2")
    await shop.done(VoidSale(second, "test"), caller="till-2")

    told = [each.payload.decode() for each in shop.store.broker.published if "/event/" in each.topic]
    assert told
    assert not any(SECRET in each for each in told)
    answers = await shop.store.read(
        "checkout", lambda connection: connection.execute(select(tables.handled_request.c.reply)).scalars().all()
    )
    assert not any(SECRET.encode() in (each or b"") for each in answers)
    assert [each.custom for each in taken.lines] == [{"engraving": SECRET}]
    assert await shop.send(on_line, message_id=filling) == await shop.send(tender, message_id=paying) == sold


@pytest.mark.parametrize("request_type", [SetCustomFields, CheckCustomValues])
def test_what_was_typed_is_left_out_of_a_message_that_is_kept_because_of_a_bug(request_type: type) -> None:
    assert secret_fields(request_type) == {"values"}


async def copy_of(shop: Shop, customer_id: CustomerId) -> list[dict[str, Any]]:
    """What a customer's copy says of the fields of their sales."""
    token = shop.store.token("customer.export", caller="hub")
    copy = await shop.store.send(ExportCustomer(customer_id), caller="hub", token=token)
    assert isinstance(copy, CustomerExport), copy
    fields: list[dict[str, Any]] = copy.document["sale_fields"]
    return fields


async def test_a_customers_copy_has_what_the_fields_of_their_sales_hold_voided_and_open_ones_too_until_they_are_erased(
    shop_with_policy: Shop,
) -> None:
    shop = shop_with_policy
    await define(shop, "remark", "sale", label="Anmerkung")
    await define(shop, "engraving", "line", label="Gravur")
    mia, twin, other = [await shop.customer() for _ in range(3)]

    async def sale(of: CustomerId, remark: str) -> SaleId:
        sale_id = await shop.opened("gift", "tea")
        await shop.attached(sale_id, of)
        _, tea = (await shop.done(GetSale(sale_id))).lines
        await shop.done(fill(sale_id, remark=remark))
        await shop.done(fill(sale_id, tea.line_item_id, engraving=f"on {remark}"))
        return sale_id

    for of, remark in ((twin, "bought"), (other, "another's")):
        sold = await sale(of, remark)
        await shop.done(shop.cash(sold, 250))
        await shop.done(CompleteSale(sold))
    await shop.done(VoidSale(await sale(mia, "voided"), "test"))
    opened = await sale(mia, "open")
    await shop.merged(twin, mia)

    fields = await copy_of(shop, mia)
    of_other = await copy_of(shop, other)
    await shop.erased(mia)
    kept = await shop.store.send(ListFieldsOfSales((mia, twin)), caller="customers-2")

    said = [(each["value"], each["label"], each["item"], bool(each["receipt_number"])) for each in fields]
    assert said[:2] == [("open", "Anmerkung", None, False), ("on open", "Gravur", "Tea", False)]
    assert {each["sale_id"] for each in fields[:2]} == {opened}
    assert sorted(said[2:]) == [
        ("bought", "Anmerkung", None, True),
        ("on bought", "Gravur", "Tea", True),
        ("on voided", "Gravur", "Tea", False),
        ("voided", "Anmerkung", None, False),
    ]
    assert [each["value"] for each in of_other] == ["another's", "on another's"]
    assert kept == FieldsOfSales(())


async def test_long_fields_of_many_sales_are_told_in_parts_that_add_up(shop_with_policy: Shop) -> None:
    shop = shop_with_policy
    await define(shop, "list", "sale", "list_of_text")
    mia = await shop.customer()
    sales = []
    for _ in range(5):
        sales.append(await shop.opened("gift"))
        await shop.attached(sales[-1], mia)
        await shop.done(fill(sales[-1], list=tuple(f"{place:03}".rjust(900, "x") for place in range(50))))
        await shop.done(CompleteSale(sales[-1]))

    async def told(after: str | None) -> FieldsOfSales:
        answer = await shop.store.send(ListFieldsOfSales((mia,), after), caller="customers-2")
        assert isinstance(answer, FieldsOfSales), answer
        return answer

    first = await told(None)
    rest = await told(first.next)
    wrong = await shop.store.send(ListFieldsOfSales((mia,), "2026-01-01"), caller="customers-2")

    assert (len(first.fields), len(rest.fields), rest.next) == (3, 2, None)
    assert {each.sale_id for each in (*first.fields, *rest.fields)} == set(sales)
    assert isinstance(wrong, Rejected)
    assert (wrong.code, wrong.details["field"]) == ("malformed", "$.next")


async def test_an_erased_customers_sales_hold_nothing_of_it_any_more_nor_do_the_files(
    shop_with_policy: Shop, tmp_path: Path
) -> None:
    shop = shop_with_policy
    await define(shop, "remark", "sale", printed=True)
    await define(shop, "engraving", "line")
    mia, other = await shop.customer(), await shop.customer()
    sales = []
    for customer_id in (mia, other):
        sale_id = await shop.opened("tea")
        await shop.done(AttachCustomer(sale_id, customer_id))
        (line,) = (await shop.done(GetSale(sale_id))).lines
        await shop.done(fill(sale_id, remark=SECRET if customer_id == mia else "stays"))
        await shop.done(fill(sale_id, line.line_item_id, engraving=SECRET if customer_id == mia else "stays"))
        await shop.done(shop.cash(sale_id, 250))
        sales.append(await shop.done(CompleteSale(sale_id)))
    still_open = await shop.opened("tea")
    await shop.done(AttachCustomer(still_open, mia))
    await shop.done(fill(still_open, remark=SECRET))
    before = await stored(shop)
    assert SECRET.encode() in files(tmp_path)

    await shop.erased(mia)

    theirs, others = [await shop.done(GetSale(each.sale_id)) for each in sales]
    assert (theirs.custom, theirs.lines[0].custom) == ({}, {})
    assert (await shop.done(GetReceipt(theirs.sale_id))).custom == ()
    assert others == sales[1]
    assert SECRET in before
    assert SECRET not in await stored(shop)
    await until(lambda: shown(shop).custom == {})
    await until(lambda: SECRET.encode() not in files(tmp_path))
