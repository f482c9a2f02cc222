"""A voucher's code: made from its id with a key that no database holds, known again by a hash. Pure.

A stolen database gives no code away: 100 bits are not guessed from a hash. With the key lost every printed code is
still good; it only cannot be printed again.
"""

import hashlib
import hmac
import re

from contracts.base import Malformed
from contracts.customers.balances import VoucherPurpose
from contracts.customers.vouchers import VoucherPurposeInvalid
from contracts.ids import TaxClassCode

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no letter that looks like a digit."""
CODE_LENGTH = 20
GROUP_LENGTH = 5
_PLACE = re.compile(r"([0-9-]{10})_([0-9a-f-]{36})")
_LOOK_ALIKE = str.maketrans({"O": "0", "I": "1", "L": "1"})


def code_of(voucher_id: str, key: bytes) -> str:
    """The code of a voucher, in groups as it is printed."""
    digest = hmac.digest(key, f"voucher-code/{voucher_id}".encode(), "sha256")
    number = int.from_bytes(digest)
    signs = [ALPHABET[(number >> 5 * place) & 31] for place in range(CODE_LENGTH)]
    return "-".join("".join(signs[at : at + GROUP_LENGTH]) for at in range(0, CODE_LENGTH, GROUP_LENGTH))


def code_hash(code: str) -> bytes:
    """What is kept of a code, however it was typed: case, blanks, hyphens and look-alike letters do not matter."""
    bare = code.upper().replace("-", "").replace(" ", "").translate(_LOOK_ALIKE)
    return hashlib.sha256(b"voucher/" + bare.encode()).digest()


def prove_purpose(purpose: VoucherPurpose, tax_class: TaxClassCode | None) -> None:
    """Check that the tax class is known when the tax is due, and only then.

    Rejections:
        VoucherPurposeInvalid: it is missing, or named for nothing.
    """
    if (purpose == "single_purpose") != (tax_class is not None):
        raise VoucherPurposeInvalid(field="tax_class", purpose=purpose)


def prove_one_name(given: int) -> None:
    """Check that a voucher is named in one way.

    Rejections:
        Malformed: by its code and its id, or by neither.
    """
    if given != 1:
        raise Malformed(field="$.code", rule="name the voucher by its code or by its id")


def read_place(text: str) -> tuple[str, str]:
    """Where a page of vouchers ends: the day and the id of its last one.

    Rejections:
        Malformed: it is none.
    """
    match = _PLACE.fullmatch(text)
    if match is None:
        raise Malformed(field="$.next", rule="'next' is taken from the page before as it stands there")
    return match[1], match[2]
