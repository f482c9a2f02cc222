"""The store's own keys: made once, read by the services, never sent anywhere.

``secrets/digest.key`` keys the hashes of handled messages; ``secrets/staff-token.key`` (Ed25519, RFC 8032)
signs the tokens of who is signed on, and ``staff-token.pub`` proves them. Never here: logins of the broker.
"""

import secrets
import time
from pathlib import Path
from typing import Final

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from contracts.staff import Permission
from services.hub import files
from services.runtime.tokens import Claims, TokenSigner

DIGEST_KEY_BYTES: Final = 32
ADMINISTRATOR: Final = "00000000-0000-8000-8000-000000000000"
"""Who the hub's administrator is where a staff member's id must stand: nobody on the staff list."""
NO_SESSION: Final = 2**31
"""Above every session number, so that no sign-on or sign-off ends the token."""
TOKEN_LIVES_S: Final = 300


class KeyDamaged(Exception):
    """A key is there but cannot be read; the sentence names its file and what to do."""


def ensure_keys(data: Path) -> None:
    """Have every key of the store; one that is there stays as it is.

    Raises:
        KeyDamaged: a key's file does not hold a key.
    """
    folder = data / "secrets"
    files.make_folder(folder, 0o700)
    files.write_new(folder / "digest.key", secrets.token_bytes(DIGEST_KEY_BYTES), 0o600)
    signing = folder / "staff-token.key"
    if not signing.exists():
        made = Ed25519PrivateKey.generate()
        files.write_new(signing, made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), 0o600)
    proving = _read(signing).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    public = data / "staff-token.pub"
    if not public.exists() or public.read_bytes() != proving:
        files.write(public, proving, 0o644)


def _read(file: Path) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(files.read(file), None)
    except (ValueError, TypeError, UnsupportedAlgorithm, files.FileDamaged) as error:
        raise KeyDamaged(
            f"{file} holds no key: bring it back from a backup, or remove it; all sign on again"
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyDamaged(f"{file} holds no Ed25519 key: remove it, and everybody signs on again")
    return key


def administrator_token(data: Path, *permissions: Permission) -> str:
    """A token for the hub's own login, good for five minutes and these permissions.

    Whoever may read the store's signing key could make one anyway: that is the hub's administrator,
    who sets things up before anybody works here.

    Raises:
        KeyDamaged: the signing key cannot be read.
    """
    key = _read(data / "secrets" / "staff-token.key")
    claims = Claims(
        sub=ADMINISTRATOR,
        client="hub",
        session=NO_SESSION,
        role="manager",
        permissions=permissions,
        exp=int(time.time()) + TOKEN_LIVES_S,
    )
    return TokenSigner(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())).sign(claims)
