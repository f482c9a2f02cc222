"""The commands against a whole hub at work, each as a process of its own."""

import json
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from contracts.topics import SERVICES, Topics
from services.hub import logins
from services.hub.addresses import of_listener
from services.hub.command_line import GROUPS
from services.hub.commands.requests import with_new_ids
from services.runtime.ids import RandomIds, is_uuid
from tests.hub_process import HubProcess, environment, hub_process, tillwire, wait_for
from tests.services.hub.clients import Connection

TOPICS = Topics("store")
PIN = "271828"
BUTTER = "2000000000299"
ALL_NETWORKS = "0.0.0.0"  # noqa: S104 - passwords of a test, for a moment


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubProcess]:
    with hub_process(tmp_path_factory.mktemp("hub")) as hub:
        yield hub.until_ready()


@pytest.fixture(scope="module")
def till(hub: HubProcess) -> dict[str, Any]:
    """The login of a register made by hand."""
    return added(hub, "till-1")


def added(hub: HubProcess, name: str, *more: str) -> dict[str, Any]:
    made = tillwire(hub.folder, "register", "add", name, "--json", *more)
    assert made.returncode == 0, made.stderr
    told: dict[str, Any] = json.loads(made.stdout)
    return told


def connection(told: dict[str, Any]) -> Connection:
    return Connection(told["port"], told["username"], told["password"], told["client_id"])


def asked(hub: HubProcess, service: str, name: str, payload: str, *more: str) -> subprocess.CompletedProcess[str]:
    return tillwire(hub.folder, "request", service, name, payload, "--as", "till-1", *more)


def test_status_tells_every_service_broker_and_register(hub: HubProcess, till: dict[str, Any]) -> None:
    found = tillwire(hub.folder, "status", "--json")

    assert found.returncode == 0
    told = json.loads(found.stdout)
    assert told["broker"] == {"state": "online", "host": till["host"], "port": till["port"]}
    assert [each["name"] for each in told["services"]] == list(SERVICES)
    for each in told["services"]:
        assert (each["state"], each["answers"], each["parked"]) == ("online", True, [])
        assert each["head"] >= 0
    assert {"name": "till-1", "role": "register", "state": "unknown"} in told["registers"]


def test_status_without_a_hub_fails_and_says_so(tmp_path: Path) -> None:
    found = tillwire(tmp_path, "status", "--json")

    assert found.returncode == 1
    told = json.loads(found.stdout)
    assert told["broker"]["state"] == "offline"
    assert {each["state"] for each in told["services"]} == {"unknown"}


def test_status_without_a_hub_is_one_sentence_for_a_person(tmp_path: Path) -> None:
    found = tillwire(tmp_path, "status")

    assert (found.returncode, found.stdout) == (1, "")
    [sentence] = found.stderr.splitlines()
    assert "no hub runs on" in sentence


def test_a_command_that_needs_a_hub_says_how_to_start_one(tmp_path: Path) -> None:
    refused = tillwire(tmp_path, "staff", "list")

    assert refused.returncode == 1
    assert "no hub runs on" in refused.stderr
    assert "./tillwire up" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_register_logs_in_with_what_was_printed_and_is_cut_off_when_removed(hub: HubProcess) -> None:
    told = added(hub, "till-9")
    register = connection(told)
    try:
        assert register.connect_code == 0
        assert register.subscribe(TOPICS.replies_to("till-9")) == [1]
        assert "till-9" in tillwire(hub.folder, "register", "list").stdout

        removed = tillwire(hub.folder, "register", "remove", "till-9")

        assert removed.returncode == 0
        assert register.ended.wait(20)
    finally:
        register.close()
    again = connection(told)
    try:
        assert again.connect_code != 0
    finally:
        again.close()
    assert "till-9" not in tillwire(hub.folder, "register", "list").stdout


def test_a_login_is_made_once_and_removed_once(hub: HubProcess, till: dict[str, Any]) -> None:
    again = tillwire(hub.folder, "register", "add", till["username"])
    assert again.returncode == 1
    assert "there is a login 'till-1' already" in again.stderr
    assert tillwire(hub.folder, "register", "remove", "till-404").returncode == 1


@pytest.mark.parametrize("name", ["Till 1", "hub", "till--1"])
def test_a_name_that_no_login_can_have_is_refused(hub: HubProcess, name: str) -> None:
    refused = tillwire(hub.folder, "register", "add", name)
    assert refused.returncode == 1
    assert "Traceback" not in refused.stderr


def test_request_exits_with_0_and_prints_the_result(hub: HubProcess, till: dict[str, Any]) -> None:  # noqa: ARG001
    found = asked(hub, "checkout", "get-item", json.dumps({"item": BUTTER}))
    assert found.returncode == 0
    assert json.loads(found.stdout)["item"]["name"] == "Butter 250 g"


def test_request_reads_standard_input(hub: HubProcess, till: dict[str, Any]) -> None:  # noqa: ARG001
    found = tillwire(
        hub.folder, "request", "checkout", "get-item", "-", "--as", "till-1", said=json.dumps({"item": BUTTER})
    )
    assert json.loads(found.stdout)["item"]["code"] == "1029"


@pytest.mark.parametrize(
    ("name", "payload", "code"),
    [
        ("get-item", '{"item":"nothing"}', "item-not-found"),
        ("get-item", "no JSON", "malformed"),
        ("open-sale", json.dumps({"sale_id": RandomIds().new()}), "token-missing"),
    ],
)
def test_request_exits_with_1_and_prints_the_rejection(
    hub: HubProcess,
    till: dict[str, Any],  # noqa: ARG001
    name: str,
    payload: str,
    code: str,
) -> None:
    refused = asked(hub, "checkout", name, payload)
    assert refused.returncode == 1
    assert json.loads(refused.stdout)["code"] == code


def test_request_exits_with_2_when_nobody_answers(hub: HubProcess, till: dict[str, Any]) -> None:  # noqa: ARG001
    silent = asked(hub, "checkout", "get-item", json.dumps({"item": BUTTER}), "--patience", "0.000001")
    assert silent.returncode == 2
    assert silent.stdout == ""
    assert "no final answer from checkout" in silent.stderr


@pytest.mark.parametrize(
    ("service", "name", "told"),
    [
        ("checkot", "get-item", "there is no service 'checkot'; did you mean 'checkout'?"),
        ("x", "get-item", "there is no service 'x'; there are checkout, customers, devices, policy, staff"),
        ("checkout", "open-sail", "checkout has no request 'open-sail'; did you mean 'open-sale'?"),
        ("staff", "get-item", "staff has no request 'get-item'; "),
        ("staff", "add-owner", "'till-1' has the role register, which may not ask staff 'add-owner'; these may: hub"),
        ("policy", "back-up", "which may not ask policy 'back-up'; these may: hub, backoffice"),
    ],
)
def test_request_tells_what_is_not_there_from_what_the_role_may_not_ask(
    hub: HubProcess,
    till: dict[str, Any],  # noqa: ARG001
    service: str,
    name: str,
    told: str,
) -> None:
    refused = asked(hub, service, name, "{}")
    assert refused.returncode == 1
    assert told in refused.stderr


def test_scan_names_a_register_that_nobody_knows(hub: HubProcess) -> None:
    refused = tillwire(hub.folder, "scan", "till-404", BUTTER)
    assert refused.returncode == 1
    assert "'till-404' is no register" in refused.stderr


def test_an_empty_token_is_none(hub: HubProcess, till: dict[str, Any]) -> None:  # noqa: ARG001
    sale = '{"sale_id": "@new"}'
    refused = tillwire(
        hub.folder, "request", "checkout", "open-sale", sale, "--as", "till-1", more={"TILLWIRE_TOKEN": ""}
    )
    assert json.loads(refused.stdout)["code"] == "token-missing"


def test_each_new_id_in_a_request_is_another(hub: HubProcess, till: dict[str, Any]) -> None:  # noqa: ARG001
    """Text that only looks so stays: here a barcode, a quotation and half a word."""
    given = r'{"a": "@new", "b": ["@new"], "c": "x@new", "d": "say \"@new\"", "e": "@newer"}'
    kept = json.loads(with_new_ids(given))
    assert is_uuid(kept["a"])
    assert is_uuid(kept["b"][0])
    assert kept["a"] != kept["b"][0]
    assert (kept["c"], kept["d"], kept["e"]) == ("x@new", 'say "@new"', "@newer")

    # What is no id is malformed before anybody asks for a token.
    taken = asked(hub, "checkout", "get-sale", '{"sale_id": "@new"}')
    assert json.loads(taken.stdout)["code"] == "token-missing"


def test_a_register_is_told_an_address_that_others_can_reach(tmp_path: Path) -> None:
    own = of_listener(ALL_NETWORKS)
    with hub_process(tmp_path, "--bind", ALL_NETWORKS) as everywhere:
        everywhere.until_ready()
        told = added(everywhere, "till-1")
        printed = tillwire(tmp_path, "register", "add", "till-2").stdout

        socket.create_connection((told["host"], told["port"])).close()
    assert told["host"] == (own[0] if own else "127.0.0.1")
    for address in own:
        assert f" {address}\n" in printed
        assert not ip_address(address).is_loopback


def test_the_owner_signs_on_and_works_with_the_token(hub: HubProcess, till: dict[str, Any]) -> None:  # noqa: ARG001
    made = tillwire(hub.folder, "staff", "add-owner", "--name", "Olga Owner", "--pin-stdin", said=f"{PIN}\n")
    assert made.returncode == 0, made.stderr
    listed = json.loads(tillwire(hub.folder, "staff", "list", "--json").stdout)
    [owner] = [member for member in listed if member["role"] == "owner"]
    signed_on = asked(hub, "staff", "sign-on", json.dumps({"staff_id": owner["staff_id"], "pin": PIN}))
    token = json.loads(signed_on.stdout)["token"]
    sale = json.dumps({"sale_id": RandomIds().new()})
    message_id = RandomIds().new()
    arguments = ("request", "checkout", "open-sale", sale, "--as", "till-1", "--id", message_id)

    opened = tillwire(hub.folder, *arguments, more={"TILLWIRE_TOKEN": token})
    again = tillwire(hub.folder, *arguments, "--token", token)

    assert opened.returncode == 0
    assert json.loads(opened.stdout)["status"] == "open"
    assert again.stdout == opened.stdout
    assert tillwire(hub.folder, "scan", "till-1", BUTTER).stdout == "till-1: line_added\n"


@pytest.mark.parametrize("pin", ["12a4", "987654321"])
def test_a_pin_that_does_not_fit_is_refused_and_never_shown(hub: HubProcess, pin: str) -> None:
    refused = tillwire(hub.folder, "staff", "add-owner", "--name", "Olga", "--pin-stdin", said=f"{pin}\n")
    assert refused.returncode == 1
    assert "a PIN is 4 to 8 digits" in refused.stderr
    assert pin not in refused.stderr


def test_without_a_terminal_nobody_is_asked_for_a_pin(hub: HubProcess) -> None:
    refused = tillwire(hub.folder, "staff", "add-owner", "--name", "Olga")
    assert refused.returncode == 1
    assert "--pin-stdin" in refused.stderr


def test_items_come_from_a_file_all_or_none(hub: HubProcess, tmp_path: Path) -> None:
    file = tmp_path / "items.csv"
    file.write_text("code,name,kind,tax_class,prices\nTEA-1,Tea,goods,standard,2026-01-01=2.50\n", encoding="utf-8")
    first = tillwire(hub.folder, "items", "import", str(file))
    assert first.stdout == "1 items created, 0 changed, 0 as they were\n"
    assert json.loads(tillwire(hub.folder, "items", "show", "TEA-1").stdout)["name"] == "Tea"

    file.write_text(file.read_text(encoding="utf-8").replace("2.50", "2.505"), encoding="utf-8")
    refused = tillwire(hub.folder, "items", "import", str(file))
    assert refused.returncode == 1
    assert "row 2, prices" in refused.stderr

    file.write_text("code,name,kind,tax_class,prices\nTEA-2,Tea,goods,nowhere,2026-01-01=2.50\n", encoding="utf-8")
    unknown = tillwire(hub.folder, "items", "import", str(file))
    assert unknown.returncode == 1
    assert "refused, item-invalid" in unknown.stderr
    assert "TEA-2" in unknown.stderr


def test_backup_copies_every_database(hub: HubProcess) -> None:
    copied = tillwire(hub.folder, "backup")
    assert copied.returncode == 0
    for service in SERVICES:
        [line] = [line for line in copied.stdout.splitlines() if line.startswith(f"{service}: ")]
        assert Path(line.removeprefix(f"{service}: ").rpartition(",")[0]).read_bytes().startswith(b"SQLite format 3")


def test_watch_shows_what_ops_may_see_and_takes_its_login_along(
    hub: HubProcess,
    till: dict[str, Any],  # noqa: ARG001
    tmp_path: Path,
) -> None:
    shown = tmp_path / "shown"
    with shown.open("wb") as output:
        watching = subprocess.Popen(
            [sys.executable, "-m", "services.hub", "watch", "--service", "devices", "--register", "till-1"],
            cwd=hub.folder,
            env=environment(),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_for(lambda: [each for each in logins.list_logins(hub.data).logins if each.temporary], "the login")
        wait_for(lambda: tillwire(hub.folder, "scan", "till-1", BUTTER) and b"scanned" in shown.read_bytes(), "a scan")
    finally:
        watching.terminate()
        watching.wait(20)
    text = shown.read_text(encoding="utf-8")
    assert "register=till-1" in text
    assert BUTTER not in text
    assert "checkout" not in text
    assert not [each for each in logins.list_logins(hub.data).logins if each.temporary]


@pytest.mark.parametrize("command", ["new-id", "--help"])
def test_a_command_whose_reader_has_read_enough_ends_without_a_word(tmp_path: Path, command: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        ended = subprocess.run(
            [sys.executable, "-m", "services.hub", command],
            cwd=tmp_path,
            env=environment(),
            stdout=writer,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    finally:
        os.close(writer)

    assert (ended.returncode, ended.stderr) == (1, "")


def test_a_printer_shows_what_it_prints_and_keeps_a_picture(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "services.hub", "printer", "--port", "0", "--png", "papers"],
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
    ) as printing:
        assert printing.stdout is not None
        port = int(printing.stdout.readline().rpartition(" ")[2])
        with socket.create_connection(("127.0.0.1", port)) as caller:
            caller.sendall(b"\x1b@Two teas\n\x1dV\x00")
            assert "Two teas\n" in iter(printing.stdout.readline, "")
        printing.terminate()
    assert (tmp_path / "papers" / "receipt-0001.png").read_bytes().startswith(b"\x89PNG")


def test_a_printer_without_paper_says_so_to_its_caller(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "services.hub", "printer", "--port", "0", "--paper-out"],
        cwd=tmp_path,
        env=environment(),
        stdout=subprocess.PIPE,
        text=True,
    ) as printing:
        assert printing.stdout is not None
        port = int(printing.stdout.readline().partition(",")[0].rpartition(" ")[2])
        with socket.create_connection(("127.0.0.1", port)) as caller:
            caller.sendall(b"\x10\x04\x04")
            assert caller.recv(1) == b"\x72"
        printing.terminate()


def test_contracts_are_written(tmp_path: Path) -> None:
    written = tillwire(tmp_path, "contracts", "--out", "published")
    assert written.returncode == 0
    files = [tmp_path / line for line in written.stdout.splitlines()]
    assert files
    assert all(file.is_file() for file in files)


def test_every_command_explains_itself(tmp_path: Path) -> None:
    told = tillwire(tmp_path, "--help")
    assert told.returncode == 0
    for name in ("up", "status", "watch", "register", "staff", "items", "request", "scan", "printer", "demo", "bench"):
        assert name in told.stdout
    for group, (_, names, _) in GROUPS.items():
        listed = tillwire(tmp_path, group, "--help").stdout
        for name, what in names.items():
            assert re.search(rf"{name} +{re.escape(what[:20])}", listed), (group, name)
    refused = tillwire(tmp_path, "register", "add", "till-1", "--role", "checkout")
    assert refused.returncode != 0
    offered = re.findall(r"[a-z]+", refused.stderr.partition("hoose from")[2])
    assert offered[:4] == ["register", "display", "backoffice", "ops"]
    assert "policy" not in offered
    mistyped = tillwire(tmp_path, "up", "--colour", "red")
    assert mistyped.returncode != 0
    assert "--colour" in mistyped.stderr
