"""Customer groups: pure rules about them. Never here: who is in one."""

from collections.abc import Iterable

import msgspec

from contracts.base import Malformed
from contracts.customers import Customer, GroupId
from contracts.customers.groups import Group, GroupInUse, GroupNameTaken, GroupProtected, PutGroup
from contracts.policy import PolicySettings
from services.customers.model.search import fold
from services.customers.model.texts import line

EVERYBODY = GroupId("all")


def check_deletable(group: GroupId) -> None:
    """Refuse to delete the group of all customers.

    Rejections:
        GroupProtected: it is that one.
    """
    if group == EVERYBODY:
        raise GroupProtected(field="group", group=group)


def check_unused(group: GroupId, settings: PolicySettings) -> None:
    """Refuse to delete a group that the rules of the checkout name: those could not be saved again without it.

    Rejections:
        GroupInUse: ``overrides`` names which ones.
    """
    named = [each.override_id for each in settings.overrides if each.when.customer_group == group]
    if named:
        raise GroupInUse(field="group", group=group, overrides=named)


def check_name(group: Group, others: Iterable[Group], field: str = "name") -> None:
    """Refuse a name that another group has, whatever its case and accents.

    Args:
        group: The one that gets the name.
        others: All that there are, itself or not.
        field: What a refusal names.

    Rejections:
        GroupNameTaken: ``group`` is the other one.
    """
    for other in others:
        if other.group != group.group and fold(other.name).split() == fold(group.name).split():
            raise GroupNameTaken(field=field, group=other.group)


def without_group(customer: Customer) -> Customer:
    """The customer in the group of all customers, the revision one higher."""
    return msgspec.structs.replace(customer, group=EVERYBODY, revision=customer.revision + 1)


def named_group(command: PutGroup) -> Group:
    """A group with its name as it is kept.

    Rejections:
        Malformed: the name shows nothing or holds a control character.
    """
    name = line(command.name, "name", "a group's name is one line without control characters")
    if not name:
        raise Malformed(field="$.name", rule="a group's name is not blank")
    return Group(command.group, name)
