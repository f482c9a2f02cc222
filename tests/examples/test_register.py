"""The registers that the README offers for copying, each as a process of its own against a hub at work."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hub_process import ROOT, HubProcess, environment, hub_process, tillwire

PIN = "271828"
WHITE_BREAD, RYE_BREAD = "2000000000015", "2000000000022"
TOTAL, CHANGE = 179 + 329, 2000 - 179 - 329
PYTHON = (sys.executable, str(ROOT / "tests/examples/register.py"))
SHELL = (str(ROOT / "tests/examples/register.sh"),)


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a hub with its sample items and an owner has left; each hub here begins with a copy."""
    with hub_process(folder := tmp_path_factory.mktemp("filled")) as hub:
        hub.until_ready()
        made = tillwire(folder, "staff", "add-owner", "--name", "Owner", "--pin-stdin", said=PIN)
        assert made.returncode == 0
    return folder / "data"


@pytest.fixture(scope="module")
def hub(filled: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubProcess]:
    """A hub with its sample items and an owner."""
    folder = tmp_path_factory.mktemp("hub")
    shutil.copytree(filled, folder / "data")
    with hub_process(folder) as hub:
        yield hub.until_ready()


def named(what: str, example: tuple[str, ...]) -> str:
    """A register's name, other for each example."""
    return f"{what}-{Path(example[-1]).suffix[1:]}"


def start(hub: HubProcess, register: str, *command: str, patience_s: int = 5) -> subprocess.Popen[str]:
    """Start an example with a new login of that name."""
    login = json.loads(tillwire(hub.folder, "register", "add", register, "--json").stdout)
    listed = json.loads(tillwire(hub.folder, "request", "staff", "list-staff", "{}", "--as", register).stdout)
    staff_id, port = listed["staff"][0]["staff_id"], str(login["port"])
    if command[0] == sys.executable:
        command = (*command, "--login", register, "--port", port, "--staff-id", staff_id)
        command = (*command, "--patience", str(patience_s))
    settled = {"LOGIN": register, "PORT": port, "STAFF_ID": staff_id, "PATIENCE": str(patience_s)}
    return subprocess.Popen(
        command,
        env=environment({**settled, "REGISTER_PASSWORD": login["password"], "REGISTER_PIN": PIN}),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


DIES_AT_A_LINE = "checkout/after-commit:4"
"""What checkout commits: perhaps who signed on and who works here, the sale, then three lines."""
EXAMPLES = pytest.mark.parametrize(
    "example",
    [
        pytest.param(PYTHON, id="python"),
        pytest.param(SHELL, id="shell", marks=pytest.mark.skipif(shutil.which("jq") is None, reason="it needs jq")),
    ],
)


@EXAMPLES
def test_the_example_sells_two_items_for_cash_and_tells_the_receipt_number(
    hub: HubProcess, example: tuple[str, ...]
) -> None:
    selling = start(hub, register := named("seller", example), *example, WHITE_BREAD, RYE_BREAD)
    told, complained = selling.communicate(timeout=30)

    assert (complained, told) == ("", f"{register}-000001 {TOTAL} {CHANGE} EUR\n")
    assert selling.returncode == 0


@EXAMPLES
def test_the_example_asks_again_with_the_same_id_when_checkout_dies_before_it_answers(
    filled: Path, tmp_path: Path, example: tuple[str, ...]
) -> None:
    """Asked with a new id, a line that is there already would be refused."""
    shutil.copytree(filled, tmp_path / "data")
    with hub_process(tmp_path, more={"TILLWIRE_CRASH_AT": DIES_AT_A_LINE}) as hub:
        hub.until_ready()

        selling = start(hub, "till-1", *example, WHITE_BREAD, WHITE_BREAD, RYE_BREAD, patience_s=1)
        told, complained = selling.communicate(timeout=30)

        assert "add-line-item: no answer, asking again with the same id\n" in complained
        assert told == f"till-1-000001 {TOTAL + 179} {CHANGE - 179} EUR\n"


@EXAMPLES
def test_the_example_tells_a_rejection_and_fails(hub: HubProcess, example: tuple[str, ...]) -> None:
    selling = start(hub, named("wrong", example), *example, "404")
    told, complained = selling.communicate(timeout=30)

    assert told == ""
    assert "item-not-found" in complained
    assert selling.returncode != 0
