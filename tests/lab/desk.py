"""The test's side of the machine: says what is to happen, and waits for what is heard."""

from typing import Any

from tests.lab.hid import keys_of
from tests.lab.machine import Machine


class Desk:
    """Devices on a machine, and what a person does with them."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._heard: list[dict[str, Any]] = []
        self._controllers: dict[str, str] = {}

    def do(self, what: str, **how: Any) -> dict[str, Any]:
        """Have something done in the machine and return what it told."""
        self._machine.send({"do": what, **how})
        while (message := self._machine.next(within_s=60)).get("done") != what:
            self._heard.append(message)
        return message

    def heard(self) -> dict[str, Any]:
        """The next thing that was heard of a scanner."""
        return self._heard.pop(0) if self._heard else self._machine.next()

    def scan(self, name: str, text: str, **how: Any) -> None:
        """Have a scanner read a code and press Enter."""
        self.do("press", name=name, keys=keys_of(text + "\n", **how))

    def unplug(self, name: str) -> None:
        """Pull a device out."""
        self._controllers[name] = self.do("look")["controllers"][name]
        self.do("plug", name=name, controller="")

    def plug(self, name: str) -> None:
        """Plug in again what was pulled out, where it was."""
        self.do("plug", name=name, controller=self._controllers[name])

    def plug_and_hold(self, name: str, serial: str) -> None:
        """Plug in what another program takes for itself first."""
        self.do("plug-and-hold", name=name, controller=self._controllers[name], serial=serial)
