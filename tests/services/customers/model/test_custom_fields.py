"""What a custom field of each kind can hold."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.base import Rejection
from contracts.customers import DetailInvalid
from contracts.customers.fields import CustomField, FieldKind
from contracts.customers.profile import FieldId
from services.customers.model.custom_fields import custom_values

KINDS: tuple[FieldKind, ...] = ("text", "integer", "decimal", "boolean", "date", "choice", "list_of_text", "link")
FIELDS = {
    FieldId(kind): CustomField(FieldId(kind), "customer", kind, kind, ("red", "blue") if kind == "choice" else ())
    for kind in KINDS
}


@pytest.mark.parametrize(
    ("kind", "given", "kept"),
    [
        ("text", "  XL ", "XL"),
        ("integer", -3, -3),
        ("integer", 0, 0),
        ("decimal", " 12.50", "12.50"),
        ("boolean", False, False),
        ("date", "2026-03-14", "2026-03-14"),
        ("choice", "red", "red"),
        ("list_of_text", ("a", " A ", "", "b"), ("a", "b")),
        ("link", "example.com", "https://example.com"),
    ],
)
def test_a_value_of_its_kind_is_kept(kind: str, given: Any, kept: Any) -> None:
    assert custom_values({FieldId(kind): given}, FIELDS) == {kind: kept}


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("text", 1),
        ("text", "x" * 1001),
        ("integer", True),
        ("integer", "1"),
        ("integer", 2**53),
        ("decimal", "1,5"),
        ("decimal", 1),
        ("boolean", "yes"),
        ("date", "14.3.2026"),
        ("date", "2026-02-30"),
        ("choice", "green"),
        ("choice", True),
        ("list_of_text", "a"),
        ("list_of_text", ("a",) * 101),
        ("link", "javascript:x"),
        ("none", "x"),
    ],
)
def test_another_value_is_refused_by_its_field(kind: str, given: Any) -> None:
    with pytest.raises(DetailInvalid) as refused:
        custom_values({FieldId(kind): given}, FIELDS)

    assert refused.value.details["field"] == f"custom.{kind}"


@pytest.mark.parametrize(("kind", "given"), [("text", " "), ("list_of_text", ()), ("link", ""), ("integer", None)])
def test_blank_and_null_are_left_out(kind: str, given: Any) -> None:
    assert custom_values({FieldId(kind): given}, FIELDS) == {}


@given(
    st.sampled_from(KINDS),
    st.text(max_size=30) | st.integers() | st.booleans() | st.lists(st.text(max_size=5)).map(tuple),
)
def test_any_value_is_normal_or_refused(kind: FieldKind, value: Any) -> None:
    try:
        kept = custom_values({FieldId(kind): value}, FIELDS)
    except Rejection:
        return
    assert custom_values(kept, FIELDS) == kept
