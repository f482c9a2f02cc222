"""Tokens: only what this store has signed, for this client, this session and this moment, is believed."""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import jwt
import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from hypothesis import example, given
from hypothesis import strategies as st

from contracts.base import PermissionDenied, TokenInvalid, TokenMissing
from services.runtime.clock import SetClock
from services.runtime.tokens import Claims, TokenSigner, TokenVerifier

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
CLAIMS = Claims(
    sub="0198c0de-0000-7000-8000-000000000001",
    client="till-1",
    session=3,
    role="clerk",
    permissions=("sale.void",),
    exp=int(NOON.timestamp()) + 60,
)
URL_SAFE = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


@dataclass
class Store:
    """Both keys of a store, at noon."""

    signer: TokenSigner
    verifier: TokenVerifier
    clock: SetClock
    public_key: bytes

    def reason(self, token: str, *, caller: str = "till-1") -> object:
        """Why a token is not valid; None when it is."""
        try:
            self.verifier.check(token, caller=caller, permission=None)
        except TokenInvalid as invalid:
            return invalid.details["reason"]
        return None


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    key = Ed25519PrivateKey.generate()
    public_key = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    file: Path = tmp_path_factory.mktemp("keys") / "staff-token.pub"
    file.write_bytes(public_key)
    clock = SetClock(NOON)
    signer = TokenSigner(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return Store(signer, TokenVerifier(file, clock), clock, public_key)


def part(content: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()


def test_a_token_says_what_was_signed(store: Store) -> None:
    assert store.verifier.check(store.signer.sign(CLAIMS), caller="till-1", permission="sale.void") == CLAIMS


def test_no_token_is_needed_where_no_permission_is(store: Store) -> None:
    assert store.verifier.check(None, caller="till-1", permission=None) is None


def test_what_needs_a_permission_needs_a_token_that_has_it(store: Store) -> None:
    with pytest.raises(TokenMissing):
        store.verifier.check(None, caller="till-1", permission="sale.void")
    with pytest.raises(PermissionDenied):
        store.verifier.check(store.signer.sign(CLAIMS), caller="till-1", permission="drawer.open")


def test_a_token_is_of_no_use_to_another_client(store: Store) -> None:
    assert store.reason(store.signer.sign(CLAIMS), caller="till-2") == "client"


def test_a_token_ends_with_its_time(store: Store) -> None:
    token = store.signer.sign(CLAIMS)
    assert store.reason(token) is None

    store.clock.set(datetime.fromtimestamp(CLAIMS.exp, UTC))

    assert store.reason(token) == "expired"
    store.clock.set(NOON)


def test_a_token_ends_with_its_session_and_never_comes_back(store: Store) -> None:
    token, later = store.signer.sign(CLAIMS), store.signer.sign(msgspec.structs.replace(CLAIMS, session=5))
    other = TokenVerifier(store.verifier._file, store.clock)  # noqa: SLF001 - one that forgets with this test
    other.void_below("till-1", 5)
    other.void_below("till-1", 4)
    other.void_below("till-2", 99)

    with pytest.raises(TokenInvalid) as ended:
        other.check(token, caller="till-1", permission=None)
    assert ended.value.details == {"reason": "session_ended"}
    assert other.check(later, caller="till-1", permission=None) is not None


def as_dict(claims: Claims) -> dict[str, object]:
    return {name: getattr(claims, name) for name in claims.__struct_fields__}


@given(place=st.integers(0), letter=st.sampled_from(URL_SAFE) | st.characters())
@example(place=0, letter="\ud800")
def test_a_token_with_any_letter_changed_is_refused(store: Store, place: int, letter: str) -> None:
    token = store.signer.sign(CLAIMS)
    place %= len(token)
    changed = token[:place] + letter + token[place + 1 :]

    assert store.reason(changed) == (None if changed == token else "signature")


@given(place=st.integers(0), letter=st.characters())
def test_a_token_with_a_letter_more_or_less_is_refused(store: Store, place: int, letter: str) -> None:
    token = store.signer.sign(CLAIMS)
    place %= len(token)

    assert store.reason(token[:place] + letter + token[place:]) == "signature"
    assert store.reason(token[:place] + token[place + 1 :]) == "signature"


def test_every_spelling_of_a_signature_but_one_is_refused(store: Store) -> None:
    """The last letter of 64 bytes in base64 has four bits to spare; PyJWT minds them."""
    token = store.signer.sign(CLAIMS)

    accepted = [letter for letter in URL_SAFE if store.reason(token[:-1] + letter) is None]

    assert accepted == [token[-1]]


@given(st.text(max_size=300))
def test_nonsense_is_refused(store: Store, nonsense: str) -> None:
    assert store.reason(nonsense) == "signature"


def test_a_token_without_a_signature_is_refused(store: Store) -> None:
    for name in ("none", "None", "NONE"):
        assert store.reason(f"{part({'alg': name, 'typ': 'JWT'})}.{part(as_dict(CLAIMS))}.") == "signature"


def test_a_token_signed_with_the_public_key_as_a_password_is_refused(store: Store) -> None:
    """RFC 8725, 2.1: whoever lets the token choose takes the public key for a shared secret."""
    signed = f"{part({'alg': 'HS256', 'typ': 'JWT'})}.{part(as_dict(CLAIMS))}"
    digest = hmac.new(store.public_key, signed.encode(), hashlib.sha256).digest()

    assert store.reason(f"{signed}.{base64.urlsafe_b64encode(digest).rstrip(b'=').decode()}") == "signature"


def test_a_token_of_another_store_is_refused(store: Store) -> None:
    foreign = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    assert store.reason(TokenSigner(foreign).sign(CLAIMS)) == "signature"


@pytest.mark.parametrize(
    "header", ["[" * 40_000, '{"a":' * 20_000, "[]", '"x"', '{"alg":5}', '{"alg":"EdDSA","crit":5}']
)
def test_a_strange_header_is_refused_and_stops_nothing(store: Store, header: str) -> None:
    encoded = base64.urlsafe_b64encode(header.encode()).rstrip(b"=").decode()

    assert store.reason(f"{encoded}.{part(as_dict(CLAIMS))}.{'A' * 86}") == "signature"


@pytest.mark.parametrize("lacking", ["sub", "exp", "client", "session", "role", "permissions"])
def test_a_signed_token_that_lacks_a_claim_is_refused(store: Store, lacking: str) -> None:
    content = {name: value for name, value in as_dict(CLAIMS).items() if name != lacking}
    token = jwt.encode(content, store.signer._key, algorithm="EdDSA")  # noqa: SLF001 - the key only a test borrows

    assert store.reason(token) == "signature"
