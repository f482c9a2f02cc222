"""Hands that play the scanners of a shop: what is passed to ``scan`` was read by one."""

from collections.abc import Callable

from services.devices.scanners.watching import Heard, LineRead
from services.devices.settings import DevicesSettings
from services.runtime.log import Log


class Hands:
    """Plays both scanners: what is passed to ``type`` was read by one."""

    def __init__(self) -> None:
        self.type: Callable[[Heard], None] | None = None

    def make(self, settings: DevicesSettings, heard: Callable[[Heard], None], _log: Log) -> "Hands":
        """Take the place of what reads the scanners."""
        assert settings.scanners
        self._heard = heard
        return self

    def start(self) -> None:
        self.type = self._heard

    async def stop(self) -> None:
        self.type = None

    def scan(self, text: str, device: str = "scanner-1") -> None:
        self.tell(LineRead(device, text))

    def tell(self, heard: Heard) -> None:
        assert self.type is not None
        self.type(heard)
