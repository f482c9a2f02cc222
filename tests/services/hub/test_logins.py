"""Who may log in: what lies in the files, and which logins can be made and removed."""

import base64
import hashlib
import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from contracts.topics import SERVICES, Topics
from services.hub import broker_logins, logins
from services.hub.login_names import LoginRefused
from services.runtime.run import own_login
from services.runtime.settings import HubSettings, SettingsRefused


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def usernames(data: Path) -> list[str]:
    return [each.username for each in logins.list_logins(data).logins]


def test_login_file_holds_a_hash_and_no_password(tmp_path: Path) -> None:
    made = logins.make_login(tmp_path, "till-1", "register")

    path = tmp_path / "clients" / "till-1.json"
    held = json.loads(path.read_text())
    assert made.password not in path.read_text()
    assert made.password not in repr(made)
    assert held["role"] == "register"
    assert held["client_id"] == "till-1" == made.client_id
    expected = hashlib.pbkdf2_hmac(
        "sha512", made.password.encode(), base64.b64decode(held["salt"]), held["iterations"], 64
    )
    assert base64.b64decode(held["hash"]) == expected


def test_files_are_closed_to_others_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        logins.make_login(tmp_path, "till-1", "register")
        logins.ensure_logins(tmp_path)
    finally:
        os.umask(before)

    assert mode(tmp_path / "clients") == 0o750
    assert mode(tmp_path / "clients" / "till-1.json") == 0o640
    assert mode(tmp_path / "secrets") == 0o700
    assert mode(tmp_path / "secrets" / "hub") == 0o600


@pytest.mark.parametrize(
    "name",
    ["", "+", "#", "till/1", "../till", "Till-1", "till 1", "till-1\n", "till--1", "-till", "till-", "a" * 65, "täll"],
)
def test_name_that_is_no_login_is_refused_and_leaves_no_file(tmp_path: Path, name: str) -> None:
    with pytest.raises(LoginRefused, match="cannot be a login"):
        logins.make_login(tmp_path, name, "register")

    assert list(tmp_path.rglob("*")) == []


@pytest.mark.parametrize("name", ["hub", *SERVICES, "checkout-2"])
def test_name_of_the_hubs_own_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(LoginRefused, match="kept for the hub"):
        logins.make_login(tmp_path, name, "register")


@pytest.mark.parametrize("role", ["hub", "checkout", "admin", ""])
def test_role_that_is_not_given_away_is_refused(tmp_path: Path, role: str) -> None:
    with pytest.raises(LoginRefused, match="choose one of register, display, backoffice, ops"):
        logins.make_login(tmp_path, "till-1", role)  # type: ignore[arg-type] # what a person may type


def test_taken_name_is_refused_and_its_login_stays_as_it_is(tmp_path: Path) -> None:
    logins.make_login(tmp_path, "till-1", "register")
    before = (tmp_path / "clients" / "till-1.json").read_bytes()

    with pytest.raises(LoginRefused, match="already"):
        logins.make_login(tmp_path, "till-1", "ops")

    assert (tmp_path / "clients" / "till-1.json").read_bytes() == before
    assert [path.name for path in (tmp_path / "clients").iterdir()] == ["till-1.json"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"\xff\xfe",
        b"[]",
        b"{}",
        b"x" * 70_000,
        b'{"username": "till-2"}',
    ],
)
def test_damaged_file_is_named_and_the_others_still_count(tmp_path: Path, topics: Topics, content: bytes) -> None:
    logins.make_login(tmp_path, "till-1", "register")
    logins.make_login(tmp_path, "till-2", "register")
    (tmp_path / "clients" / "till-2.json").write_bytes(content)

    found = logins.list_logins(tmp_path)

    assert [each.username for each in found.logins] == ["till-1"]
    assert [each.name for each in found.damaged] == ["till-2.json"]
    rendered = json.loads(broker_logins.render_dynamic_security(tmp_path, topics))
    assert [client["username"] for client in rendered["clients"]] == ["till-1"]


@pytest.mark.parametrize(
    "change",
    [
        {"username": "till-9"},
        {"login": "till-9"},
        {"login": "#"},
        {"role": "hub"},
        {"role": "checkout"},
        {"role": "admin"},
        {"client_id": None},
        {"client_id": "till-2"},
        {"iterations": 0},
        {"iterations": 10**9},
        {"hash": "c2hvcnQ="},
        {"salt": ""},
        {"extra": 1},
    ],
)
def test_file_that_claims_more_than_it_may_is_damaged(tmp_path: Path, change: dict[str, Any]) -> None:
    logins.make_login(tmp_path, "till-1", "register")
    path = tmp_path / "clients" / "till-1.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))

    found = logins.list_logins(tmp_path)

    assert found.logins == ()
    assert [each.name for each in found.damaged] == ["till-1.json"]


def test_link_pipe_and_folder_among_the_files_are_damaged(tmp_path: Path) -> None:
    logins.make_login(tmp_path, "till-1", "register")
    clients = tmp_path / "clients"
    (clients / "link.json").symlink_to(clients / "till-1.json")
    os.mkfifo(clients / "pipe.json")
    (clients / "folder.json").mkdir()

    found = logins.list_logins(tmp_path)

    assert [each.username for each in found.logins] == ["till-1"]
    assert [each.name for each in found.damaged] == ["folder.json", "link.json", "pipe.json"]


def test_damaged_login_can_be_removed_and_made_again(tmp_path: Path) -> None:
    logins.make_login(tmp_path, "till-1", "register")
    (tmp_path / "clients" / "till-1.json").write_bytes(b"{")

    assert logins.remove_login(tmp_path, "till-1") == ("till-1",)
    logins.make_login(tmp_path, "till-1", "register")

    assert usernames(tmp_path) == ["till-1"]


def test_removed_login_takes_its_temporary_ones_along_and_no_other(tmp_path: Path) -> None:
    logins.make_login(tmp_path, "till-1", "register")
    logins.make_login(tmp_path, "till-11", "register")
    temporary = logins.make_temporary_login(tmp_path, "till-1").username
    logins.make_temporary_login(tmp_path, "till-11")

    removed = logins.remove_login(tmp_path, "till-1")

    assert removed == ("till-1", temporary)
    assert [each.login for each in logins.list_logins(tmp_path).logins] == ["till-11", "till-11"]


def test_temporary_login_is_removed_by_itself(tmp_path: Path) -> None:
    logins.make_login(tmp_path, "till-1", "register")
    temporary = logins.make_temporary_login(tmp_path, "till-1").username

    assert logins.remove_login(tmp_path, temporary) == (temporary,)

    assert usernames(tmp_path) == ["till-1"]


@pytest.mark.parametrize("login", ["hub", *SERVICES])
def test_own_login_cannot_be_removed(tmp_path: Path, login: str) -> None:
    logins.ensure_logins(tmp_path)

    with pytest.raises(LoginRefused, match="does not work without it"):
        logins.remove_login(tmp_path, login)

    assert login in usernames(tmp_path)


@pytest.mark.parametrize("login", ["till-1", "till-1--cli-1", "../secrets/hub", "till-1--../hub", "till-1--"])
def test_login_that_is_not_there_cannot_be_removed(tmp_path: Path, login: str) -> None:
    logins.ensure_logins(tmp_path)
    before = sorted(tmp_path.rglob("*"))

    with pytest.raises(LoginRefused):
        logins.remove_login(tmp_path, login)

    assert sorted(tmp_path.rglob("*")) == before


def test_temporary_login_of_nobody_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LoginRefused, match="no login 'till-1'"):
        logins.make_temporary_login(tmp_path, "till-1")


def test_own_logins_and_secrets_are_made_once(tmp_path: Path) -> None:
    logins.ensure_logins(tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    logins.ensure_logins(tmp_path)

    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
    assert sorted(usernames(tmp_path)) == sorted(["hub", *SERVICES])


@pytest.mark.parametrize("damage", ["clients/checkout.json", "secrets/checkout"])
@pytest.mark.parametrize("content", [b"", b"{", None])
def test_own_login_is_mended_with_its_secret(
    tmp_path: Path, topics: Topics, damage: str, content: bytes | None
) -> None:
    logins.ensure_logins(tmp_path)
    if content is None:
        (tmp_path / damage).unlink()
    else:
        (tmp_path / damage).write_bytes(content)

    logins.ensure_logins(tmp_path)

    made = logins.own_credentials(tmp_path, "checkout")
    clients = json.loads(broker_logins.render_dynamic_security(tmp_path, topics))["clients"]
    client = next(client for client in clients if client["username"] == "checkout")
    salt = base64.b64decode(client["salt"])
    expected = hashlib.pbkdf2_hmac("sha512", made.password.encode(), salt, client["iterations"], 64)
    assert base64.b64decode(client["password"]) == expected


def test_a_service_logs_in_with_the_secret_that_the_hub_keeps(tmp_path: Path) -> None:
    logins.ensure_logins(tmp_path)

    login = own_login(HubSettings(data=str(tmp_path), host="127.0.0.2", port=1885), "checkout")

    made = logins.own_credentials(tmp_path, "checkout")
    assert (login.username, login.password, login.client_id) == (made.username, made.password, made.client_id)
    assert (login.host, login.port) == ("127.0.0.2", 1885)


def test_a_service_without_a_whole_secret_is_told_how_to_get_one(tmp_path: Path) -> None:
    hub = HubSettings(data=str(tmp_path))
    with pytest.raises(SettingsRefused, match=r"secrets/checkout is missing: start the hub once"):
        own_login(hub, "checkout")

    logins.ensure_logins(tmp_path)
    file = tmp_path / "secrets" / "checkout"
    secret = file.read_text()
    file.write_text(secret[:-1])
    with pytest.raises(SettingsRefused, match=r"secrets/checkout holds no password: remove it") as refused:
        own_login(hub, "checkout")
    assert secret[:-1] not in str(refused.value)

    file.unlink()
    file.mkdir()
    with pytest.raises(SettingsRefused, match="holds no password"):
        own_login(hub, "checkout")


@pytest.mark.parametrize("name", ["checkout", "till-1", "../clients/till-1.json"])
def test_credentials_without_a_secret_are_refused(tmp_path: Path, name: str) -> None:
    logins.make_login(tmp_path, "till-1", "register")

    with pytest.raises(LoginRefused, match="no secret"):
        logins.own_credentials(tmp_path, name)
