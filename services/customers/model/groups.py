"""Customer groups: pure rules about them. Never here: who is in one."""

import msgspec

from contracts.base import Malformed
from contracts.customers import Customer, Group, GroupId, GroupProtected, PutGroup
from services.customers.model.texts import line

EVERYBODY = GroupId("all")


def check_deletable(group: GroupId) -> None:
    """Refuse to delete the group of all customers.

    Rejections:
        GroupProtected: it is that one.
    """
    if group == EVERYBODY:
        raise GroupProtected(field="group", group=group)


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
