"""Which scan rules were given up because their pattern took too long; the log is told once of each.

In memory, from one start to the next. Never here: what was scanned, which no log may tell.
"""

from collections.abc import Sequence

from contracts.ids import DeviceId
from services.devices.settings import PATTERN_S, ScanRule
from services.runtime.log import Log


class SlowRules:
    """The rules that the log was told of since the start."""

    def __init__(self, rules: Sequence[ScanRule], log: Log) -> None:
        self._rules = rules
        self._log = log
        self._told: set[int] = set()

    def note(self, device: DeviceId, places: Sequence[int]) -> None:
        """Tell the log of rules, by their places from 0, unless it knows; ``device`` read what took so long."""
        for place in places:
            if place not in self._told:
                self._told.add(place)
                self._log.warning(
                    "scan-rule-too-slow",
                    rule=place + 1,  # as the settings are counted by people
                    kind=self._rules[place].kind,
                    device=device,
                    limit_ms=round(PATTERN_S * 1000),
                )
