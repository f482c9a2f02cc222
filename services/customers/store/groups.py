"""Customer groups in the database."""

from sqlalchemy import Connection, delete, insert, select, update

from contracts.customers import GroupId, GroupNotFound
from contracts.customers.groups import Group
from services.customers.store.tables import customer_group


class GroupStore:
    """The groups of a store; ``all`` is always among them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def all(self) -> tuple[Group, ...]:
        """Every group, by id."""
        there = select(customer_group).where(customer_group.c.deleted.is_(False))
        rows = self._connection.execute(there.order_by(customer_group.c.group_id))
        return tuple(Group(GroupId(row.group_id), row.name) for row in rows)

    def check(self, group: GroupId) -> None:
        """Refuse a group that the store does not have.

        Rejections:
            GroupNotFound: it has none of that id.
        """
        found = select(customer_group.c.group_id).where(
            customer_group.c.group_id == group, customer_group.c.deleted.is_(False)
        )
        if self._connection.execute(found).one_or_none() is None:
            raise GroupNotFound(field="group", group=group)

    def put(self, group: Group) -> None:
        """Make a group, or give it another name. One made again while it is emptied has whoever is in it still."""
        self._connection.execute(delete(customer_group).where(customer_group.c.group_id == group.group))
        self._connection.execute(insert(customer_group).values(group_id=group.group, name=group.name))

    def begin_to_empty(self, group: GroupId) -> None:
        """Let a group be deleted for everybody, while its members are put into another one."""
        self._connection.execute(update(customer_group).where(customer_group.c.group_id == group).values(deleted=True))

    def to_empty(self) -> GroupId | None:
        """A deleted group with members on their way."""
        found = select(customer_group.c.group_id).where(customer_group.c.deleted.is_(True)).limit(1)
        group: str | None = self._connection.execute(found).scalar()
        return None if group is None else GroupId(group)

    def delete(self, group: GroupId) -> None:
        """Forget a group; whoever was in it must be in another by then."""
        self._connection.execute(delete(customer_group).where(customer_group.c.group_id == group))
