"""Two records of one person become one: shown before, chosen field by field, and undone within 30 days."""

from typing import Annotated, ClassVar, Literal, NewType

from msgspec import Meta

from contracts.base import Command, Event, Message, Query, Rejection, Reply
from contracts.customers import (
    Customer,
    CustomerFacts,
    CustomerNotFound,
    RevisionConflict,
)
from contracts.customers.profile import Balances
from contracts.ids import CustomerId, Timestamp, Uuid

MergeId = NewType("MergeId", Uuid)
MergeField = Literal[
    "first_name",
    "last_name",
    "company",
    "emails",
    "phones",
    "language",
    "group",
    "receipt",
    "addresses",
    "notes",
    "tags",
    "websites",
    "handles",
    "birth_date",
    "exemption",
    "custom",
]
"""What can be chosen. Codes are not among them: all of both go on working."""
Take = Literal["survivor", "loser", "both"]
"""Whose detail is kept. ``both`` is for lists and notes: the survivor's come first."""


Takes = Annotated[dict[MergeField, Take], Meta(max_length=16)]


class SameCustomer(Rejection):
    """Both ids stand for the same customer already."""


class TakeInvalid(Rejection):
    """This detail cannot be kept of both; choose one."""


class MergeTooLarge(Rejection):
    """Both together have more of a detail than one customer can have.

    ``rule`` says how much that is. Choose whose stays (``takes``), or take some off one of the two before; of codes
    there is no choice but that, since all go on working.
    """


class PlaceholderMerged(Rejection):
    """One of the two stands for nobody; what is theirs is nobody's, and nobody becomes them."""


class MergeNotFound(Rejection):
    """Nobody was merged under that id."""


class MergeExists(Rejection):
    """That id was used for another merge."""


class MergeTooOld(Rejection):
    """A merge can be undone within 30 days, and that time is over."""


class MergeUndone(Rejection):
    """The merge was undone already."""


class MergeBuriedUnder(Rejection):
    """Another merge of the survivor stands on this one, or they were erased; undo the later merge first."""


class FieldPreview(Message, frozen=True):
    """One detail that the two do not have alike, and whose is kept unless chosen otherwise."""

    field: MergeField
    takes: tuple[Take, ...]
    suggested: Take


class MergePreview(Reply, frozen=True):
    """What a merge would make: both as they are, what differs, and the outcome. Nothing is changed by it."""

    personal: ClassVar = True

    survivor: Customer
    loser: Customer
    result: Customer
    differing: tuple[FieldPreview, ...]
    balances: Balances
    refusals: int
    """How many addresses are refused afterwards because one of the two refused them."""


class PreviewMerge(Query[MergePreview], frozen=True):
    """Look at what a merge would make of two customers."""

    asked_by = ("register", "backoffice", "hub")
    permission = "customer.merge"
    rejections = (CustomerNotFound, SameCustomer, PlaceholderMerged, TakeInvalid, MergeTooLarge)

    survivor_id: CustomerId
    loser_id: CustomerId
    take: Takes = {}  # noqa: RUF012 - msgspec copies it


class MergeCustomers(Command[Customer], frozen=True):
    """Make two customers one. The loser's id stands for the survivor for ever, at the till, too.

    History, codes, consent and balances move; nothing that is owed or owned blocks a merge. Both revisions
    are those that were looked at; the merge makes one that is higher than either.
    """

    lane: ClassVar = "survivor_id"
    asked_by = ("register", "backoffice", "hub")
    permission = "customer.merge"
    rejections = (
        CustomerNotFound,
        SameCustomer,
        PlaceholderMerged,
        RevisionConflict,
        TakeInvalid,
        MergeTooLarge,
        MergeExists,
        MergeUndone,
    )

    merge_id: MergeId
    survivor_id: CustomerId
    loser_id: CustomerId
    survivor_revision: int
    loser_revision: int
    take: Takes = {}  # noqa: RUF012 - msgspec copies it


class Merge(Message, frozen=True):
    """One merge. It can be undone until ``undo_until``."""

    merge_id: MergeId
    survivor_id: CustomerId
    loser_id: CustomerId
    merged_at: Timestamp
    undo_until: Timestamp
    undone_at: Timestamp | None = None


class Merges(Reply, frozen=True):
    """The merges that made a customer, newest first."""

    customer_id: CustomerId
    merges: tuple[Merge, ...]


class ListMerges(Query[Merges], frozen=True):
    """Which merges made this customer, undone ones too."""

    asked_by = ("register", "backoffice", "hub")
    permission = "customer.view"
    rejections = (CustomerNotFound,)

    customer_id: CustomerId


class MergeReversed(Reply, frozen=True):
    """Both are on file again, each with what was theirs; what was changed since stays with the survivor."""

    personal: ClassVar = True

    survivor: Customer
    loser: Customer


class UndoMerge(Command[MergeReversed], frozen=True):
    """Take a merge back within 30 days, the newest of a survivor first."""

    lane: ClassVar = "merge_id"
    asked_by = ("register", "backoffice", "hub")
    permission = "customer.merge"
    rejections = (MergeNotFound, MergeTooOld, MergeUndone, MergeBuriedUnder)

    merge_id: MergeId


class CustomersMerged(Event, frozen=True):
    """The loser's id stands for the survivor from now on; ``facts`` are the survivor's."""

    merge_id: MergeId
    loser_id: CustomerId
    survivor_id: CustomerId
    facts: CustomerFacts


class CustomersParted(Event, frozen=True):
    """A merge was undone: the loser's id stands for itself again; ``facts`` are the loser's, who is on file again.

    None in events of before they were told.
    """

    merge_id: MergeId
    loser_id: CustomerId
    survivor_id: CustomerId
    facts: CustomerFacts | None = None
