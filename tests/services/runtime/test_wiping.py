"""When a database is rebuilt, so that nothing that was deleted is left of it in its files."""

from datetime import time

import pytest

from services.runtime.wiping import REBUILT_AT_ONCE_BYTES, may_rebuild

LARGE = REBUILT_AT_ONCE_BYTES + 1


@pytest.mark.parametrize(
    ("size", "wall_clock", "waited", "may"),
    [
        (REBUILT_AT_ONCE_BYTES, time(12), False, True),
        (LARGE, time(12), False, False),
        (LARGE, time(0, 59), False, False),
        (LARGE, time(1), False, True),
        (LARGE, time(4, 59), False, True),
        (LARGE, time(5), False, False),
        (LARGE, time(12), True, True),
    ],
)
def test_a_large_database_is_rebuilt_at_night_and_by_day_only_when_it_has_waited_enough(
    size: int,
    wall_clock: time,
    waited: bool,
    may: bool,
) -> None:
    assert may_rebuild(size, wall_clock, waited=waited) == may
