"""The broker may forget everything at any moment: what it retained is there again, and nothing else."""

import asyncio
from dataclasses import replace

import msgspec
import pytest
import pytest_asyncio

from contracts.checkout import RegisterSale
from contracts.customers.privacy.telling import ErasuresState
from contracts.devices import DeviceState
from contracts.policy.telling import PolicyRevision
from contracts.staff.signing_on import RegisterSession
from contracts.topics import SERVICES
from services.hub.client import connected
from services.runtime.bus import LoginRefused, Outgoing
from tests.hub.parts import Parts
from tests.hub.raw import raw_register
from tests.hub.shop import BUTTER, WATER, Register, line, until

pytestmark = pytest.mark.asyncio(loop_scope="module")

LINES = 2
"""A bottle of water and its deposit."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def till(parts: Parts) -> Register:
    """A register with an open sale, so that every kind of state is there."""
    till = await parts.shop.register("till-1")
    await till.opened(WATER)
    return till


async def open_sale(parts: Parts, till: Register) -> RegisterSale:
    """The sale that is open on the register, as its private state tells it."""
    topic = parts.shop.topics.private(RegisterSale, till.name)
    kept = await until(parts.shop.retained, lambda kept: topic in kept, "the register's private state")
    return msgspec.json.decode(kept[topic], type=RegisterSale)


def lasting(kept: dict[str, bytes]) -> dict[str, bytes]:
    """What is retained, without what is told afresh all the time: statuses, and when erasures were last looked at."""
    told_afresh = ("/status/", f"/state/customers/{ErasuresState.path}")
    return {topic: payload for topic, payload in kept.items() if not any(each in topic for each in told_afresh)}


async def test_what_a_killed_broker_forgot_is_retained_again(parts: Parts, till: Register) -> None:
    shop, topics = parts.shop, parts.shop.topics
    wanted = {
        topics.private(RegisterSale, till.name),
        topics.state(RegisterSession, register=till.name),
        topics.state(PolicyRevision),
        topics.state(DeviceState, device="front"),
    }
    sale_topic = topics.private(RegisterSale, till.name)
    before = lasting(
        await until(
            shop.retained,
            lambda kept: wanted <= set(kept) and kept[sale_topic].count(b'"line_item_id"') == LINES,
            "all states, the sale with all its lines",
        )
    )
    sessions = {service: parts.session(service) for service in SERVICES}

    await parts.kill_broker()
    await parts.broker.start()

    after = await until(shop.retained, lambda kept: lasting(kept) == before, "all states to be there again")
    statuses = {topics.status(service) for service in SERVICES}
    after = await until(shop.retained, lambda kept: statuses <= set(kept), "all services to be online again")
    assert lasting(after) == before
    assert {service: parts.session(service) for service in SERVICES} == sessions
    sale = (await open_sale(parts, till)).sale
    assert sale is not None
    assert len((await till.ask_until_answered(line(sale.sale_id, BUTTER))).lines) == 3


async def test_an_emptied_file_of_the_plugin_locks_nobody_out_and_lets_nobody_in(parts: Parts, till: Register) -> None:
    await parts.broker.stop()
    plugin_file = parts.data / "broker" / "dynamic-security.json"
    assert plugin_file.stat().st_size > 0
    plugin_file.write_bytes(b"")

    await parts.broker.start()

    customer_id = await until(lambda: parts.shop.customer(till), bool, "a customer")
    assert customer_id
    with pytest.raises(LoginRefused):
        async with connected(replace(till.login, password="guessed"), parts.shop.topics):
            pass


async def test_what_its_owner_no_longer_has_is_cleared_and_what_is_wrong_put_right(
    parts: Parts, till: Register
) -> None:
    shop, topics = parts.shop, parts.shop.topics
    right = lasting(await until(shop.retained, lambda kept: topics.state(PolicyRevision) in kept, "the states"))
    stale = {
        "checkout": [topics.private(RegisterSale, "till-99"), topics.private(RegisterSale, till.name)],
        "devices": [topics.state(DeviceState, device="gone"), topics.state(DeviceState, device="front")],
        "staff": [f"{topics.root}/state/staff/registers/till-99", f"{topics.root}/state/staff/what/nobody/knows"],
    }
    for service, wrong in stale.items():
        await parts.stop(service)
        async with raw_register(shop.own_login(service), topics) as impostor:
            for topic in wrong:
                await impostor.bus.send(Outgoing(topic, b'{"revision": 0}', retain=True))
    assert {topic for wrong in stale.values() for topic in wrong} <= set(await shop.retained())

    await asyncio.gather(*(parts.start(service) for service in stale))

    await until(shop.retained, lambda kept: lasting(kept) == right, "only what is so to be retained")


async def test_a_removed_register_is_cut_off_at_once(parts: Parts) -> None:
    removed, other = await parts.shop.register("till-2"), await parts.shop.register("till-3")
    second = await parts.shop.second_connection(removed)
    await removed.opened(BUTTER)

    await parts.shop.cut_off("till-2")

    async with asyncio.timeout(20):
        while removed.client.online.is_set() or second.client.online.is_set():
            await asyncio.sleep(0.02)
    for login in (removed.login, second.login):
        with pytest.raises(LoginRefused):
            async with connected(login, parts.shop.topics):
                pass
    assert (await other.opened(BUTTER)).register == "till-3"
