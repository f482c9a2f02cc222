"""The ids of merged customers, each of which stands for the customer it was merged into."""

from sqlalchemy import Connection, bindparam, delete, insert, select

from services.customers.store.privacy_tables import customer_alias
from services.runtime.prepared import Prepared

_INTO = Prepared(select(customer_alias.c.into_id).where(customer_alias.c.customer_id == bindparam("customer_id")))


def resolve(connection: Connection, customer_id: str) -> str:
    """The customer whom an id stands for: itself, or whom it was merged into, however often."""
    return stands_for(connection, customer_id)[-1]


def stands_for(connection: Connection, customer_id: str) -> tuple[str, ...]:
    """An id and all that it was merged into, one after another; the last one is on file."""
    present = [customer_id]
    while (alias := _INTO.first(connection, {"customer_id": present[-1]})) is not None:
        present.append(alias.into_id)
    return tuple(present)


def family(connection: Connection, customer_id: str) -> tuple[str, ...]:
    """A customer's id and all ids that stand for it, so that what befell any of them is found."""
    mine = select(customer_alias.c.customer_id).where(customer_alias.c.into_id == customer_id).cte(recursive=True)
    mine = mine.union(select(customer_alias.c.customer_id).join(mine, customer_alias.c.into_id == mine.c.customer_id))
    others = connection.execute(select(mine.c.customer_id).order_by(mine.c.customer_id)).scalars()
    return (customer_id, *others)


def point(connection: Connection, customer_id: str, into_id: str, merge_id: str) -> None:
    """Let an id stand for another customer from now on."""
    connection.execute(insert(customer_alias).values(customer_id=customer_id, into_id=into_id, merge_id=merge_id))


def unpoint(connection: Connection, customer_id: str) -> None:
    """Let an id stand for itself again."""
    connection.execute(delete(customer_alias).where(customer_alias.c.customer_id == customer_id))
