"""Custom fields: defined by the shop, filled by its people, never of the wrong kind."""

from typing import Any

import msgspec
import pytest

from contracts.customers import Customer, UpdateCustomer
from contracts.customers.asking import CustomerHits, GetCustomer, SearchCustomers
from contracts.customers.fields import (
    CustomField,
    CustomFields,
    CustomFieldsChanged,
    GetPrintedFields,
    ListCustomFields,
    PrintedCustomerField,
    PrintedFields,
    PutCustomField,
)
from contracts.customers.merging import MergeCustomers, MergeId
from contracts.customers.privacy.erasing import EraseCustomer, ErasureId
from contracts.customers.profile import FieldId
from contracts.ids import CustomerId
from services.runtime.ids import RandomIds
from tests.services.customers.counter import edit, look, refusal, saved
from tests.services.customers.examples import MARKED, MATTI, customer_id
from tests.under_test import StoreUnderTest, until


async def put(shop: StoreUnderTest, field: str, kind: str, of: str = "customer", **more: Any) -> Any:
    command = PutCustomField(FieldId(field), of, kind, **{"label": field.title(), **more})  # type: ignore[arg-type] # words of the contract
    return await shop.send(command, caller="hub-1", token=shop.token("customer.fields", caller="hub-1"))


@pytest.mark.parametrize("of", ["customer", "sale", "line"])
async def test_a_field_is_defined_listed_and_told_without_its_label(shop: StoreUnderTest, of: str) -> None:
    reply = await put(shop, "size", "choice", of, choices=("S", " M ", "S"))

    plain = CustomField(FieldId("size"), of, "choice", "Size", ("S", "M"))  # type: ignore[arg-type] # words of the contract
    assert reply == CustomFields(1, (plain,))
    assert (plain.shown_on_till, plain.editable_on_till, plain.printed) == (False, False, False)
    assert await shop.send(ListCustomFields(), caller="checkout-2") == reply
    await until(lambda: shop.told(CustomFieldsChanged) == [CustomFieldsChanged(1)])


async def test_a_field_keeps_its_kind_and_owner_and_changes_its_flags(shop: StoreUnderTest) -> None:
    await put(shop, "size", "text")

    assert refusal(await put(shop, "size", "integer"))[:2] == ("custom-field-fixed", "kind")
    assert refusal(await put(shop, "size", "text", "sale"))[:2] == ("custom-field-fixed", "of")
    changed = await put(shop, "size", "text", printed=True, editable_on_till=True, shown_on_till=True)
    assert (changed.revision, changed.fields[0].printed) == (2, True)
    assert (await put(shop, "size", "text", printed=True, editable_on_till=True, shown_on_till=True)).revision == 2


@pytest.mark.parametrize(
    ("kind", "more", "expected"),
    [
        ("choice", {}, ("custom-field-incomplete", "choices")),
        ("text", {"choices": ("a",)}, ("custom-field-incomplete", "choices")),
        ("text", {"label": " "}, ("malformed", "$.label")),
        ("text", {"label": "a\x00"}, ("malformed", "$.label")),
        ("choice", {"choices": ("a", "\u202e")}, ("malformed", "$.choices[1]")),
    ],
)
async def test_what_is_no_field_is_refused(
    shop: StoreUnderTest, kind: str, more: dict[str, Any], expected: tuple[str, str]
) -> None:
    assert refusal(await put(shop, "size", kind, **more))[:2] == expected


async def test_a_store_has_no_more_than_250_fields(shop: StoreUnderTest) -> None:
    for number in range(250):
        await put(shop, f"f-{number}", "text")

    assert refusal(await put(shop, "one-more", "text"))[0] == "too-many-custom-fields"
    assert isinstance(await put(shop, "f-0", "text", label="Still changes"), CustomFields)


async def test_only_the_named_fields_of_a_customer_change_and_null_empties_one(shop: StoreUnderTest) -> None:
    for field, kind in (("size", "text"), ("visits", "integer"), ("news", "boolean")):
        await put(shop, field, kind)
    await saved(shop, MATTI)

    first = await saved(
        shop,
        UpdateCustomer(
            MATTI.customer_id, 1, custom={FieldId("size"): "XL", FieldId("visits"): 3, FieldId("news"): False}
        ),
    )
    second = await saved(
        shop, UpdateCustomer(MATTI.customer_id, 2, custom={FieldId("visits"): None, FieldId("size"): "M"})
    )

    assert first.custom == {"news": False, "size": "XL", "visits": 3}
    assert second.custom == {"news": False, "size": "M"}


async def test_a_choice_that_was_taken_away_since_stays_and_hinders_no_other_field(shop: StoreUnderTest) -> None:
    await put(shop, "size", "choice", choices=("S", "M"))
    await put(shop, "color", "text")
    await saved(shop, MATTI)
    await saved(shop, UpdateCustomer(MATTI.customer_id, 1, custom={FieldId("size"): "M"}))
    await put(shop, "size", "choice", choices=("S",))

    after = await saved(shop, UpdateCustomer(MATTI.customer_id, 2, custom={FieldId("color"): "red"}))
    again = await edit(shop, UpdateCustomer(MATTI.customer_id, 3, custom={FieldId("size"): "M"}))

    assert after.custom == {"size": "M", "color": "red"}
    assert refusal(again) == ("detail-invalid", "custom.size", "choice")


async def test_a_value_of_the_wrong_kind_is_refused_by_its_field(shop: StoreUnderTest) -> None:
    await put(shop, "visits", "integer")
    await put(shop, "of-sales", "text", "sale")
    await saved(shop, MATTI)

    wrong = await edit(shop, UpdateCustomer(MATTI.customer_id, 1, custom={FieldId("visits"): "3"}))
    other = await edit(shop, UpdateCustomer(MATTI.customer_id, 1, custom={FieldId("of-sales"): "x"}))

    assert refusal(wrong) == ("detail-invalid", "custom.visits", "integer")
    assert refusal(other) == ("detail-invalid", "custom.of-sales", "custom-field")


async def test_a_register_changes_only_what_is_meant_for_the_till(shop: StoreUnderTest) -> None:
    shop.add_register("till-1")
    await put(shop, "size", "text", editable_on_till=True, shown_on_till=True)
    await put(shop, "rating", "integer")
    await saved(shop, MATTI)

    size = await saved(shop, UpdateCustomer(MATTI.customer_id, 1, custom={FieldId("size"): "XL"}))
    refused = await edit(shop, UpdateCustomer(MATTI.customer_id, 2, custom={FieldId("rating"): 5}))
    office = await edit(
        shop,
        UpdateCustomer(MATTI.customer_id, 2, custom={FieldId("rating"): 5}),
        caller="backoffice-1",
        token=shop.token("customer.edit", "customer.details", caller="backoffice-1"),
    )

    assert size.custom == {"size": "XL"}
    assert refusal(refused) == ("detail-invalid", "custom.rating", "editable-on-till")
    assert office.custom == {"rating": 5, "size": "XL"}


async def test_a_register_shows_only_what_is_meant_for_the_till_to_whoever_stands_there(shop: StoreUnderTest) -> None:
    shop.add_register("till-1")
    await put(shop, "size", "text", editable_on_till=True, shown_on_till=True)
    await put(shop, "fits", "text", editable_on_till=True)
    custom = {FieldId("size"): "XL", FieldId("fits"): "tight"}

    made = await saved(shop, msgspec.structs.replace(MATTI, custom=custom))
    changed = await saved(shop, UpdateCustomer(MATTI.customer_id, 1, custom={FieldId("fits"): "well"}))
    read = await look(shop, GetCustomer(MATTI.customer_id), "customer.details")
    found = await look(shop, SearchCustomers("matti"), "customer.details")
    conflict = await edit(shop, UpdateCustomer(MATTI.customer_id, 1, last_name="M"))

    at_the_till = [made.custom, changed.custom, read.custom, found.hits[0].customer.custom]
    assert at_the_till == [{"size": "XL"}] * 4
    assert conflict.details["current"]["custom"] == {"size": "XL"}
    for caller in ("backoffice-1", "hub-1"):
        token = shop.token("customer.view", "customer.details", caller=caller)
        whole = await shop.send(GetCustomer(MATTI.customer_id), caller=caller, token=token)
        hits = await shop.send(SearchCustomers("matti"), caller=caller, token=token)
        assert isinstance(whole, Customer)
        assert isinstance(hits, CustomerHits)
        assert whole.custom == hits.hits[0].customer.custom == {"fits": "well", "size": "XL"}


async def printed(shop: StoreUnderTest, of: CustomerId) -> tuple[PrintedCustomerField, ...]:
    """What devices is told to put on a customer's receipt."""
    told = await shop.send(GetPrintedFields(of), caller="devices")
    assert isinstance(told, PrintedFields), told
    return told.fields


async def test_a_receipt_gets_the_printed_fields_that_hold_something_as_the_shop_calls_them_and_no_other(
    shop: StoreUnderTest,
) -> None:
    for field, kind in (("since", "date"), ("news", "boolean"), ("empty", "text")):
        await put(shop, field, kind, label=f"My {field}", printed=True)
    await put(shop, "size", "text", shown_on_till=True, editable_on_till=True)
    await put(shop, "table", "text", "sale", printed=True)
    custom = {FieldId("since"): "2019-05-04", FieldId("size"): "XL", FieldId("news"): False}
    await saved(shop, msgspec.structs.replace(MATTI, custom=custom))

    before = await printed(shop, MATTI.customer_id)
    await put(shop, "news", "boolean")
    await put(shop, "since", "date", label="Since", printed=True, retired=True)

    assert before == (
        PrintedCustomerField("My news", "boolean", value=False),
        PrintedCustomerField("My since", "date", "2019-05-04"),
    )
    assert await printed(shop, MATTI.customer_id) == (PrintedCustomerField("Since", "date", "2019-05-04"),)


async def test_a_receipt_gets_of_a_merged_customer_what_the_survivor_has_and_of_an_erased_or_unknown_one_nothing(
    shop: StoreUnderTest,
) -> None:
    await put(shop, "size", "text", label="Size", printed=True)
    for command, size in ((MATTI, "XL"), (MARKED, "S")):
        await saved(shop, msgspec.structs.replace(command, custom={FieldId("size"): size}))
    apart = [(await printed(shop, each.customer_id))[0].value for each in (MATTI, MARKED)]
    merge = MergeCustomers(MergeId(RandomIds().new()), MATTI.customer_id, MARKED.customer_id, 1, 1)
    token = shop.token("customer.merge", "customer.erase", caller="hub")

    await shop.send(merge, caller="hub", token=token)
    together = [(await printed(shop, each.customer_id))[0].value for each in (MATTI, MARKED)]
    await shop.send(EraseCustomer(ErasureId(RandomIds().new()), MATTI.customer_id), caller="hub", token=token)

    assert (apart, together) == (["XL", "S"], ["XL", "XL"])
    assert [await printed(shop, each) for each in (MATTI.customer_id, MARKED.customer_id, customer_id(404))] == [()] * 3
