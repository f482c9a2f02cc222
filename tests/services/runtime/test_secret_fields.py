"""Secret fields never reach a place where messages are kept."""

from typing import Annotated

import msgspec
from msgspec import Meta

from contracts.staff import Pin
from services.runtime.secret_fields import secret_fields, without_secrets

Secret = Annotated[str, Meta(extra={"secret": True})]


class Plain(msgspec.Struct):
    """Nothing to hide; ``extra`` may say other things."""

    name: Annotated[str, Meta(extra={"unit": "mm"})]


class SignsOn(msgspec.Struct, rename="camel"):
    """Secrets in every way a contract may write them."""

    staff_id: str
    pin: Pin
    new_pin: Pin | None = None
    approval_code: Annotated[Secret, Meta(max_length=20)] = ""


def test_marked_fields_are_known_by_their_names_on_the_wire() -> None:
    assert secret_fields(SignsOn) == {"pin", "newPin", "approvalCode"}
    assert secret_fields(Plain) == frozenset()


def test_a_message_is_kept_without_them() -> None:
    assert without_secrets(SignsOn("s1", "4711", "4712", "code")) == {"staffId": "s1"}
    assert without_secrets(Plain("a")) == {"name": "a"}
