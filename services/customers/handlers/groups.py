"""Customer groups: made, named, deleted, listed."""

from contracts.customers import CustomerChanged, DeleteGroup, Groups, ListGroups, PutGroup
from services.customers.model.groups import EVERYBODY, check_deletable, named_group, without_group
from services.customers.model.records import facts
from services.customers.store.groups import GroupStore
from services.customers.transactions import CustomersTx, CustomersView


def put_group(command: PutGroup, tx: CustomersTx) -> Groups:
    """Make a customer group, or give it another name.

    Rejections:
        Malformed: the name shows nothing or holds a control character.
    """
    tx.groups.put(named_group(command))
    return Groups(tx.groups.all())


def delete_group(command: DeleteGroup, tx: CustomersTx) -> Groups:
    """Delete a group; each of its members is told as one of all customers from then on.

    Rejections:
        GroupProtected: it is the group of all customers.
        GroupNotFound: there is no such group.
    """
    check_deletable(command.group)
    tx.groups.check(command.group)
    for before in tx.customers.moved(command.group, EVERYBODY, tx.now):
        after = without_group(before)
        tx.note("changed", after.customer_id, revision=after.revision, fields=("group",))
        tx.record(CustomerChanged(facts(after)))
    tx.groups.delete(command.group)
    return Groups(tx.groups.all())


async def list_groups(query: ListGroups, view: CustomersView) -> Groups:  # noqa: ARG001 - it asks for all of them
    """Tell which customer groups the store has."""
    return Groups(await view.read(lambda connection: GroupStore(connection).all()))
