"""What the README says is so: its commands, its map, its settings, and the sale that it makes by hand."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from services.checkout.settings import CheckoutSettings
from services.customers.settings import CustomersSettings
from services.devices.settings import DevicesSettings
from services.hub.command_line import COMMANDS, GROUPS
from services.policy.settings import PolicyServiceSettings
from services.runtime.settings import OWN_VARIABLES, HubSettings, load
from services.staff.settings import StaffSettings
from tests.hub_process import ROOT, HubProcess, environment, hub_process, tillwire

README = (ROOT / "README.md").read_text(encoding="utf-8")
SETTINGS_PAGE = (ROOT / "deploy" / "settings.md").read_text(encoding="utf-8")
SETTINGS: dict[str, type[msgspec.Struct]] = {
    "": HubSettings,
    "checkout": CheckoutSettings,
    "customers": CustomersSettings,
    "staff": StaffSettings,
    "policy": PolicyServiceSettings,
    "devices": DevicesSettings,
}
SHOWN = "#> "


def section(title: str) -> str:
    """What stands below a heading, up to the next."""
    return README.split(f"\n## {title}\n")[1].split("\n## ")[0]


def block(text: str, language: str) -> str:
    """The first block of a language in a text."""
    return text.split(f"```{language}\n")[1].split("```", 1)[0]


def rows(text: str) -> list[list[str]]:
    """The cells of the rows of a table, without its head."""
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [[cell.strip(" `") for cell in line[1:-1].split("|")] for line in lines[2:]]


def events_shown(lines: Iterator[str] | list[str]) -> dict[str, list[str]]:
    """The events among some lines, by topic, with the names of their fields."""
    told = (line.partition(" ") for line in lines if line.startswith("tillwire/v1/"))
    return {topic: list(json.loads(payload)) for topic, _, payload in told}


def test_a_newcomer_has_read_it_soon_and_sees_a_message_before_line_30() -> None:
    lines = README.splitlines()

    assert len(lines) < 200
    assert events_shown(lines[:29])


def test_every_command_it_names_is_there() -> None:
    named = set(re.findall(r"\./tillwire ([a-z][a-z-]*)(?: ([a-z][a-z-]*))?", README.replace("`", " ")))
    launcher = set(re.findall(r"^    ([a-z]+)\)$", (ROOT / "tillwire").read_text(encoding="utf-8"), re.MULTILINE))

    groups = {first: second for first, second in named if first in GROUPS}
    assert {first for first, _ in named} <= {*COMMANDS, *GROUPS, *launcher}
    assert all(second in GROUPS[first][1] for first, second in groups.items())
    assert {"up", "test", "demo", "register", "request"} <= {first for first, _ in named}


def test_every_readme_watches_with_the_same_login() -> None:
    """What a newcomer copies works in any of them: a login that the first page makes, in the store it names."""
    texts = [
        file.read_text(encoding="utf-8")
        for folder in ("contracts", "services")
        for file in (ROOT / folder).rglob("README.md")
    ]
    shown = [line for text in texts for line in re.findall(r"^\$? ?(mosquitto_sub .*)$", text, re.MULTILINE)]
    [known] = re.findall(r"^(mosquitto_sub .*) '", README, re.MULTILINE)

    assert len(shown) >= 5
    assert [line for line in shown if not line.startswith(f"{known} 'tillwire/v1/store/")] == []


def test_every_folder_on_its_map_and_every_file_it_leads_to_is_there() -> None:
    mapped = [folder for folder, _ in rows(section("The map"))]
    named = [*mapped, *re.findall(r"\]\(([^)]+)\)", README), *re.findall(r"`((?:tests|contracts)/[a-z/]+)`", README)]

    assert [path for path in named if not (ROOT / path).exists()] == []
    listed = {service.parent.name for service in ROOT.glob("services/*/__init__.py")}
    assert {Path(folder).name for folder in mapped if folder.startswith("services/")} - {"services"} == listed


def test_the_table_of_settings_is_what_hub_and_services_read() -> None:
    """An empty cell is a setting without a default of its own."""
    table = {(owner.strip("[]"), name): default for owner, name, default, _ in rows(SETTINGS_PAGE)}

    read = {
        (owner, field.name): "" if field.default is None else json.dumps(field.default)
        for owner, settings in SETTINGS.items()
        for field in msgspec.structs.fields(settings)
        if not owner or field.name not in HubSettings.__struct_fields__  # what both name is the hub's to say
    }
    assert table == read


def test_its_example_of_a_settings_file_is_taken(tmp_path: Path) -> None:
    file = tmp_path / "tillwire.toml"
    file.write_text(block(section("Settings"), "toml"), encoding="utf-8")

    taken: dict[str, Any] = {
        owner: load(own, owner or None, variables={}, file=file) for owner, own in SETTINGS.items()
    }

    assert (taken["checkout"].country, taken["customers"].country) == ("FI", "FI")
    assert taken["devices"].printer_of("till-1").host == "192.168.1.50"
    assert taken["devices"].scanners[0].usb == "05e0:1200"


def test_every_variable_it_names_is_read() -> None:
    named = set(re.findall(r"TILLWIRE_[A-Z_]+", README + SETTINGS_PAGE))
    settings = {
        "_".join(filter(None, ("TILLWIRE", owner, field.name))).upper()
        for owner, own in SETTINGS.items()
        for field in msgspec.structs.fields(own)
    }

    assert named <= settings | OWN_VARIABLES
    assert named >= OWN_VARIABLES - {"TILLWIRE_CRASH_AT"}


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubProcess]:
    """A hub in a folder where ``./tillwire`` is the command line."""
    folder = tmp_path_factory.mktemp("hub")
    launcher = folder / "tillwire"
    launcher.write_text(f'#!/bin/sh\nexec {sys.executable} -m services.hub "$@"\n', encoding="utf-8")
    launcher.chmod(0o755)
    with hub_process(folder) as hub:
        yield hub.until_ready()


@pytest.mark.skipif(shutil.which("jq") is None, reason="the README's sale needs jq")
def test_the_sale_by_hand_prints_what_it_shows_and_mosquitto_sub_sees_it(hub: HubProcess) -> None:
    sale = block(section("The first sale by hand"), "sh") + block(
        section("A rule, a prompt and a manager by hand"), "sh"
    )
    shown = [line.removeprefix(SHOWN) for line in sale.splitlines() if line.startswith(SHOWN)]
    with watching(hub) as watcher:
        made = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", sale],
            cwd=hub.folder, env=environment(), capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        assert made.returncode == 0, made.stderr
        assert watcher.stdout is not None
        seen = events_shown(list(watcher.stdout))

    assert made.stdout.splitlines() == shown
    assert len(shown) >= 6
    assert events_shown(README.splitlines()).items() <= seen.items()


def watching(hub: HubProcess) -> subprocess.Popen[str]:
    """What the README says to watch with, on that hub's port and ending with the fourth event."""
    login = json.loads(tillwire(hub.folder, "register", "add", "eye", "--role", "ops", "--json").stdout)
    [command] = re.findall(r"^mosquitto_sub .*$", README, re.MULTILINE)
    command = command.replace("-p 1884", f"-p {login['port']}").replace("PASSWORD", login["password"])
    watcher = subprocess.Popen(
        ["bash", "-c", f"exec stdbuf -oL {command} -d -C 4 -W 50"],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert watcher.stdout is not None
    assert any("SUBACK" in line for line in watcher.stdout)
    return watcher
