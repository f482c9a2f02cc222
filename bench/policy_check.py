"""``policy_check``: "may this checkout proceed?" asked of policy on a hub, as checkout asks it, against the raw limit.

The limit is a raw round trip, measured in turn with the checks. Beside it stands what the rules
alone take where 10,000 overrides are for the sale.
"""

import tempfile
import time
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Final

import msgspec

from bench.measure import figures_ms, percentile_ms
from bench.round_trip import echoed, echoes
from bench.rules import REGISTER, all_met, moderate, sale
from bench.shop import hub_online
from contracts.policy import SetSettings
from contracts.policy.checking import CheckCheckout
from services.hub import files, logins
from services.hub.client import Client, connected
from services.hub.keys import administrator_token
from services.policy.model.decision import decide
from services.policy.model.rulebook import Rulebook

SECOND: Final = "checkout-2"
TURNS = 20
"""After one that is not measured."""
A_TURN = 100
OVERRIDES = 50
MOST_RATIO = 1.5
MANY_OVERRIDES = 10_000
MANY_CHECKS = 200
MOST_MANY_MS = 5.0


async def policy_check() -> dict[str, Any]:
    """The times of one check after another, and their ratio to the limit."""
    raw, times = await _in_turns()
    told, limit = figures_ms(times), percentile_ms(raw, 50)
    return {
        **told,
        "n": len(times),
        "overrides": OVERRIDES,
        "raw_p50_ms": limit,
        "ratio_p50": round(told["p50_ms"] / limit, 2),
        "most_ratio_p50": MOST_RATIO,
        "check_10000_overrides": {**figures_ms(_checks_of_many()), "most_ms": MOST_MANY_MS},
    }


async def _in_turns() -> tuple[list[float], list[float]]:
    """The times of raw round trips and of checks, some of these and some of those: a busy moment slows both."""
    raw: list[float] = []
    times: list[float] = []
    async with AsyncExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="tillwire-bench-"))
        asker = _second_checkout(Path(folder))
        hub = await stack.enter_async_context(hub_online(folder))
        token = administrator_token(hub.data, "policy.edit")
        await hub.client.ask(SetSettings(0, moderate(OVERRIDES)), token=token)
        checkout = await stack.enter_async_context(connected(hub.running.login(asker), hub.topics))
        register = await stack.enter_async_context(echoed())
        for _ in range(1 + TURNS):
            raw += await echoes(register, A_TURN)
            times += await _checks(checkout, A_TURN)
    return raw[A_TURN:], times[A_TURN:]


async def _checks(checkout: Client, count: int) -> list[float]:
    times = []
    for _ in range(count):
        query = CheckCheckout(sale())
        began = time.perf_counter()
        await checkout.ask(query)
        times.append(time.perf_counter() - began)
    return times


def _second_checkout(data: Path) -> logins.Credentials:
    """A login as a second copy of checkout has it; second credentials of the first would send it every answer, too."""
    logins.ensure_logins(data)
    logins.make_login(data, REGISTER, "register")
    first = logins.own_credentials(data, "checkout")
    [file] = [each for each in logins.list_logins(data).logins if each.login == "checkout"]
    second = msgspec.structs.replace(file, username=SECOND, login=SECOND, client_id=SECOND)
    files.write(data / "clients" / f"{SECOND}.json", msgspec.json.encode(second), 0o640)
    return logins.Credentials(username=SECOND, login=SECOND, client_id=SECOND, password=first.password)


def _checks_of_many() -> list[float]:
    rulebook = Rulebook(all_met(MANY_OVERRIDES), 1)
    times = []
    for _ in range(MANY_CHECKS):
        facts = sale()
        began = time.perf_counter()
        decide(rulebook, facts)
        times.append(time.perf_counter() - began)
    return times
