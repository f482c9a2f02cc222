"""Which ledgers there are, and what of a balance is reserved for a sale: the words that others build on."""

from typing import Annotated, Literal, NewType

from msgspec import Meta

from contracts.base import Message
from contracts.ids import Uuid
from contracts.money import LARGEST

Ledger = Literal["store_credit", "account", "loyalty", "voucher"]
CustomerLedger = Literal["store_credit", "account", "loyalty"]
Units = Annotated[
    int, Meta(ge=-LARGEST, le=LARGEST, description="Minor units (cents) of a money ledger, points of loyalty.")
]
ReservationId = NewType("ReservationId", Uuid)
VoucherId = NewType("VoucherId", Uuid)
HolderId = NewType("HolderId", Uuid)
"""Whose balance it is: a customer's id, or a voucher's."""


class Reserved(Message, frozen=True):
    """What a sale has reserved of a balance; named where the sale is completed, so that it can be booked from there.

    ``units`` is what the tender's amount is in the ledger: minor units, or points.
    """

    reservation_id: ReservationId
    ledger: Ledger
    holder_id: HolderId
    units: Units
