"""Whatever a register sends is answered with a clear rejection or refused by the broker; nothing stops for it."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from contracts.checkout import RegisterSale
from contracts.checkout.completed import SaleCompleted
from contracts.checkout.paying import CheckSale
from contracts.checkout.reading import GetSale
from contracts.checkout.selling import OpenSale
from contracts.ids import SaleId, StaffId
from contracts.policy.telling import PolicyRevision
from contracts.staff.signing_on import SignedOn, SignOn
from contracts.topics import SERVICES
from services.hub.client import connected
from services.hub.supervisor import Hub
from services.runtime.bus import ConnectionLost, LoginRefused, Outgoing, PublishRefused
from tests.hub.raw import RawRegister, raw_register
from tests.hub.shop import BUTTER, IDS, PIN, Register, Shop, line, standing_still

pytestmark = pytest.mark.asyncio(loop_scope="module")

WRONG_PIN = "00000000"
A_UUID = "01939f6e-7a2b-7c3d-8e4f-5a6b7c8d9e0f"
WHOLE = {"sale_id": A_UUID, "line_item_id": A_UUID, "item": BUTTER}


def line_with(**changed: Any) -> bytes:
    """The payload of a line item, with some fields changed, or left out where None."""
    fields = {**WHOLE, **changed}
    return msgspec.json.encode({name: value for name, value in fields.items() if value is not None})


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ordinary(shop: Shop) -> Register:
    """A register that goes on selling."""
    return await shop.register("till-ordinary")


@pytest_asyncio.fixture(autouse=True, loop_scope="module")
async def nothing_stops(hub: Hub, shop: Shop, ordinary: Register) -> AsyncIterator[None]:
    """After each test every process is the one it was before, and the next ordinary sale works."""
    pids = hub.pids
    sessions = {service: session(hub, service) for service in SERVICES}
    yield
    customer_id = await shop.customer(ordinary)
    assert (await ordinary.sell(customer_id)).status == "completed"
    assert hub.pids == pids
    assert {service: session(hub, service) for service in SERVICES} == sessions


def session(hub: Hub, service: str) -> str:
    """The session of a service that is online."""
    status = hub.presence.status(service)
    assert status is not None
    assert status.state == "online"
    return status.session


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def raw(shop: Shop) -> AsyncIterator[RawRegister]:
    """A register that does not keep to the contract, on which somebody is signed on."""
    login = await shop.new_login("till-raw")
    async with connected(login, shop.topics) as client:
        signed_on = await client.ask(SignOn(PIN, staff_id=await shop.colleague("Rita Raw")), patience_s=30)
    async with raw_register(login, shop.topics, signed_on.token) as raw:
        yield raw


@pytest_asyncio.fixture(loop_scope="module")
async def sale_id(raw: RawRegister) -> AsyncIterator[SaleId]:
    """A sale that is open on that register, and voided at the end."""
    sale_id = SaleId(IDS.new())
    opened = await raw.answer(raw.request("checkout", "open-sale", msgspec.json.encode(OpenSale(sale_id))))
    assert opened["status"] == "open"
    yield sale_id
    void = msgspec.json.encode({"sale_id": sale_id, "reason": "test"})
    assert (await raw.answer(raw.request("checkout", "void-sale", void)))["status"] == "voided"


@pytest.mark.parametrize(
    ("payload", "field"),
    [
        pytest.param(b"", "$", id="nothing"),
        pytest.param(b"not json", "$", id="no JSON"),
        pytest.param(b'{"sale_id": "', "$", id="cut off"),
        pytest.param(b"\xff\xfe\x00", "$", id="no UTF-8"),
        pytest.param(b"null", "$", id="null"),
        pytest.param(b"[]", "$", id="a list"),
        pytest.param(b'{"sale_id":' + b"[" * 100_000, "$.sale_id", id="deep"),
        pytest.param(line_with(item=None), "$", id="a field is missing"),
        pytest.param(line_with(colour="red"), "$", id="a field too many"),
        pytest.param(line_with(sale_id=5), "$.sale_id", id="a number for a text"),
        pytest.param(line_with(sale_id="1; DROP TABLE sale"), "$.sale_id", id="no UUID"),
        pytest.param(line_with(item="x" * 999_800), "$.item", id="1 MB"),
        pytest.param(line_with(item="a\x00b"), "$.item", id="a control character"),
        pytest.param(line_with(quantity="many"), "$.quantity", id="a quantity in words"),
        pytest.param(line_with(quantity=[1]), "$.quantity", id="a list for a number"),
        pytest.param(line_with().replace(b"}", b',"quantity":NaN}'), "$", id="NaN as a number"),
    ],
)
async def test_what_does_not_fit_the_contract_is_malformed_and_names_the_field(
    raw: RawRegister, payload: bytes, field: str
) -> None:
    answer = await raw.answer(raw.request("checkout", "add-line-item", payload))

    assert answer["code"] == "malformed"
    assert answer["details"]["field"] == field
    assert answer["details"]["rule"]
    assert len(msgspec.json.encode(answer)) < 1000


@pytest.mark.parametrize(
    "quantity", ["0", "-1", "1e9", "NaN", "sNaN", "Infinity", "1E+999999", "1E-999999", "10.12345"]
)
async def test_an_absurd_quantity_is_refused_with_its_bounds(raw: RawRegister, sale_id: SaleId, quantity: str) -> None:
    answer = await raw.answer(raw.request("checkout", "add-line-item", line_with(sale_id=sale_id, quantity=quantity)))

    assert answer["code"] == "quantity-invalid"
    assert answer["details"] == {"field": "quantity", "least": "0.001", "most": "9999", "places": 3}


async def test_an_item_or_a_sale_that_nobody_knows_is_not_found(raw: RawRegister, sale_id: SaleId) -> None:
    unknown_item = await raw.answer(
        raw.request("checkout", "add-line-item", line_with(sale_id=sale_id, item="4000000000000"))
    )
    unknown_sale = await raw.answer(raw.request("checkout", "add-line-item", line_with()))

    assert [unknown_item["code"], unknown_sale["code"]] == ["item-not-found", "sale-not-found"]


@pytest.mark.parametrize(
    ("properties", "code"),
    [
        pytest.param((), "id-missing", id="no id"),
        pytest.param((("id", "1"),), "id-missing", id="an id that is none"),
        pytest.param((("id", IDS.new()),), "token-missing", id="no token"),
        pytest.param((("id", IDS.new()), ("token", "a.b.c")), "token-invalid", id="a token that is none"),
        pytest.param((("id", IDS.new()), ("token", "x" * 50_000)), "token-invalid", id="a token of 50 kB"),
    ],
)
async def test_who_does_not_say_who_asks_is_told_what_is_missing(
    raw: RawRegister, properties: tuple[tuple[str, str], ...], code: str
) -> None:
    payload = msgspec.json.encode(OpenSale(SaleId(IDS.new())))
    answer = await raw.answer(raw.request("checkout", "open-sale", payload, properties=properties))
    assert answer["code"] == code


async def test_a_token_of_another_register_is_refused(raw: RawRegister, ordinary: Register) -> None:
    payload = msgspec.json.encode(OpenSale(SaleId(IDS.new())))
    properties = (("id", IDS.new()), ("token", ordinary.token))

    answer = await raw.answer(raw.request("checkout", "open-sale", payload, properties=properties))

    assert answer["code"] == "token-invalid"
    assert answer["details"] == {"reason": "client"}


async def test_a_payload_past_what_the_broker_takes_ends_that_connection_alone(raw: RawRegister) -> None:
    client = raw.bus._client  # noqa: SLF001 - the bus itself sends nothing so large
    assert client is not None
    acknowledged: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
    client.send(raw.request("checkout", "add-line-item", line_with(item="x" * 4_300_000)), acknowledged)
    with pytest.raises(ConnectionLost):
        await acknowledged

    async with asyncio.timeout(20):
        await raw.online.wait()
    assert (await raw.answer(raw.request("checkout", "add-line-item", line_with())))["code"] == "sale-not-found"


async def test_a_wrong_password_or_client_id_is_not_let_in(shop: Shop, ordinary: Register) -> None:
    for wrong in (
        replace(ordinary.login, password="guessed"),
        replace(ordinary.login, client_id="checkout"),
        replace(ordinary.login, username="checkout", client_id="checkout"),
    ):
        with pytest.raises(LoginRefused):
            async with connected(wrong, shop.topics):
                pass


async def test_what_only_others_may_publish_is_refused_by_the_broker(
    shop: Shop, raw: RawRegister, ordinary: Register
) -> None:
    topics = shop.topics
    completed = len(await shop.told(SaleCompleted))
    for topic in (
        topics.request("checkout", OpenSale, ordinary.name),
        topics.request("checkout", "apply-scan", raw.name),
        topics.request("checkout", "read-journal", raw.name),
        topics.request("staff", "add-owner", raw.name),
        topics.request("checkout", "no-such-request", raw.name),
        topics.reply(ordinary.name, "checkout"),
        topics.event_of(SaleCompleted),
        topics.status("checkout"),
        topics.status(ordinary.name),
        topics.state(PolicyRevision),
        topics.private(RegisterSale, ordinary.name),
        topics.private(RegisterSale, raw.name),
        "$CONTROL/dynamic-security/v1",
        "anything/else",
    ):
        for retain in (False, True):
            with pytest.raises(PublishRefused):
                await raw.bus.send(Outgoing(topic, b"{}", retain=retain, correlation=b"forged"))
    assert len(await shop.told(SaleCompleted)) == completed


async def test_its_own_status_may_be_anything_and_misleads_nobody(hub: Hub, raw: RawRegister) -> None:
    for payload in (b"not json", b'{"state":"online","session":"checkout"}', b'{"state":"broken"}', b""):
        await raw.bus.send(Outgoing(raw.topics.status(raw.name), payload, retain=True))
    assert all(hub.presence.is_online(service) for service in SERVICES)


async def test_an_answer_is_never_sent_to_another(shop: Shop, raw: RawRegister) -> None:
    async with raw_register(await shop.new_login("till-victim"), shop.topics) as victim:
        for topic in (shop.topics.reply("till-victim", "checkout"), shop.topics.reply(raw.name, "staff"), "x", None):
            answer = await raw.answer(raw.request("checkout", "get-sale", b"{}", response_topic=topic))
            assert answer["code"] == "not-your-reply"
            assert answer["details"] == {"response_topic": shop.topics.reply(raw.name, "checkout")}
        own = await victim.answer(victim.request("checkout", "get-sale", b"{}"))

        assert own["code"] == "malformed"
        assert len(victim.heard) == 1


async def test_correlation_data_of_60_kb_comes_back_as_it_was(raw: RawRegister) -> None:
    correlation = bytes(range(256)) * 240
    answer = await raw.answer(raw.request("checkout", "add-line-item", line_with(), correlation=correlation))
    assert answer["code"] == "sale-not-found"


async def test_a_request_without_correlation_data_or_retained_is_dropped(raw: RawRegister, sale_id: SaleId) -> None:
    payloads = [msgspec.json.encode(line(sale_id, BUTTER)) for _ in range(3)]
    dropped = raw.request("checkout", "add-line-item", payloads[0], retain=True)
    await raw.bus.send(dropped)
    await raw.bus.send(raw.request("checkout", "add-line-item", payloads[1], correlation=None))

    sale = await raw.answer(raw.request("checkout", "add-line-item", payloads[2]))

    assert len(sale["lines"]) == 1
    assert dropped.correlation not in [message.correlation for message in raw.heard]
    await raw.bus.send(Outgoing(dropped.topic, b"", retain=True))


async def test_a_request_that_waited_longer_than_its_caller_is_not_carried_out(
    hub: Hub, raw: RawRegister, sale_id: SaleId
) -> None:
    first = msgspec.json.encode(line(sale_id, BUTTER))
    assert len((await raw.answer(raw.request("checkout", "add-line-item", first)))["lines"]) == 1
    policy = hub.pids["policy"]
    assert policy is not None

    with standing_still(policy):  # so that the check holds the sale's lane for two seconds
        check = raw.request("checkout", "check-sale", msgspec.json.encode(CheckSale(sale_id)))
        await raw.bus.send(check)
        late = raw.request("checkout", "add-line-item", msgspec.json.encode(line(sale_id, BUTTER)), expiry_s=1)
        told = await raw.answer(late)
        assert (await raw.answered(check.correlation))["code"] == "policy-unavailable"

    assert told["code"] == "expired"
    found = await raw.answer(raw.request("checkout", "get-sale", msgspec.json.encode(GetSale(sale_id))))
    assert len(found["lines"]) == 1


async def test_five_wrong_pins_lock_a_person_on_that_register_alone(shop: Shop) -> None:
    staff_id: StaffId = await shop.colleague("Pia Pin")
    tills = [await shop.register(name) for name in ("till-pin-1", "till-pin-2")]
    wrong, right = SignOn(WRONG_PIN, staff_id=staff_id), SignOn(PIN, staff_id=staff_id)

    async def tries(till: Register) -> list[str]:
        return [(await till.refused(wrong)).code for _ in range(5)]

    first, four = await asyncio.gather(tries(tills[0]), asyncio.gather(*(tills[1].refused(wrong) for _ in range(4))))

    assert first == ["sign-on-refused"] * 4 + ["sign-on-locked"]
    assert [each.code for each in four] == ["sign-on-refused"] * 4
    locked = await tills[0].refused(right)
    assert locked.code == "sign-on-locked"
    assert 0 < locked.details["retry_after_s"] <= 300
    assert isinstance(await tills[1].ask(right), SignedOn)


async def test_a_burst_is_told_busy_and_all_of_it_is_done_by_repeating(
    hub: Hub, raw: RawRegister, sale_id: SaleId
) -> None:
    checkout = hub.pids["checkout"]
    assert checkout is not None
    burst = [
        raw.request("checkout", "add-line-item", msgspec.json.encode(line(sale_id, BUTTER)), expiry_s=60)
        for _ in range(200)
    ]

    with standing_still(checkout):  # so that it finds them all at once
        await asyncio.gather(*(raw.bus.send(request) for request in burst))
    answers = [await raw.answered(request.correlation) for request in burst]
    again = [request for request, answer in zip(burst, answers, strict=True) if "code" in answer]

    assert {answer["code"] for answer in answers if "code" in answer} == {"busy"}
    assert again
    for number, request in enumerate(again):
        repeated = replace(request, correlation=f"again-{number}".encode())
        assert (await raw.answer(repeated))["status"] == "open"
    found = await raw.answer(raw.request("checkout", "get-sale", msgspec.json.encode(GetSale(sale_id))))
    assert len(found["lines"]) == 200
