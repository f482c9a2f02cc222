"""Customer groups: made, named, deleted, listed."""

from contracts.customers import GroupId
from contracts.customers.asking import CustomerChanged
from contracts.customers.groups import DeleteGroup, Groups, ListGroups, PutGroup
from contracts.policy import GetSettings, PolicySettings
from services.customers.model.groups import (
    EVERYBODY,
    check_deletable,
    check_name,
    check_unused,
    named_group,
    without_group,
)
from services.customers.model.records import facts
from services.customers.store.groups import GroupStore
from services.customers.transactions import CustomersTx, CustomersView
from services.runtime.asking import Ask

MOVED_AT_ONCE = 100
"""So many members change their group in one transaction: some 10 ms, for which a till may wait."""


def put_group(command: PutGroup, tx: CustomersTx) -> Groups:
    """Make a customer group, or give it another name.

    Rejections:
        Malformed: the name shows nothing or holds a control character.
        GroupNameTaken: another group has it.
    """
    group = named_group(command)
    check_name(group, tx.groups.all())
    tx.groups.put(group)
    return Groups(tx.groups.all())


async def prepare_delete_group(command: DeleteGroup, view: CustomersView, ask: Ask) -> PolicySettings:
    """Ask policy for the rules in force, which may name the group.

    Rejections:
        GroupProtected: it is the group of all customers.
        GroupNotFound: there is no such group.
        Unavailable: policy does not answer.
    """
    check_deletable(command.group)
    await view.read(lambda connection: GroupStore(connection).check(command.group))
    return (await ask(GetSettings())).settings


def delete_group(command: DeleteGroup, rules: PolicySettings, tx: CustomersTx) -> Groups:
    """Delete a group; each of its members is told as one of all customers from then on, those of a large one later.

    Rejections:
        GroupInUse: the rules of the checkout name it.
        GroupNotFound: there is no such group any more.
    """
    check_unused(command.group, rules)
    tx.groups.check(command.group)
    tx.groups.begin_to_empty(command.group)
    empty_further(tx, command.group)
    tx.after_commit(tx.group_deleted)
    return Groups(tx.groups.all())


def empty_further(tx: CustomersTx, group: GroupId) -> None:
    """Put some more members of a deleted group into that of all customers; with the last of them it is gone."""
    members = tx.customers.move(group, EVERYBODY, MOVED_AT_ONCE, tx.now)
    for before in members:
        after = without_group(before)
        tx.note("changed", after.customer_id, revision=after.revision, fields=("group",))
        tx.record(CustomerChanged(facts(after)))
    if len(members) < MOVED_AT_ONCE:
        tx.groups.delete(group)


async def list_groups(query: ListGroups, view: CustomersView) -> Groups:  # noqa: ARG001 - it asks for all of them
    """Tell which customer groups the store has."""
    return Groups(await view.read(lambda connection: GroupStore(connection).all()))
