"""The custom fields that the shop defined."""

import msgspec
from sqlalchemy import Connection, delete, func, insert, select

from contracts.customers.fields import CustomField, FieldOwner
from contracts.customers.profile import FieldId
from services.customers.store.tables import custom_field


class CustomFieldStore:
    """All custom fields, the retired ones too."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def all(self) -> tuple[CustomField, ...]:
        """Every field, by id."""
        rows = self._connection.execute(select(custom_field.c.field).order_by(custom_field.c.field_id))
        return tuple(msgspec.json.decode(text, type=CustomField) for text in rows.scalars())

    def of(self, owner: FieldOwner) -> dict[FieldId, CustomField]:
        """The fields of customers, sales or lines, by id."""
        return {each.field: each for each in self.all() if each.of == owner}

    def revision(self) -> int:
        """How often fields were changed; 0 before there is any."""
        newest: int | None = self._connection.execute(select(func.max(custom_field.c.revision))).scalar()
        return newest or 0

    def put(self, field: CustomField) -> None:
        """Define a field, in the place of what it was before."""
        revision = self.revision() + 1
        self._connection.execute(delete(custom_field).where(custom_field.c.field_id == field.field))
        self._connection.execute(
            insert(custom_field).values(
                field_id=field.field, revision=revision, field=msgspec.json.encode(field).decode()
            )
        )
