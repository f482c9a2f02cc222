"""Customers forgotten: the erasure, how far it has come, and the certificate of it.

Never here: what must stay all the same (``keeping``).
"""

from typing import Annotated, ClassVar, Literal, NewType

from msgspec import Meta

from contracts.base import Command, Message, Query, Rejection, Reply
from contracts.customers import CustomerNotFound, LanguageCode
from contracts.customers.privacy.keeping import KeptRecord
from contracts.ids import CustomerId, Hash, Segment, Timestamp, Uuid

ErasureId = NewType("ErasureId", Uuid)
ErasureReason = Literal["asked_for", "retention", "mistaken_record"]
ErasureWaitsFor = Literal["sales", "rebuild", "night"]


class BalanceOpen(Rejection):
    """The customer still has or owes something; settle it or say that it is given up, and end open sales (reserved)."""


class ErasureExists(Rejection):
    """That id was used for the erasure of another customer."""


class ErasureNotFound(Rejection):
    """Nobody was erased under that id."""


class ErasureUnfinished(Rejection):
    """Not every service has acknowledged yet; a certificate says only what is done."""


class ServiceErasure(Message, frozen=True):
    """Whether a service has done its part of an erasure.

    ``waits_for`` says of the customers service what is still to come: that sales of before are heard (``sales``), that
    its database is rebuilt, so that no byte is left (``rebuild``), or, of a large one, the night for that (``night``).
    """

    service: Segment
    acknowledged_at: Timestamp | None
    waits_for: ErasureWaitsFor | None = None


class Erasure(Reply, frozen=True):
    """An erasure and how far it has come. ``overdue`` raises the alarm."""

    erasure_id: ErasureId
    customer_id: CustomerId
    reason: ErasureReason
    erased_at: Timestamp
    services: tuple[ServiceErasure, ...]
    finished_at: Timestamp | None
    overdue: bool


class EraseCustomer(Command[Erasure], frozen=True):
    """Forget a customer, with every id that was ever merged into them (GDPR, article 17).

    Sales stay as they are; their customer id leads to nobody. What law keeps stays sealed until its time is over.
    Who asked for it (``asked_for``) is not written to any more, whoever else has the address; the other reasons
    silence nobody.
    """

    lane: ClassVar = "customer_id"
    asked_by = ("backoffice", "hub")
    permission = "customer.erase"
    rejections = (CustomerNotFound, BalanceOpen, ErasureExists)

    erasure_id: ErasureId
    customer_id: CustomerId
    reason: ErasureReason = "asked_for"
    give_up_balances: bool = False


class GetErasure(Query[Erasure], frozen=True):
    """Read how far an erasure has come."""

    asked_by = ("backoffice", "hub")
    permission = "customer.erase"
    rejections = (ErasureNotFound,)

    erasure_id: ErasureId


class ErasureList(Reply, frozen=True):
    """Erasures, newest first."""

    erasures: tuple[Erasure, ...]


class ListErasures(Query[ErasureList], frozen=True):
    """Read which erasures there were, or only those that are not finished."""

    asked_by = ("backoffice", "hub")
    permission = "customer.erase"

    unfinished_only: bool = False
    limit: Annotated[int, Meta(ge=1, le=500)] = 100


class ErasureCertificate(Reply, frozen=True):
    """What the shop can show: who was forgotten (an id), when, where, and what had to stay.

    ``text`` says it in the language asked for. ``seal`` is a keyed hash over who it was (the ids), when and why, which
    this store alone can make; it stays the same however often, and however late, the certificate is read.
    """

    erasure_id: ErasureId
    customer_id: CustomerId
    erased_at: Timestamp
    finished_at: Timestamp
    services: tuple[Segment, ...]
    kept: tuple[KeptRecord, ...]
    text: str
    seal: Hash


class GetErasureCertificate(Query[ErasureCertificate], frozen=True):
    """Read the certificate of a finished erasure."""

    asked_by = ("backoffice", "hub")
    permission = "customer.erase"
    rejections = (ErasureNotFound, ErasureUnfinished)

    erasure_id: ErasureId
    language: LanguageCode = "en"
