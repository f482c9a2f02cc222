"""What a request meets on its way, on the real runtime with a toy service."""

import asyncio

import pytest
from sqlalchemy import select

from contracts.base import Rejected
from services.runtime import tables
from services.runtime.ids import RandomIds
from tests.toy import leader
from tests.toy.leader import Count, Counted, GetCounter, Guarded, Stumble, Try, Whisper, Whispered
from tests.under_test import StoreUnderTest

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


async def test_a_bug_is_told_kept_without_secrets_and_undone(counting: StoreUnderTest) -> None:
    answer = await counting.raw("leader", "stumble", b'{"counter":"a","pin":"4711"}', message_id=ID)

    assert answer["code"] == "internal-error"
    assert await counting.send(GetCounter("a")) == Counted("a", 0)
    kept = await counting.read("leader", lambda connection: connection.execute(select(tables.failed_request)).one())
    assert kept.payload == b'{"counter":"a"}'
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
        (b'{"counter":"A B"}', "$.counter", "regex"),
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


async def test_a_command_without_an_id_is_refused(counting: StoreUnderTest) -> None:
    assert (await counting.raw("leader", "count", b'{"counter":"a"}'))["code"] == "id-missing"


async def test_an_unknown_request_is_refused(counting: StoreUnderTest) -> None:
    assert (await counting.raw("leader", "count-up", b"{}"))["code"] == "unknown-request"


async def test_a_guarded_command_needs_a_token_of_this_caller_with_the_permission(counting: StoreUnderTest) -> None:
    async def code(token: str | None) -> str:
        reply = await counting.send(Guarded("a"), token=token)
        return reply.code if isinstance(reply, Rejected) else "done"

    assert await code(None) == "token-missing"
    assert await code("nonsense") == "token-invalid"
    assert await code(counting.token("toy.count", caller="till-2")) == "token-invalid"
    assert await code(counting.token("toy.other")) == "permission-denied"
    assert await code(counting.token("toy.count")) == "done"


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
