"""Which register each scanner belongs to, in memory, as it is committed. Never here: tables, threads."""

from contracts.ids import DeviceId, RegisterId
from services.devices.settings import DevicesSettings


class Assigned:
    """The register a scanner was paired with, else the one of the settings."""

    def __init__(self, settings: DevicesSettings) -> None:
        self._by_settings = {scanner.device: scanner.register for scanner in settings.scanners}
        self._paired: dict[DeviceId, RegisterId] = {}

    def register_of(self, scanner: DeviceId, paired: dict[DeviceId, RegisterId] | None = None) -> RegisterId | None:
        """The register of a scanner, or None while it has none; ``paired`` stands for what is committed."""
        pairings = self._paired if paired is None else paired
        return pairings.get(scanner) or self._by_settings.get(scanner)

    def now(self, paired: dict[DeviceId, RegisterId]) -> None:
        """Take what is committed."""
        self._paired = paired
