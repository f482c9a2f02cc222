"""Customer groups in the database."""

from sqlalchemy import Connection, delete, insert, select

from contracts.customers import Group, GroupId, GroupNotFound
from services.customers.store.tables import customer_group


class GroupStore:
    """The groups of a store; ``all`` is always among them."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def all(self) -> tuple[Group, ...]:
        """Every group, by id."""
        rows = self._connection.execute(select(customer_group).order_by(customer_group.c.group_id))
        return tuple(Group(GroupId(row.group_id), row.name) for row in rows)

    def check(self, group: GroupId) -> None:
        """Refuse a group that the store does not have.

        Rejections:
            GroupNotFound: it has none of that id.
        """
        found = select(customer_group.c.group_id).where(customer_group.c.group_id == group)
        if self._connection.execute(found).one_or_none() is None:
            raise GroupNotFound(field="group", group=group)

    def put(self, group: Group) -> None:
        """Make a group, or give it another name."""
        self._connection.execute(delete(customer_group).where(customer_group.c.group_id == group.group))
        self._connection.execute(insert(customer_group).values(group_id=group.group, name=group.name))

    def delete(self, group: GroupId) -> None:
        """Forget a group; whoever was in it must be in another by then."""
        self._connection.execute(delete(customer_group).where(customer_group.c.group_id == group))
