"""Customer groups: made, named, deleted, listed."""

from typing import Annotated, ClassVar

from msgspec import Meta

from contracts.base import Command, Message, Query, Rejection, Reply
from contracts.customers import GroupId, GroupNotFound


class GroupProtected(Rejection):
    """The group of all customers is always there."""


class GroupInUse(Rejection):
    """Rules of the checkout are for that group; change or remove the ``overrides`` first."""


class GroupNameTaken(Rejection):
    """Another group has that name; a file names groups by it, so choose another one."""


class Group(Message, frozen=True):
    """Customers who are treated alike; each customer is in exactly one."""

    group: GroupId
    name: str


class Groups(Reply, frozen=True):
    """All customer groups, by id."""

    groups: tuple[Group, ...]


class ListGroups(Query[Groups], frozen=True):
    """Which customer groups the store has; ``all`` is always among them."""

    asked_by = ("register", "backoffice", "hub", "policy")


class PutGroup(Command[Groups], frozen=True):
    """Make a customer group under an id made by the caller, or give it another name.

    No two groups have the same name, whatever its case and accents.
    """

    lane: ClassVar = "group"
    asked_by = ("register", "backoffice", "hub")
    permission = "customer.fields"
    rejections = (GroupNameTaken,)

    group: GroupId
    name: Annotated[str, Meta(min_length=1, max_length=100)]


class DeleteGroup(Command[Groups], frozen=True):
    """Delete a customer group; whoever is in it is in the group of all customers from then on.

    One that an override of policy names is not deleted; while policy is away it cannot be told. Of a large group the
    members are told one after the other, after the answer.
    """

    lane: ClassVar = "group"
    asked_by = ("backoffice", "hub")
    permission = "customer.fields"
    rejections = (GroupNotFound, GroupProtected, GroupInUse)

    group: GroupId
