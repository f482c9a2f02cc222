"""``devices test-print`` against a hub with a printer that keeps papers in a folder, and one that is not there."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.devices.printers.escpos import Tokenizer
from services.hub.escpos_paper import PaperFeed
from tests.hub_process import HubProcess, hub_process, tillwire


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubProcess]:
    folder = tmp_path_factory.mktemp("hub")
    (folder / "papers").mkdir()
    printers = [
        {"device": "printer-1", "folder": str(folder / "papers"), "registers": ["till-1"], "width_mm": 58},
        {"device": "printer-2", "host": "127.0.0.1", "port": 1, "registers": ["till-2"]},
    ]
    with hub_process(folder, more={"TILLWIRE_DEVICES_PRINTERS": json.dumps(printers)}) as hub:
        yield hub.until_ready()


def test_a_test_page_comes_out_and_the_command_says_so(hub: HubProcess) -> None:
    printed = tillwire(hub.folder, "devices", "test-print", "printer-1", "--language", "fi")

    (job,) = (Path(hub.folder) / "papers").glob("*.escpos")
    feed = PaperFeed(32)
    (paper,) = filter(None, [feed.take(token) for token in Tokenizer().feed(job.read_bytes())])
    assert (printed.returncode, printed.stdout) == (0, "the test page came out\n")
    assert "Testisivu" in paper.text


def test_a_test_page_that_waits_for_its_printer_says_why(hub: HubProcess) -> None:
    waits = tillwire(hub.folder, "devices", "test-print", "printer-2", "--patience", "0.5")

    assert waits.returncode == 1
    assert waits.stdout == "the test page waits for the printer and comes out by itself (not connected)\n"


def test_a_printer_that_is_not_set_up_is_named(hub: HubProcess) -> None:
    refused = tillwire(hub.folder, "devices", "test-print", "printer-9")

    assert refused.returncode == 1
    assert "printer-not-found" in refused.stderr
    assert "printer printer-9" in refused.stderr
