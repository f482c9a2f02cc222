"""The items that are sold."""

from typing import Annotated

from msgspec import Meta

from contracts.base import Command, Message, Query, Rejection, Reply
from contracts.checkout import ItemText, LineKind, TaxTreatment
from contracts.ids import (
    CountryCode,
    Day,
    ItemCode,
    Segment,
    TaxClassCode,
)
from contracts.money import Amount, Rate


class ItemNotFound(Rejection):
    """No item has that code or barcode."""


class ItemPrice(Message, frozen=True, forbid_unknown_fields=True):
    """An item's price, tax included, from a day on."""

    amount: Amount
    from_day: Day


class Item(Message, frozen=True, forbid_unknown_fields=True):
    """Something the shop sells. ``linked`` names items that are charged along with it (a bottle deposit)."""

    code: ItemCode
    name: Annotated[str, Meta(min_length=1, max_length=200)]
    kind: LineKind
    tax_class: TaxClassCode
    barcodes: tuple[Annotated[str, Meta(pattern=r"^([0-9]{8}|[0-9]{12,14})$(?!\n)")], ...]
    prices: tuple[ItemPrice, ...]
    category: Segment = "other"
    tags: tuple[Segment, ...] = ()
    linked: tuple[ItemCode, ...] = ()
    minimum_age: Annotated[int, Meta(ge=1, le=99)] | None = None


class ItemInvalid(Rejection):
    """An item does not fit the catalogue's rules; mend the named field of the named item."""


class ItemsPut(Reply, frozen=True):
    """How many items were taken over."""

    created: int
    changed: int
    unchanged: int


class PutItems(Command[ItemsPut], frozen=True):
    """Create or change up to 200 items; all are taken over or none."""

    asked_by = ("backoffice", "hub")
    rejections = (ItemInvalid,)

    items: Annotated[tuple[Item, ...], Meta(min_length=1, max_length=200)]


class ItemRead(Reply, frozen=True):
    """One item of the catalogue."""

    item: Item


class GetItem(Query[ItemRead], frozen=True):
    """Read an item by its code or a barcode."""

    asked_by = ("register", "backoffice", "hub")
    rejections = (ItemNotFound,)

    item: ItemText


class CatalogueCounted(Reply, frozen=True):
    """How large the catalogue is."""

    items: int
    barcodes: int


class CountCatalogue(Query[CatalogueCounted], frozen=True):
    """How many items the catalogue has; 0 means that it must be filled before anything can be sold."""

    asked_by = ("register", "backoffice", "hub")


class TaxClassUnknown(Rejection):
    """The tax class has no rate today where the shop is; name one that items are sold under."""


class TaxClass(Reply, frozen=True):
    """How a class is taxed where the shop is, today."""

    tax_class: TaxClassCode
    treatment: TaxTreatment
    rate: Rate
    country: CountryCode


class GetTaxClass(Query[TaxClass], frozen=True):
    """Read which rate a tax class has today."""

    asked_by = ("register", "backoffice", "hub", "customers")
    rejections = (TaxClassUnknown,)

    tax_class: TaxClassCode
