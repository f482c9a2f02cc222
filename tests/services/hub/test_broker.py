"""The hub's own Mosquitto: found, started beside others, whole after any fault, gone with its parent."""

import asyncio
import os
import select
import signal
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from contracts.topics import SERVICES, Topics
from services.hub import logins
from services.hub.broker import LOG_BYTES, Broker, BrokerFault, PortChoice, choose_port, find_programs
from tests.services.hub.clients import PATIENCE_S, Connect

ACCEPTED = 0x00
NOT_AUTHORISED = 0x87


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that another program listens on."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def program(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"#!/bin/sh\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("multiarch", "folder"),
    [
        ("x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu"),
        ("aarch64-linux-gnu", "usr/lib/aarch64-linux-gnu"),
        ("x86_64-linux-gnu", "usr/lib64"),
        ("aarch64-linux-gnu", "usr/lib"),
        ("x86_64-linux-gnu", "usr/local/lib"),
    ],
)
def test_plugin_is_found_where_distributions_keep_it(tmp_path: Path, multiarch: str, folder: str) -> None:
    mosquitto = program(tmp_path / "sbin" / "mosquitto")
    setpriv = program(tmp_path / "sbin" / "setpriv")
    plugin = program(tmp_path / folder / "mosquitto_dynamic_security.so")

    found = find_programs(binary_folders=[str(tmp_path / "sbin")], root=tmp_path, multiarch=multiarch)

    assert (found.mosquitto, found.setpriv, found.plugin) == (mosquitto, setpriv, plugin)


def test_plugin_beside_a_mosquitto_built_by_hand_goes_before_the_systems(tmp_path: Path) -> None:
    program(tmp_path / "usr" / "lib" / "mosquitto_dynamic_security.so")
    program(tmp_path / "opt" / "sbin" / "mosquitto")
    program(tmp_path / "opt" / "sbin" / "setpriv")
    plugin = program(tmp_path / "opt" / "lib" / "mosquitto_dynamic_security.so")

    assert find_programs(binary_folders=[str(tmp_path / "opt" / "sbin")], root=tmp_path).plugin == plugin


@pytest.mark.parametrize(
    ("there", "sentence"),
    [
        ([], "sudo apt install mosquitto"),
        (["mosquitto"], "util-linux"),
        (["mosquitto", "setpriv"], "its plugin mosquitto_dynamic_security.so is not"),
    ],
)
def test_what_is_missing_is_named_with_its_package(tmp_path: Path, there: list[str], sentence: str) -> None:
    for name in there:
        program(tmp_path / name)

    with pytest.raises(BrokerFault, match=sentence):
        find_programs(binary_folders=[str(tmp_path)], root=tmp_path)


def test_free_port_is_taken_without_a_word() -> None:
    free = choose_port(0).port

    assert choose_port(free) == PortChoice(free)


def test_taken_port_gives_way_to_a_later_one_and_tells_so(taken: int) -> None:
    choice = choose_port(taken)

    assert choice.port > taken
    assert choice.sentence == (f"port {taken} is taken by another program; the broker uses port {choice.port} instead")


@pytest.mark.parametrize("bind", ["localhost", "", "127.0.0.1\nuser root", "300.1.1.1", "192.0.2.1"])
def test_address_that_is_not_this_machines_is_refused(bind: str) -> None:
    with pytest.raises(BrokerFault):
        choose_port(0, bind)


async def test_broker_on_a_taken_port_says_so(tmp_path: Path, topics: Topics, taken: int) -> None:
    with pytest.raises(BrokerFault, match=f"port {taken} is taken"):
        await Broker(tmp_path, topics, taken).start()


async def test_started_broker_answers_everyone_it_should(broker: Broker, tmp_path: Path, connect: Connect) -> None:
    codes = [connect(broker, logins.own_credentials(tmp_path, name)).connect_code for name in ("hub", *SERVICES)]

    assert codes == [ACCEPTED] * len(codes)


async def test_wrong_password_is_refused(broker: Broker, tmp_path: Path, connect: Connect) -> None:
    made = logins.own_credentials(tmp_path, "checkout")

    assert connect(broker, made, password=f"{made.password}x").connect_code == NOT_AUTHORISED


async def test_client_id_of_another_is_refused_and_the_other_stays(
    broker: Broker, tmp_path: Path, connect: Connect
) -> None:
    checkout = connect(broker, logins.own_credentials(tmp_path, "checkout"))

    intruder = connect(broker, logins.own_credentials(tmp_path, "staff"), client_id="checkout")

    assert intruder.connect_code == NOT_AUTHORISED
    assert checkout.subscribe("tillwire/v1/store/status/+") == [1]
    assert not checkout.ended.is_set()


async def test_hub_logs_in_several_times_at_once(broker: Broker, tmp_path: Path, connect: Connect) -> None:
    first, second = (connect(broker, logins.own_credentials(tmp_path, "hub")) for _ in range(2))

    assert first.connect_code == second.connect_code == ACCEPTED
    assert first.subscribe("tillwire/v1/store/#") == [1]
    assert not first.ended.is_set()


async def test_will_that_a_login_may_not_publish_is_dropped(
    broker: Broker, tmp_path: Path, topics: Topics, connect: Connect
) -> None:
    hub = connect(broker, logins.own_credentials(tmp_path, "hub"))
    hub.subscribe(f"{topics.root}/#")
    staff = logins.own_credentials(tmp_path, "staff")

    connect(broker, staff, will=(topics.event("checkout", "sale-completed"), b"forged")).drop()
    connect(broker, staff, will=(topics.status("staff"), b"offline")).drop()

    assert hub.next_message().payload == b"offline"


async def test_message_past_the_limit_is_not_taken(
    broker: Broker, tmp_path: Path, topics: Topics, connect: Connect
) -> None:
    hub = connect(broker, logins.own_credentials(tmp_path, "hub"))

    assert hub.publish(topics.status("hub"), payload=bytes(4_000_000)) != [NOT_AUTHORISED]
    hub.send(topics.status("hub"), bytes(4_300_000))

    assert hub.ended.wait(PATIENCE_S)


@pytest.mark.parametrize("keep", [0.0, 0.5])
async def test_emptied_or_cut_plugin_file_is_whole_at_the_next_start(
    broker: Broker, tmp_path: Path, connect: Connect, keep: float
) -> None:
    register = logins.make_login(tmp_path, "till-1", "register")
    plugin_file = tmp_path / "broker" / "dynamic-security.json"
    await broker.stop()
    os.truncate(plugin_file, int(plugin_file.stat().st_size * keep))

    await broker.start()

    own = [logins.own_credentials(tmp_path, name) for name in ("hub", *SERVICES)]
    assert {connect(broker, made).connect_code for made in (register, *own)} == {ACCEPTED}


async def test_cut_off_client_file_is_told_by_name_and_stops_nobody_else(
    tmp_path: Path, topics: Topics, connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    broken = logins.make_login(tmp_path, "till-1", "register")
    whole = logins.make_login(tmp_path, "till-2", "register")
    os.truncate(tmp_path / "clients" / "till-1.json", 40)
    running = Broker(tmp_path, topics, choose_port(0).port)

    await running.start()

    try:
        assert connect(running, broken).connect_code == NOT_AUTHORISED
        assert connect(running, whole).connect_code == ACCEPTED
        assert "till-1.json" in caplog.text
    finally:
        await running.stop()


async def test_temporary_login_ends_with_the_brokers_next_start(
    broker: Broker, tmp_path: Path, connect: Connect
) -> None:
    logins.make_login(tmp_path, "till-1", "register")
    temporary = logins.make_temporary_login(tmp_path, "till-1")

    await broker.restart()

    assert connect(broker, temporary).connect_code == NOT_AUTHORISED


async def test_several_brokers_run_side_by_side_and_share_no_login(
    broker: Broker, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, topics: Topics, connect: Connect
) -> None:
    data = tmp_path_factory.mktemp("a second store")
    second = Broker(data, topics, choose_port(broker.port).port)
    await second.start()
    try:
        made, of_second = (logins.own_credentials(folder, "hub") for folder in (tmp_path, data))
        codes = [connect(*each).connect_code for each in ((broker, made), (second, of_second), (broker, of_second))]
    finally:
        await second.stop()

    assert codes == [ACCEPTED, ACCEPTED, NOT_AUTHORISED]


async def test_killed_broker_is_seen_and_starts_again(broker: Broker, tmp_path: Path, connect: Connect) -> None:
    assert broker.pid is not None
    os.kill(broker.pid, signal.SIGKILL)

    assert await broker.ended() == -signal.SIGKILL
    assert broker.pid is None
    await broker.start()
    assert connect(broker, logins.own_credentials(tmp_path, "hub")).connect_code == ACCEPTED


async def test_stopped_broker_is_gone_and_its_port_free(broker: Broker) -> None:
    await broker.stop()

    assert broker.pid is None
    assert choose_port(broker.port).sentence is None


async def test_running_broker_is_not_started_twice(broker: Broker) -> None:
    with pytest.raises(BrokerFault, match="runs already"):
        await broker.start()


async def test_mosquitto_that_ends_at_once_is_told_with_its_last_words(tmp_path: Path, topics: Topics) -> None:
    found = find_programs()
    failing = program(tmp_path / "mosquitto")
    failing.write_text("#!/bin/sh\necho 'Error: no more memory'\nexit 3\n")
    broken = Broker(tmp_path, topics, choose_port(0).port, programs=replace(found, mosquitto=failing))

    with pytest.raises(BrokerFault, match=r"ended with code 3; the last it said: Error: no more memory"):
        await broken.start()

    assert broken.pid is None


PARENT = """
import asyncio, sys
from pathlib import Path
from contracts.topics import Topics
from services.hub.broker import Broker, choose_port

async def main():
    broker = Broker(Path(sys.argv[1]), Topics("store"), choose_port(0).port)
    await broker.start()
    print(broker.pid, flush=True)
    await broker.ended()

asyncio.run(main())
"""


def test_broker_ends_with_its_parent_even_by_kill_9(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", PARENT, str(tmp_path)], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        broker = os.pidfd_open(int(parent.stdout.readline()))

        parent.kill()

        try:
            ended, _, _ = select.select([broker], [], [], PATIENCE_S)
            assert ended == [broker]
        finally:
            os.close(broker)


async def test_log_tells_logins_but_neither_topics_payloads_nor_passwords(
    broker: Broker, tmp_path: Path, topics: Topics, connect: Connect
) -> None:
    made = logins.own_credentials(tmp_path, "staff")
    staff = connect(broker, made)
    staff.publish(topics.reply("till-1", "staff"), topics.reply("till-1", "checkout"), payload=b"personal")
    await broker.stop()

    text = broker.log_file.read_text()
    assert "u'staff'" in text
    assert not [secret for secret in (made.password, "personal", "reply/till-1") if secret in text]


async def test_long_log_is_put_aside_while_the_broker_writes_on(
    broker: Broker, tmp_path: Path, connect: Connect
) -> None:
    with broker.log_file.open("ab") as log_file:
        log_file.write(b"x" * LOG_BYTES)

    broker.keep_log_small()

    connect(broker, logins.own_credentials(tmp_path, "hub"))
    await broker.stop()
    assert "u'hub'" in broker.log_file.read_text()
    assert broker.log_file.stat().st_size < LOG_BYTES
    assert (tmp_path / "broker" / "mosquitto.log.1").stat().st_size > LOG_BYTES


@pytest.mark.usefixtures("broker")
async def test_what_the_broker_reads_is_closed_to_others(tmp_path: Path) -> None:
    rights = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "broker").iterdir()}

    assert stat.S_IMODE((tmp_path / "broker").stat().st_mode) == 0o700
    assert rights["dynamic-security.json"] == rights["mosquitto.conf"] == 0o600


async def test_broker_runs_as_whoever_runs_the_hub(broker: Broker) -> None:
    assert (Path("/proc") / str(broker.pid)).stat().st_uid == os.getuid()


async def test_cancelled_start_leaves_no_broker_behind(tmp_path: Path, topics: Topics) -> None:
    half = Broker(tmp_path, topics, choose_port(0).port)
    starting = asyncio.create_task(half.start())
    while half.pid is None:
        await asyncio.sleep(0)
    starting.cancel()

    with pytest.raises(asyncio.CancelledError):
        await starting

    assert half.pid is None
    assert choose_port(half.port).sentence is None
