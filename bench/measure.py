"""Figures of a run: percentiles of times, and what processes cost."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

TICKS_PER_S = os.sysconf("SC_CLK_TCK")


def percentile_ms(times_s: Sequence[float], percent: float) -> float:
    """The time in milliseconds that so many percent of the times do not exceed."""
    ordered = sorted(times_s)
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * percent / 100))] * 1000, 3)


def figures_ms(times_s: Sequence[float]) -> dict[str, float]:
    """The two percentiles that every measurement tells."""
    return {"p50_ms": percentile_ms(times_s, 50), "p99_ms": percentile_ms(times_s, 99)}


def cpu_s(pids: Mapping[str, int | None]) -> dict[str, float]:
    """The processor time that processes have used so far."""
    used = {}
    for name, pid in pids.items():
        if pid is not None:
            fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
            used[name] = (int(fields[11]) + int(fields[12])) / TICKS_PER_S
    return used


def pss_mb(pid: int) -> float:
    """A process's proportional share of memory, in MB: what it shares with others is divided among them."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
        if line.startswith("Pss:"):
            return round(int(line.split()[1]) / 1024, 1)
    raise LookupError(f"the kernel tells no PSS of process {pid}")


def descendants(pid: int) -> list[int]:
    """A process and all that descend from it."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    return [pid, *(each for child in children for each in descendants(int(child)))]


def process_name(pid: int) -> str:
    """What a process calls itself."""
    return Path(f"/proc/{pid}/comm").read_text(encoding="utf-8").strip()
