"""What of a customer is shown to whoever may not see details.

Belongs here: how a detail is covered. Never here: who may see what.
"""

from collections.abc import Mapping

import msgspec

from contracts.customers import Customer
from contracts.customers.fields import CustomField
from contracts.customers.profile import Address, FieldId

COVER = "\u2022\u2022\u2022"


def masked(customer: Customer, fields: Mapping[FieldId, CustomField]) -> Customer:
    """The customer with names and what is meant for the till; contacts, codes and homes are covered."""
    return msgspec.structs.replace(
        at_till(customer, fields),
        emails=tuple(email(each) for each in customer.emails),
        phones=tuple(COVER + each[-2:] for each in customer.phones),
        codes=tuple(code(each) for each in customer.codes),
        blocked_codes=tuple(code(each) for each in customer.blocked_codes),
        addresses=tuple(
            Address(kind=each.kind, postcode=each.postcode, city=each.city, country=each.country)
            for each in customer.addresses
        ),
        notes="",
        websites=(),
        handles=(),
        birth_date=None,
        exemption=None,
        masked=True,
    )


def at_till(customer: Customer, fields: Mapping[FieldId, CustomField]) -> Customer:
    """The customer with those custom fields alone that a till shows, whoever stands there."""
    shown = {field_id: value for field_id, value in customer.custom.items() if on_till(fields.get(field_id))}
    return msgspec.structs.replace(customer, custom=shown)


def masked_name(customer: Customer) -> str:
    """The first letter of each name, so that a person at the till can tell whether it may be the same."""
    texts = (
        (customer.first_name, customer.last_name) if customer.first_name or customer.last_name else (customer.company,)
    )
    return " ".join(each[0] + COVER for text in texts for each in text.split())


def email(text: str) -> str:
    """An email's first letter and the end of its domain."""
    local, _, domain = text.rpartition("@")
    return f"{local[:1]}{COVER}@{COVER}.{domain.rpartition('.')[2]}"


def code(text: str) -> str:
    """A code's last signs, of a short one none."""
    return COVER + (text[-3:] if len(text) > 6 else "")


def on_till(field: CustomField | None) -> bool:
    """Whether a till shows a custom field."""
    return field is not None and field.shown_on_till
