"""The demo from end to end: a whole store, a whole scene, and the object it prints at its end."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

from contracts.ids import CurrencyCode
from services.hub.running_hub import RunningHub, announce, held
from tests.hub_process import HubProcess, from_scratch, hub_process, tillwire


def played(told: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    assert told.returncode == 0, told.stderr
    [line] = told.stdout.splitlines()
    found: dict[str, Any] = json.loads(line)
    return found


def settings(hub: HubProcess) -> dict[str, Any]:
    made = tillwire(hub.folder, "request", "policy", "get-settings", "{}", "--as", "till-1")
    told: dict[str, Any] = json.loads(made.stdout)["settings"]
    return told


def test_the_scene_plays_on_a_hub_of_its_own_and_leaves_nothing(tmp_path: Path) -> None:
    told = played(from_scratch(tmp_path, "demo", "--json"))

    assert told.pop("seconds") > 0
    assert told == {
        "receipt_number": "demo-till-000001",
        "total": 482,
        "currency": "EUR",
        "decisions": ["block", "block", "prompt", "proceed"],
        "printed": True,
        "history": 1,
    }
    assert not list(tmp_path.iterdir())


def test_the_scene_plays_again_and_again_on_a_running_hub_and_puts_its_settings_back(tmp_path: Path) -> None:
    with hub_process(tmp_path) as hub:
        hub.until_ready()
        assert tillwire(tmp_path, "register", "add", "till-1").returncode == 0
        before = settings(hub)

        first = played(from_scratch(tmp_path, "demo", "--json"))
        told = from_scratch(tmp_path, "demo")

        assert first["receipt_number"] == "demo-till-000001"
        assert first["history"] == 1
        assert told.returncode == 0, told.stdout + told.stderr
        assert "demo-till-000002" in told.stdout
        assert "tillwire/v1/store/request/checkout/complete-sale/demo-till" in told.stdout
        assert "Mineral water 0.7 l glass" in told.stdout
        assert settings(hub) == before
        assert "demo-till" not in tillwire(tmp_path, "register", "list").stdout


def test_a_scene_on_a_shop_with_printers_of_its_own_plays_elsewhere(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    with held(data):
        announce(data, RunningHub(os.getpid(), "127.0.0.1", 1, "shop", CurrencyCode("EUR"), demo_printer_port=None))

        told = from_scratch(tmp_path, "demo")

    assert told.returncode == 0, told.stdout + told.stderr
    assert "plays on another, which ends with it" in told.stdout
    assert "tillwire/v1/demo/request/" in told.stdout
    assert "tillwire/v1/shop/" not in told.stdout


def test_a_hub_expects_the_printer_of_the_demo_only_where_the_shop_has_none(tmp_path: Path) -> None:
    (tmp_path / "tillwire.toml").write_text(
        '[[devices.printers]]\ndevice = "front"\nhost = "127.0.0.1"\nport = 1\nregisters = ["till-1"]\n',
        encoding="utf-8",
    )
    with hub_process(tmp_path) as hub:
        hub.until_ready()
        assert hub.running["demo_printer_port"] is None
