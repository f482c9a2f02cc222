"""``demo``: one shop scene, on a hub that runs or on one of its own that ends with it."""

import os
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from services.hub.commands.catalogue import fill
from services.hub.demo import play
from services.hub.demo.scene import Played
from services.hub.demo.stage import DemoFailed, Step
from services.hub.running_hub import NoHub, find
from services.hub.supervisor import GaveUp, hub_at_work
from services.hub.terminal import AsJson, DataFolder, console, data_folder, print_plain
from services.runtime.settings import HubSettings

NEEDED = ("block", "prompt", "proceed")


async def demo(*, data: DataFolder = None, as_json: AsJson = False) -> int:
    """Play one shop scene over MQTT as a register; exits with 0 only if all of it happened."""
    narrator = _Narrator(silent=as_json)
    folder = data_folder(data)
    try:
        if _suits(folder, narrator):
            played = await play(folder, narrator.tell)
        else:
            async with _own_hub(narrator) as own:
                played = await play(own, narrator.tell)
    except (DemoFailed, GaveUp) as reason:
        narrator.say(f"The scene was broken off: {reason}", loud=True)
        return 1
    if as_json:
        print_plain(msgspec.json.encode(played).decode())
    return 0 if _whole(played) else 1


def _whole(played: Played) -> bool:
    decided = played.decisions
    in_order = decided[:1] == ["block"] and decided[-1:] == ["proceed"] and "prompt" in decided
    return in_order and played.printed and played.history == 1


def _suits(data: Path, narrator: "_Narrator") -> bool:
    try:
        hub = find(data)
    except NoHub:
        narrator.say("No hub runs here; the scene plays on one of its own, which ends with it.")
        return False
    if hub.demo_printer_port is None:
        narrator.say("The hub that runs here has printers of its own; the scene plays on another, which ends with it.")
        return False
    return True


@asynccontextmanager
async def _own_hub(narrator: "_Narrator") -> AsyncIterator[Path]:
    """A hub in a directory of its own, without the settings of this machine's, filled and online."""
    environment = {name: text for name, text in os.environ.items() if not name.startswith("TILLWIRE_")}
    with (
        tempfile.TemporaryDirectory(prefix="tillwire-demo-") as folder,
        tempfile.NamedTemporaryFile(suffix=".toml") as nothing_set,
    ):
        environment["TILLWIRE_CONFIG"] = nothing_set.name
        settings = HubSettings(store="demo", data=str(Path(folder, "data")), port=0)
        async with hub_at_work(settings, narrator.say, environment=environment) as hub:
            missing = await hub.until_online()
            if missing:
                raise DemoFailed(f"not online within a minute: {', '.join(missing)}")
            await fill(hub.client, None)
            yield hub.data


class _Narrator:
    """Tells the scene on the terminal; with ``silent`` only what went wrong, and that on standard error."""

    def __init__(self, *, silent: bool) -> None:
        self._silent = silent
        self._out = console(errors=silent)
        self._steps = 0

    def say(self, sentence: str, *, loud: bool = False) -> None:
        if loud or not self._silent:
            self._out.print(sentence, markup=False, soft_wrap=True)

    def tell(self, step: Step) -> None:
        if self._silent:
            return
        self._steps += 1
        self._out.print(f"\n{self._steps:>2}  {step.sentence}", style="bold", markup=False, soft_wrap=True)
        if step.topic:
            self._out.print(f"    {step.topic}", style="cyan", markup=False, soft_wrap=True)
        for line in step.payload.splitlines():
            self._out.print(f"    {line}", style="dim", markup=False, soft_wrap=True)
        if step.answer:
            self._out.print(f"    -> {step.answer}", style="green", markup=False, soft_wrap=True)
