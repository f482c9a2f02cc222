"""Which registers a store has, as the files of its logins say."""

from pathlib import Path

import msgspec

from services.hub import logins
from services.runtime import known_clients


def test_registers_are_the_logins_of_that_role_as_the_hub_made_them(tmp_path: Path) -> None:
    for name, role in (("till-1", "register"), ("till-2", "register"), ("eye", "ops"), ("office", "backoffice")):
        logins.make_login(tmp_path, name, role)  # type: ignore[arg-type] # the four are roles

    assert known_clients.registers(tmp_path) == {"till-1", "till-2"}


def test_a_store_without_logins_has_no_register(tmp_path: Path) -> None:
    assert known_clients.registers(tmp_path) == frozenset()


def test_a_file_that_was_cut_short_names_no_register_and_hides_none(tmp_path: Path) -> None:
    logins.make_login(tmp_path, "till-1", "register")
    (tmp_path / "clients" / "till-2.json").write_bytes(b'{"login": "til')
    (tmp_path / "clients" / "till-3.json").write_bytes(msgspec.json.encode({"login": 3}))
    (tmp_path / "clients" / "till-4.json").write_bytes(b'{"login": "till\xff-4", "role": "register"}')
    (tmp_path / "clients" / "till-5.json").mkdir()

    assert known_clients.registers(tmp_path) == {"till-1"}
