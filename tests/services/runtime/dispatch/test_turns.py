"""Turns: nobody starves, lanes never overlap, bounds hold, and all that is admitted gets its turn."""

from collections import Counter
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from services.runtime.dispatch.turns import Turns

CALLERS = ("till-1", "till-2", "till-3", "kiosk")
LANES = ("sale-1", "sale-2", "sale-3")

Work = tuple[str, str, int]
"""Caller, lane and number."""


@dataclass
class Bench:
    """Turns, with what was started and is not finished."""

    per_caller: int = 8
    most: int = 256
    at_work: int = 64
    running: list[Work] = field(default_factory=list)
    started: list[Work] = field(default_factory=list)
    waiting: list[Work] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.turns = Turns(most_per_caller=self.per_caller, most=self.most, most_at_work=self.at_work)

    def admit(self, caller: str, lane: str, number: int = 0) -> bool:
        work = (caller, lane, number)
        self.waiting.append(work)
        admitted = self.turns.admit(caller, lane, lambda: self._start(work))
        if not admitted:
            self.waiting.remove(work)
        return admitted

    def finish(self, place: int = 0) -> None:
        caller, lane, _number = self.running.pop(place % len(self.running))
        self.turns.finished(caller, lane)

    def _start(self, work: Work) -> None:
        self.waiting.remove(work)
        self.running.append(work)
        self.started.append(work)

    def held(self) -> Counter[str]:
        return Counter(caller for caller, _lane, _number in (*self.running, *self.waiting))


def test_work_in_a_free_lane_starts_at_once() -> None:
    bench = Bench()

    assert bench.admit("till-1", "sale-1")
    assert bench.admit("till-1", "sale-2")

    assert len(bench.running) == 2


def test_work_in_a_busy_lane_waits_and_lets_other_lanes_pass() -> None:
    bench = Bench()
    for number, lane in enumerate(("sale-1", "sale-1", "sale-2")):
        bench.admit("till-1", lane, number)
    assert [number for _caller, _lane, number in bench.started] == [0, 2]

    bench.finish()

    assert [number for _caller, _lane, number in bench.started] == [0, 2, 1]


def test_a_caller_past_its_bound_is_told_and_others_are_not() -> None:
    bench = Bench(per_caller=2)

    assert [bench.admit("till-1", "sale-1", number) for number in range(3)] == [True, True, False]
    assert bench.admit("till-2", "sale-1")


def test_room_comes_back_when_work_is_finished() -> None:
    bench = Bench(per_caller=1)
    bench.admit("till-1", "sale-1")
    assert not bench.admit("till-1", "sale-2")

    bench.finish()

    assert bench.admit("till-1", "sale-2")


def test_all_callers_together_have_a_bound() -> None:
    bench = Bench(most=3)

    assert [bench.admit(caller, caller) for caller in CALLERS] == [True, True, True, False]


def test_a_caller_with_much_work_lets_another_pass() -> None:
    bench = Bench(at_work=1)
    for number in range(8):
        bench.admit("till-1", f"sale-{number}", number)
    bench.admit("till-2", "sale-x")

    bench.finish()
    bench.finish()

    assert [caller for caller, _lane, _number in bench.started] == ["till-1", "till-1", "till-2"]


ACTS = st.lists(
    st.tuples(st.sampled_from(CALLERS), st.sampled_from(LANES)) | st.integers(0, 63), min_size=1, max_size=120
)


@given(acts=ACTS, per_caller=st.integers(1, 4), most=st.integers(1, 10), at_work=st.integers(1, 3))
def test_bounds_hold_lanes_never_overlap_and_all_that_is_admitted_gets_its_turn(
    acts: list[tuple[str, str] | int], per_caller: int, most: int, at_work: int
) -> None:
    bench = Bench(per_caller, most, at_work)
    admitted: list[Work] = []
    for number, act in enumerate(acts):
        if isinstance(act, tuple):
            caller, lane = act
            free = bench.held()[caller] < per_caller and bench.held().total() < most
            assert bench.admit(caller, lane, number) == free
            if free:
                admitted.append((caller, lane, number))
        elif bench.running:
            bench.finish(act)
        lanes = [lane for _caller, lane, _number in bench.running]
        assert len(lanes) == len(set(lanes)) <= at_work
        idle = [lane for _caller, lane, _number in bench.waiting if lane not in lanes]
        assert not idle or len(lanes) == at_work  # nothing waits for no reason
    while bench.running:
        bench.finish()

    assert sorted(bench.started) == sorted(admitted)
    for caller in CALLERS:
        for lane in LANES:
            own = [number for by, where, number in bench.started if (by, where) == (caller, lane)]
            assert own == sorted(own)


@given(acts=st.lists(st.sampled_from(CALLERS) | st.integers(0, 63), min_size=1, max_size=150))
def test_while_a_caller_waits_no_other_is_served_twice(acts: list[str | int]) -> None:
    """Every piece of work has a lane of its own here, so only callers stand in each other's way."""
    bench = Bench(per_caller=6, most=100, at_work=2)
    seen = 0
    passed: dict[str, Counter[str]] = {}
    for number, act in enumerate(acts):
        if isinstance(act, str):
            bench.admit(act, f"own-{number}", number)
        elif bench.running:
            bench.finish(act)
        for caller, _lane, _number in bench.started[seen:]:
            passed.pop(caller, None)
            for others in passed.values():
                others[caller] += 1
                assert others[caller] == 1
        seen = len(bench.started)
        for caller, _lane, _number in bench.waiting:
            passed.setdefault(caller, Counter())
