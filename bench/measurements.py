"""The table of measurements, and how they are printed: one JSON object a line, ``name`` first."""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import uvloop

from bench.cold_start import cold_start
from bench.commit import commit
from bench.complete_sale import complete_sale
from bench.customer_import import customer_import
from bench.customer_search import customer_search
from bench.memory import memory
from bench.policy_check import policy_check
from bench.print_jobs import print_jobs
from bench.round_trip import round_trip
from bench.sales_per_s import sales_per_s
from bench.scan_to_line import scan_to_line
from bench.what_if import what_if

Measurement = dict[str, Any]

MEASUREMENTS: dict[str, Callable[[], Awaitable[Measurement]]] = {
    "round_trip": round_trip,
    "commit": commit,
    "policy_check": policy_check,
    "what_if": what_if,
    "customer_search": customer_search,
    "customer_import": customer_import,
    "complete_sale": complete_sale,
    "sales_per_s": sales_per_s,
    "scan_to_line": scan_to_line,
    "print_jobs": print_jobs,
    "memory": memory,
    "cold_start": cold_start,
}
"""In the order in which they are run when none is named."""


def measure_all(names: list[str], as_json: bool) -> int:
    """Measure what is named, or everything; returns the exit status."""
    unknown = [name for name in names if name not in MEASUREMENTS]
    if unknown:
        sys.stderr.write(f"there is no measurement {unknown[0]!r}; there are {', '.join(MEASUREMENTS)}\n")
        return 2
    for name in names or MEASUREMENTS:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            measured = {"name": name, **runner.run(_measured(MEASUREMENTS[name]))}
        sys.stdout.write(json.dumps(measured) + "\n" if as_json else _readable(measured))
        sys.stdout.flush()
    return 0


async def _measured(measure: Callable[[], Awaitable[Measurement]]) -> Measurement:
    return await measure()


def _readable(measured: Measurement) -> str:
    values = "  ".join(f"{key} {_text(value)}" for key, value in measured.items() if key != "name")
    return f"{measured['name']:<14}{values}\n"


def _text(value: object) -> str:
    if isinstance(value, dict):
        return " ".join(f"{key}={_text(each)}" for key, each in value.items())
    return f"{value:g}" if isinstance(value, float) else str(value)
