"""Custom fields: defined, listed, judged for others, told to be printed."""

from contracts.customers.fields import (
    CheckCustomValues,
    CustomFields,
    CustomFieldsChanged,
    CustomValuesChecked,
    GetPrintedFields,
    ListCustomFields,
    PrintedFields,
    PutCustomField,
    TooManyCustomFields,
)
from services.customers.model.custom_fields import MOST_FIELDS, check_editable_on_till, custom_values, put_custom_field
from services.customers.store.custom_fields import CustomFieldStore
from services.customers.store.shown import printed_of
from services.customers.transactions import CustomersTx, CustomersView


def put(command: PutCustomField, tx: CustomersTx) -> CustomFields:
    """Define a custom field, or change its label, choices and flags.

    Rejections:
        CustomFieldFixed: it belonged to something else, or was of another kind.
        CustomFieldIncomplete: choices are missing, or there are some that nobody can choose.
        TooManyCustomFields: the store has as many as it can have.
        Malformed: its label or a choice holds a control character or shows nothing.
    """
    all_fields = {each.field: each for each in tx.custom_fields.all()}
    before = all_fields.get(command.field)
    field = put_custom_field(command, before)
    if before is None and len(all_fields) >= MOST_FIELDS:
        raise TooManyCustomFields(most=MOST_FIELDS)
    if field != before:
        tx.custom_fields.put(field)
        tx.record(CustomFieldsChanged(tx.custom_fields.revision()))
    return CustomFields(tx.custom_fields.revision(), tx.custom_fields.all())


async def list_custom_fields(query: ListCustomFields, view: CustomersView) -> CustomFields:  # noqa: ARG001 - it asks for all
    """Tell which custom fields the store has."""
    return await view.read(
        lambda connection: CustomFields(CustomFieldStore(connection).revision(), CustomFieldStore(connection).all())
    )


async def get_printed_fields(query: GetPrintedFields, view: CustomersView) -> PrintedFields:
    """What a customer's receipts show of them, as their record is now; of a merged one, the survivor's."""
    return PrintedFields(await view.read(lambda connection: printed_of(connection, query.customer_id)))


async def check_custom_values(query: CheckCustomValues, view: CustomersView) -> CustomValuesChecked:
    """Say what values become that a register gives fields of a sale or a line, by the rules for those of customers.

    Rejections:
        DetailInvalid: there is no such field, its kind cannot hold that, or a register may not fill it.
        Malformed: a text holds a control character.
    """
    fields = await view.read(lambda connection: CustomFieldStore(connection).of(query.of))
    check_editable_on_till(query.values, fields)
    values = custom_values(query.values, fields)
    return CustomValuesChecked(values, tuple(fields[each] for each in sorted(query.values)))
