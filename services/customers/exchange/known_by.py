"""By which email or phone a row is known: by one alone that is one.

Never here: codes, ids and names, which each layout has its own of.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import phonenumbers

from contracts.base import Rejection
from services.customers.model.records import emails, phones


def contacts(said: Mapping[str, Any], country: str | None) -> Iterator[tuple[str, str]]:
    """The first email and the first phone of a row, each with what it is: those that are none name nobody.

    Half a file may have the phone ``n/a``. Where no ``country`` was named, nobody here knows the store's: a phone is
    one that is in use anywhere, and the service looks again (``model/importing.py``).
    """
    email = next((each for each in said.get("emails", ()) if _is_email(each)), None)
    if email is not None:
        yield "email", email
    phone = next((each for each in said.get("phones", ()) if _is_phone(each, country)), None)
    if phone is not None:
        yield "phone", phone


def _is_email(text: str) -> bool:
    try:
        return bool(emails((text,)))
    except Rejection:
        return False


@lru_cache(maxsize=1000)
def _is_phone(text: str, country: str | None) -> bool:
    if country is None:
        return any(_is_phone_of(text, each) for each in sorted(phonenumbers.SUPPORTED_REGIONS))
    return _is_phone_of(text, country)


def _is_phone_of(text: str, country: str) -> bool:
    try:
        return bool(phones((text,), country))
    except Rejection:
        return False
