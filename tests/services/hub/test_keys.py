"""The store's keys: made once, kept, and refused by name when damaged."""

import stat
from pathlib import Path

import pytest

from contracts.base import PermissionDenied, TokenInvalid
from services.hub.keys import DIGEST_KEY_BYTES, KeyDamaged, administrator_token, ensure_keys
from services.runtime.clock import SystemClock
from services.runtime.tokens import TokenVerifier


def contents(data: Path) -> dict[str, bytes]:
    return {str(file.relative_to(data)): file.read_bytes() for file in data.rglob("*") if file.is_file()}


def test_keys_are_made_once_and_only_their_owner_reads_the_secret_ones(tmp_path: Path) -> None:
    ensure_keys(tmp_path)
    made = contents(tmp_path)

    ensure_keys(tmp_path)

    assert contents(tmp_path) == made
    assert set(made) == {"secrets/digest.key", "secrets/staff-token.key", "staff-token.pub"}
    assert len(made["secrets/digest.key"]) == DIGEST_KEY_BYTES
    for name in ("digest.key", "staff-token.key"):
        assert stat.S_IMODE((tmp_path / "secrets" / name).stat().st_mode) == 0o600


def test_a_public_key_that_is_another_s_is_written_again(tmp_path: Path) -> None:
    ensure_keys(tmp_path)
    right = (tmp_path / "staff-token.pub").read_bytes()
    (tmp_path / "staff-token.pub").write_bytes(b"another's")

    ensure_keys(tmp_path)

    assert (tmp_path / "staff-token.pub").read_bytes() == right


def test_a_damaged_key_is_named_and_left_alone(tmp_path: Path) -> None:
    ensure_keys(tmp_path)
    key = tmp_path / "secrets" / "staff-token.key"
    key.write_bytes(b"cut off")

    with pytest.raises(KeyDamaged, match=r"staff-token\.key"):
        ensure_keys(tmp_path)

    assert key.read_bytes() == b"cut off"


def test_the_administrator_s_token_is_good_for_the_hub_and_what_it_names(tmp_path: Path) -> None:
    ensure_keys(tmp_path)
    verifier = TokenVerifier(tmp_path / "staff-token.pub", SystemClock())
    verifier.void_below("hub", 1000)

    token = administrator_token(tmp_path, "staff.edit")

    claims = verifier.check(token, caller="hub", permission="staff.edit")
    assert claims is not None
    assert claims.permissions == ("staff.edit",)
    with pytest.raises(PermissionDenied):
        verifier.check(token, caller="hub", permission="policy.edit")
    with pytest.raises(TokenInvalid):
        verifier.check(token, caller="till-1", permission="staff.edit")
