"""What a request meets on its way, on the real runtime with a toy service."""

import asyncio
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import select

from contracts.base import Command, Rejected
from contracts.ids import Segment
from services.runtime import tables
from services.runtime.asking import Ask
from services.runtime.bus import Incoming, Outgoing
from services.runtime.clock import SetClock
from services.runtime.ids import RandomIds
from services.runtime.requester import NoAnswer
from services.runtime.service import command
from services.runtime.transactions import Tx, View
from services.runtime.writer import Scope
from tests.toy import leader
from tests.toy.leader import (
    Count,
    Counted,
    CountMuch,
    CountWithAdvice,
    GetCounter,
    GetLimits,
    Guarded,
    Shout,
    Stumble,
    TooFar,
    Try,
    Whisper,
    Whispered,
)
from tests.under_test import StoreUnderTest, store_under_test, until

ID = "0198c0de-0000-7000-8000-00000000000a"


@pytest.fixture
async def counting(store: StoreUnderTest) -> StoreUnderTest:
    await store.start(leader.make_leader())
    return store


async def test_a_command_changes_and_answers(counting: StoreUnderTest) -> None:
    assert await counting.send(Count("a", 3)) == Counted("a", 3)
    assert await counting.send(GetCounter("a")) == Counted("a", 3)


async def test_the_same_id_changes_once_and_answers_alike(counting: StoreUnderTest) -> None:
    first = await counting.send(Count("a"), message_id=ID)
    await counting.send(Count("a", 5))

    assert await counting.send(Count("a"), message_id=ID) == first == Counted("a", 1)
    assert await counting.send(GetCounter("a")) == Counted("a", 6)


async def test_the_same_id_with_other_content_is_refused(counting: StoreUnderTest) -> None:
    await counting.send(Count("a"), message_id=ID)

    reply = await counting.send(Count("a", 2), message_id=ID)

    assert isinstance(reply, Rejected)
    assert reply.code == "id-reused"
    assert await counting.send(GetCounter("a")) == Counted("a", 1)


async def test_the_same_id_of_another_caller_is_another_command(counting: StoreUnderTest) -> None:
    await counting.send(Count("a"), message_id=ID, caller="till-1")

    assert await counting.send(Count("a"), message_id=ID, caller="till-2") == Counted("a", 2)


async def test_a_rejection_is_the_answer_for_good_and_leaves_nothing_behind(counting: StoreUnderTest) -> None:
    first = await counting.send(Count("a", -1), message_id=ID)
    assert isinstance(first, Rejected)
    assert (first.code, first.details) == ("too-far", {"total": -1})
    await counting.send(Count("a", 5))

    assert await counting.send(Count("a", -1), message_id=ID) == first
    assert await counting.send(GetCounter("a")) == Counted("a", 5)
    assert [moved.total for moved in counting.told(leader.CounterMoved)] == [5]


async def test_a_rejection_that_keeps_keeps(counting: StoreUnderTest) -> None:
    reply = await counting.send(Try("a"))

    assert isinstance(reply, Rejected)
    assert reply.code == "wrong-try"
    assert await counting.send(GetCounter("a")) == Counted("a", 1)


async def test_a_personal_reply_is_rebuilt_and_never_stored(counting: StoreUnderTest) -> None:
    await counting.send(Whisper("a"), message_id=ID)

    assert await counting.send(Whisper("a"), message_id=ID) == Whispered("a", 1)
    stored = await counting.read(
        "leader",
        lambda connection: connection.execute(
            select(tables.handled_request.c.reply).where(tables.handled_request.c.id == ID)
        ).scalar_one(),
    )
    assert stored is None


async def test_a_bug_is_told_kept_without_texts_and_secrets_and_undone(counting: StoreUnderTest) -> None:
    answer = await counting.raw("leader", "stumble", b'{"counter":"a","pin":"4711"}', message_id=ID)

    assert answer["code"] == "internal-error"
    assert await counting.send(GetCounter("a")) == Counted("a", 0)
    kept = await counting.read("leader", lambda connection: connection.execute(select(tables.failed_request)).one())
    assert kept.payload == b'{"counter":"text of 1 character"}'
    assert "ZeroDivisionError" in kept.fault
    assert "quote" not in kept.fault


async def test_one_bad_command_in_a_batch_fails_alone(counting: StoreUnderTest) -> None:
    """Eight commands that wait together share a commit, not a fate."""
    commands = [Count("a"), Count("b"), Count("c"), Stumble("d"), Count("e"), Count("f", -1), Count("g"), Count("h")]

    await asyncio.gather(
        *(
            counting.raw(
                "leader",
                each.wire_name(),
                b'{"counter":"%s","by":%d}' % (each.counter.encode(), each.by)
                if isinstance(each, Count)
                else b'{"counter":"d"}',
                message_id=RandomIds().new(),
            )
            for each in commands
        )
    )

    totals = [
        (await counting.raw("leader", "get-counter", b'{"counter":"%c"}' % name))["total"] for name in b"abcdefgh"
    ]
    assert totals == [1, 1, 1, 0, 1, 0, 1, 1]


@pytest.mark.parametrize(
    ("payload", "field", "rule"),
    [
        (b"no json", "$", "one JSON object"),
        (b"[]", "$", "object"),
        (b'{"counter":"a","by":"x"}', "$.by", "int"),
        (b'{"by":1}', "$", "counter"),
        (b'{"counter":"a","more":1}', "$", "more"),
        (b'{"counter":"A B"}', "$.counter", "A topic segment: a-z, 0-9 and hyphens."),
        (b'{"counter":"a",,}', "$", "byte 15"),
        (b"\xff\xfe", "$", "one JSON object"),
        (b"[" * 100_000, "$", ""),
    ],
)
async def test_what_does_not_fit_is_refused_by_field_and_rule(
    counting: StoreUnderTest, payload: bytes, field: str, rule: str
) -> None:
    answer = await counting.raw("leader", "count", payload, message_id=ID)

    assert answer["code"] == "malformed"
    assert answer["details"]["field"] == field
    assert rule in answer["details"]["rule"]


async def test_only_what_has_fields_is_told_to_mend_one(counting: StoreUnderTest) -> None:
    broken = await counting.raw("leader", "count", b'{"counter":"a"', message_id=ID)
    wrong = await counting.raw("leader", "count", b'{"counter":"A"}', message_id=ID)

    assert "named field" in wrong["message"]
    assert "field" not in broken["message"]
    assert "one JSON object" in broken["message"]


async def test_a_command_without_an_id_is_refused(counting: StoreUnderTest) -> None:
    assert (await counting.raw("leader", "count", b'{"counter":"a"}'))["code"] == "id-missing"


async def test_an_unknown_request_is_refused(counting: StoreUnderTest) -> None:
    assert (await counting.raw("leader", "count-up", b"{}"))["code"] == "unknown-request"


async def test_a_guarded_command_needs_a_token_of_this_caller_with_the_permission(counting: StoreUnderTest) -> None:
    async def code(token: str | None) -> str:
        reply = await counting.send(Guarded("a"), token=token)
        return reply.code if isinstance(reply, Rejected) else "done"

    assert await code(None) == "token-missing"
    assert await code("") == "token-missing"
    assert await code("nonsense") == "token-invalid"
    assert await code(counting.token("toy.count", caller="till-2")) == "token-invalid"
    assert await code(counting.token("toy.other")) == "permission-denied"
    assert await code(counting.token("toy.count")) == "done"


async def test_what_needs_an_approval_is_done_with_one_for_this_command_and_told_so_without(
    counting: StoreUnderTest,
) -> None:
    token = counting.token(needs_approval=("toy.count",))

    bare = await counting.send(Guarded("a"), token=token)
    approved = await counting.send(
        Guarded("a"), token=token, message_id=ID, approval=counting.approval("toy.count", ID)
    )

    assert isinstance(bare, Rejected)
    assert (bare.code, bare.details) == ("approval-needed", {"permission": "toy.count"})
    assert approved == Counted("a", 1)


async def test_an_approval_is_for_one_command_of_one_register_about_one_sale(counting: StoreUnderTest) -> None:
    token, other = counting.token(needs_approval=("toy.much",)), RandomIds().new()

    async def reason(approval: str, sale: str = "sale-1") -> object:
        reply = await counting.send(CountMuch(sale, 2), token=token, message_id=RandomIds().new(), approval=approval)
        return reply.details["reason"] if isinstance(reply, Rejected) else "done"

    async def reason_of(command: str, approval: str) -> object:
        reply = await counting.send(CountMuch("sale-1", 2), token=token, message_id=command, approval=approval)
        return reply.details["reason"] if isinstance(reply, Rejected) else "done"

    fresh = [RandomIds().new() for _ in range(6)]
    assert await reason(counting.approval("toy.much", other, sale_id="sale-1")) == "command"
    assert await reason("nonsense") == "signature"
    assert await reason(token) == "signature"
    assert await reason_of(fresh[0], counting.approval("toy.much", fresh[0], sale_id="sale-2")) == "sale"
    assert await reason_of(fresh[1], counting.approval("toy.much", fresh[1])) == "sale"
    assert await reason_of(fresh[2], counting.approval("toy.much", fresh[2], sale_id="sale-1", caller="x")) == "client"
    assert await reason_of(fresh[3], counting.approval("toy.other", fresh[3], sale_id="sale-1")) == "action"
    later = counting.approval("toy.much", fresh[4], sale_id="sale-1", session=2)
    assert await reason_of(fresh[4], later) == "session"
    assert await reason_of(fresh[5], counting.approval("toy.much", fresh[5], sale_id="sale-1")) == "done"


async def test_a_token_or_approval_that_is_void_stops_only_what_needs_it(counting: StoreUnderTest) -> None:
    void = counting.token("toy.count", caller="till-2")

    without_permission = await counting.send(Count("a"), token=void, approval="nonsense")
    allowed = await counting.send(Guarded("a"), token=counting.token("toy.count"), approval="nonsense")
    guarded = await counting.send(Guarded("a"), token=void)

    assert without_permission == Counted("a", 1)
    assert allowed == Counted("a", 2)
    assert isinstance(guarded, Rejected)
    assert guarded.code == "token-invalid"


async def test_an_approval_used_again_is_answered_with_what_it_did_once(counting: StoreUnderTest) -> None:
    token, approval = counting.token(needs_approval=("toy.count",)), counting.approval("toy.count", ID)

    first = await counting.send(Guarded("a"), token=token, message_id=ID, approval=approval)
    again = await counting.send(Guarded("a"), token=token, message_id=ID, approval=approval)
    now = await counting.send(GetCounter("a"))

    assert first == again == now == Counted("a", 1)


async def test_an_approval_is_no_token_and_gives_nobody_what_is_denied(counting: StoreUnderTest) -> None:
    approval = counting.approval("toy.count", ID)

    as_token = await counting.send(Guarded("a"), token=approval, message_id=ID)
    denied = await counting.send(Guarded("a"), token=counting.token(), message_id=RandomIds().new(), approval=None)

    assert isinstance(as_token, Rejected)
    assert as_token.code == "token-invalid"
    assert isinstance(denied, Rejected)
    assert denied.code == "permission-denied"


async def test_a_handler_asks_for_a_permission_only_where_it_is_needed(counting: StoreUnderTest) -> None:
    token = counting.token("toy.much")

    little, nobody = await counting.send(CountMuch("a", 1)), await counting.send(CountMuch("a", 2))
    much = await counting.send(CountMuch("a", 2), token=token)

    assert little == Counted("a", 1)
    assert isinstance(nobody, Rejected)
    assert nobody.code == "token-missing"
    assert much == Counted("a", 3)


async def test_what_is_known_by_heart_is_answered_refused_and_failed_like_any_query(counting: StoreUnderTest) -> None:
    token = counting.token("toy.look")

    known = await counting.send(GetLimits("a"), token=token)
    refused = await counting.send(GetLimits("none"), token=token)
    denied = await counting.send(GetLimits("a"), token=counting.token())
    failed = await counting.send(GetLimits("bug"), token=token)

    assert known == Counted("a", 1000)
    assert isinstance(refused, Rejected)
    assert (refused.code, refused.details) == ("too-far", {"caller": "till-1"})
    assert isinstance(denied, Rejected)
    assert denied.code == "permission-denied"
    assert isinstance(failed, Rejected)
    assert failed.code == "internal-error"
    faults = await counting.read("leader", lambda connection: list(connection.execute(select(tables.failed_request))))
    assert [row.name for row in faults] == ["get-limits"]


async def test_a_session_in_use_is_told_once_in_a_while(tmp_path: Path) -> None:
    clock = SetClock(datetime(2026, 3, 1, tzinfo=UTC))
    async with store_under_test(tmp_path, clock) as store:
        await store.start(leader.make_leader())

        async def use(session: int) -> None:
            await store.send(Guarded("a"), token=store.token("toy.count", session=session))

        await use(1)
        await use(1)
        clock.move(29)
        await use(1)
        clock.move(1)
        await use(1)
        await use(2)
        await store.send(Guarded("a"), token="nonsense")

        topic = store.topics.event("leader", "session-used")
        told = [msgspec.json.decode(each.payload) for each in store.broker.published if each.topic == topic]
        assert [each["session"] for each in told] == [1, 1, 2]


async def test_a_token_of_an_ended_session_is_void_also_after_a_restart(counting: StoreUnderTest) -> None:
    token = counting.token("toy.count", session=3)
    running = counting.services["leader"]
    await running.writer.run(lambda scope: running._transaction(scope, ID).end_session("till-1", 4))  # noqa: SLF001

    reply = await counting.send(Guarded("a"), token=token)
    await counting.stop("leader")
    await counting.start(leader.make_leader())
    later = await counting.send(Guarded("a"), token=token)

    assert isinstance(reply, Rejected)
    assert isinstance(later, Rejected)
    assert reply.details == later.details == {"reason": "session_ended"}


class LeanOn(Command[Counted], frozen=True):
    """Move the adviser's counter down; its contract knows that a counter does not go below zero."""

    asked_by = ("register",)
    rejections = (TooFar,)

    counter: Segment


class LeanBlindlyOn(Command[Counted], frozen=True):
    """The same, but its contract knows of nothing that may go wrong."""

    asked_by = ("register",)

    counter: Segment


async def lean(asked: LeanOn | LeanBlindlyOn, view: View, ask: Ask) -> Counted:  # noqa: ARG001 - a prepare function
    return await ask(Count(asked.counter, -1), service="adviser")


def leant(asked: LeanOn | LeanBlindlyOn, facts: Counted, tx: Tx) -> Counted:  # noqa: ARG001 - the facts are all
    return facts


@pytest.fixture
async def advised(store: StoreUnderTest) -> StoreUnderTest:
    """A leader that asks an adviser, who advises 5."""
    leading = leader.make_leader()
    leaning = (command(LeanOn, leant, prepare=lean), command(LeanBlindlyOn, leant, prepare=lean))
    await store.start(replace(leading, routes=(*leading.routes, *leaning)))
    await store.start(leader.make_leader(name="adviser"))
    await store.send(Count("advice", 5), service="adviser")
    return store


def asked_of_the_adviser(store: StoreUnderTest) -> int:
    topic = store.topics.request("adviser", GetCounter, "leader")
    return sum(each.topic == topic for each in store.broker.published)


async def not_final(store: StoreUnderTest, request: Command[Counted], message_id: str) -> Rejected:
    """Send once and return the answer, which is not final."""
    requester = (await store.caller("till-1")).requester
    with pytest.raises(NoAnswer) as silence:
        await requester.ask(request, service="leader", message_id=message_id, attempts=1)
    assert silence.value.last is not None
    return silence.value.last


async def handled(store: StoreUnderTest) -> list[str]:
    """The ids of the commands that were answered for good."""
    return await store.read(
        "leader", lambda connection: list(connection.execute(select(tables.handled_request.c.id)).scalars())
    )


@contextmanager
def writer_held(store: StoreUnderTest) -> Iterator[None]:
    """Let nothing be written meanwhile."""
    gate, reached = threading.Event(), threading.Event()

    def hold(_scope: Scope) -> None:
        reached.set()
        gate.wait(15)

    store.services["leader"].writer.submit(hold, lambda _answer, _error: None)
    assert reached.wait(15)
    try:
        yield
    finally:
        gate.set()


async def test_a_caller_past_its_bound_is_told_busy_and_others_are_served(counting: StoreUnderTest) -> None:
    async def count(counter: str, caller: str) -> Counted | Rejected:
        return await counting.send(Count(counter), caller=caller)

    await counting.caller("till-1")
    with writer_held(counting):
        waiting = [asyncio.create_task(count("a", "till-1")) for _ in range(8)]
        await asyncio.sleep(0)

        assert (await not_final(counting, Count("a"), ID)).code == "busy"
        other = asyncio.create_task(count("b", "till-2"))

    await asyncio.gather(*waiting)
    assert await other == Counted("b", 1)
    assert await counting.send(Count("a"), message_id=ID) == Counted("a", 9)


async def test_what_waited_longer_than_its_caller_is_told_expired_and_not_stored(tmp_path: Path) -> None:
    clock = SetClock(datetime(2026, 11, 22, tzinfo=UTC))
    async with store_under_test(tmp_path, clock) as store:
        await store.start(leader.make_leader())
        with writer_held(store):
            late = asyncio.create_task(not_final(store, Count("a"), ID))
            request = store.topics.request("leader", Count, "till-1")
            await until(lambda: any(each.topic == request for each in store.broker.published))
            await asyncio.sleep(0)
            clock.move(60)

        assert (await late).code == "expired"
        assert await handled(store) == []
        assert await store.send(Count("a"), message_id=ID) == Counted("a", 1)


async def test_a_late_query_is_told_expired(tmp_path: Path) -> None:
    clock = SetClock(datetime(2026, 11, 22, tzinfo=UTC))
    async with store_under_test(tmp_path, clock) as store:
        running = await store.start(leader.make_leader())
        caller = await store.caller("till-1")
        running.dispatch.on_message(
            Incoming(
                store.topics.request("leader", GetCounter, "till-1"),
                b'{"counter":"a"}',
                response_topic=store.topics.reply("till-1", "leader"),
                correlation=b"1",
                expiry_s=1,
            )
        )
        clock.move(2)

        await until(lambda: replies(store, caller.name))

        assert [reply["code"] for reply in replies(store, caller.name)] == ["expired"]


def replies(store: StoreUnderTest, caller: str, service: str = "leader") -> list[dict[str, Any]]:
    topic = store.topics.reply(caller, service)
    return [msgspec.json.decode(each.payload) for each in store.broker.published if each.topic == topic]


async def test_a_reply_goes_to_nobody_but_the_caller(counting: StoreUnderTest) -> None:
    caller = await counting.caller("till-1")
    await counting.caller("till-2")

    caller.bus.post(
        Outgoing(
            counting.topics.request("leader", Count, "till-1"),
            b'{"counter":"a"}',
            response_topic=counting.topics.reply("till-2", "leader"),
            correlation=b"1",
            properties=(("id", ID),),
        )
    )
    await until(lambda: replies(counting, "till-1"))

    (told,) = replies(counting, "till-1")
    assert told["code"] == "not-your-reply"
    assert told["details"] == {"response_topic": counting.topics.reply("till-1", "leader")}
    assert replies(counting, "till-2") == []
    assert await counting.send(GetCounter("a")) == Counted("a", 0)


async def test_a_retained_request_is_dropped(counting: StoreUnderTest) -> None:
    """It would be carried out again at every subscribe."""
    caller = await counting.caller("till-1")
    caller.bus.post(
        Outgoing(
            counting.topics.request("leader", Count, "till-1"),
            b'{"counter":"a"}',
            retain=True,
            response_topic=counting.topics.reply("till-1", "leader"),
            correlation=b"1",
            properties=(("id", ID),),
        )
    )

    assert await counting.send(Count("a")) == Counted("a", 1)
    assert len(replies(counting, "till-1")) == 1


async def test_a_command_asks_before_it_changes(advised: StoreUnderTest) -> None:
    assert await advised.send(CountWithAdvice("a")) == Counted("a", 5)
    assert await advised.send(CountWithAdvice("a")) == Counted("a", 10)


async def test_facts_that_are_stale_three_times_are_told_busy(advised: StoreUnderTest) -> None:
    reply = await not_final(advised, CountWithAdvice("a", move_meanwhile=True), ID)

    assert reply.code == "busy"
    assert asked_of_the_adviser(advised) == 3
    assert await handled(advised) == []
    assert await advised.send(CountWithAdvice("a"), message_id=ID) == Counted("a", 5)


async def test_a_refusal_that_the_contract_knows_is_passed_on_and_stored(advised: StoreUnderTest) -> None:
    first = await advised.send(LeanOn("empty"), service="leader", message_id=ID)
    await advised.send(Count("empty", 5), service="adviser")

    assert isinstance(first, Rejected)
    assert (first.code, first.details) == ("too-far", {"total": -1})
    assert await advised.send(LeanOn("empty"), service="leader", message_id=ID) == first


async def test_a_refusal_that_the_contract_does_not_know_is_a_bug(advised: StoreUnderTest) -> None:
    reply = await advised.send(LeanBlindlyOn("empty"), service="leader", message_id=ID)

    assert isinstance(reply, Rejected)
    assert reply.code == "internal-error"


async def test_a_fault_met_while_preparing_is_told_and_is_nobody_elses(store: StoreUnderTest) -> None:
    async def look(asked: LeanOn, view: View, ask: Ask) -> Counted:  # noqa: ARG001 - a prepare function
        sqlite3.connect(f"file:{store.folder}/none?mode=ro", uri=True)
        raise AssertionError

    leading = leader.make_leader()
    await store.start(replace(leading, routes=(*leading.routes, command(LeanOn, leant, prepare=look))))
    await store.caller("till-1")
    with writer_held(store):
        faulty = asyncio.create_task(not_final(store, LeanOn("a"), ID))
        other = asyncio.create_task((await store.caller("till-2")).requester.ask(Count("b"), attempts=1))
        await until(lambda: store.services["leader"].writer._queue.qsize() == 2)  # noqa: SLF001 - both wait together

    assert (await faulty).details == {"reason": "database"}
    assert await other == Counted("b", 1)


async def test_without_the_adviser_nothing_is_done(advised: StoreUnderTest) -> None:
    await advised.stop("adviser")

    reply = await not_final(advised, CountWithAdvice("a"), ID)

    assert (reply.code, reply.details) == ("unavailable", {"service": "adviser"})
    assert await advised.send(GetCounter("a")) == Counted("a", 0)
    assert await handled(advised) == []


async def test_a_handled_command_is_answered_without_asking_again(advised: StoreUnderTest) -> None:
    first = await advised.send(CountWithAdvice("a"), message_id=ID)
    await advised.stop("adviser")

    assert await advised.send(CountWithAdvice("a"), message_id=ID) == first
    assert asked_of_the_adviser(advised) == 1


async def test_a_warm_command_takes_five_statements(counting: StoreUnderTest) -> None:
    """One each to look for the id, to read and to change, and one each for the journal and the id."""
    await counting.send(Count("a"))

    with counting.statements("leader") as statements:
        await counting.send(Count("a"))

    assert len(statements) == 5, statements


async def test_an_answer_too_large_for_the_broker_is_told_as_such(counting: StoreUnderTest) -> None:
    """It would end the service's connection; what the command did stays done."""
    reply = await counting.send(Shout("a"))

    assert isinstance(reply, Rejected)
    assert reply.code == "answer-too-large"
    assert await counting.send(GetCounter("a")) == Counted("a", 1)
