"""The hub as a whole: it starts, watches, and leaves nothing behind. Real processes throughout."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from contracts.topics import SERVICES
from services.hub.service_logs import LOG_BYTES, ServiceLog
from services.hub.supervisor import Backoff
from tests.hub_process import (
    PATIENCE_S,
    HubProcess,
    children_of,
    environment,
    from_scratch,
    hub_process,
    is_alive,
    tillwire,
    wait_for,
)


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HubProcess]:
    """A hub that the tests of this file kill parts of."""
    with hub_process(tmp_path_factory.mktemp("hub")) as hub:
        yield hub.until_ready()


def test_up_shows_every_service_online_and_what_a_newcomer_needs_next(hub: HubProcess) -> None:
    for service in SERVICES:
        row = next(line for line in hub.said if f" {service} " in line)
        assert "online" in row
        assert f"{service}.sqlite3" in row
    at = next(number for number, line in enumerate(hub.said) if "staff add-owner" in line)
    following = hub.said[at : at + 3]
    assert [line.split()[:2] for line in following] == [["./tillwire", word] for word in ("staff", "register", "demo")]


def test_what_a_store_keeps_is_closed_to_others(hub: HubProcess) -> None:
    """Databases and logs are for the hub's user and group; what is secret is for the user alone."""
    copied = tillwire(hub.folder, "backup")
    assert copied.returncode == 0
    rights = {path.relative_to(hub.data): path.stat().st_mode & 0o777 for path in hub.data.rglob("*")}

    kept = {path: mode for path, mode in rights.items() if ".sqlite3" in path.name or ".log" in path.name}
    assert {path.name for path in kept} >= {f"{service}.sqlite3" for service in SERVICES}
    assert {path.parent.name for path in kept} >= {"backups", "logs", "broker"}
    assert {path: oct(mode) for path, mode in kept.items() if mode != 0o640} == {}
    folders = {path.name: mode for path, mode in rights.items() if (hub.data / path).is_dir()}
    assert {name: oct(mode) for name, mode in folders.items() if mode not in (0o700, 0o750)} == {}


def test_a_new_store_has_the_sample_items(hub: HubProcess) -> None:
    shown = tillwire(hub.folder, "items", "show", "2000000000299")
    assert json.loads(shown.stdout)["name"] == "Butter 250 g"


def test_the_port_of_the_demos_printer_is_kept_for_it(hub: HubProcess) -> None:
    """Whoever takes any free port, or one that nobody holds, does not get it."""
    place = ("127.0.0.1", hub.running["demo_printer_port"])

    with socket.socket() as another, pytest.raises(OSError, match="in use"):
        another.bind(place)
    with socket.create_server(place) as printer:
        assert printer.getsockname() == place


@pytest.mark.parametrize("name", ["policy", "mosquitto"])
def test_what_is_killed_comes_back_and_is_said(hub: HubProcess, name: str) -> None:
    killed = hub.pid_of(name)
    assert killed is not None
    told = "the broker" if name == "mosquitto" else name

    os.kill(killed, signal.SIGKILL)

    hub.until_said(f"{told} was killed by SIGKILL; starting it again in", f"{told} is online again")
    assert hub.pid_of(name) not in (None, killed)
    wait_for(lambda: tillwire(hub.folder, "status").returncode == 0, "all services to be online")


def test_watch_ends_with_the_broker_and_says_so(hub: HubProcess) -> None:
    broker = hub.pid_of("mosquitto")
    assert broker is not None
    with subprocess.Popen(
        [sys.executable, "-m", "services.hub", "watch"],
        cwd=hub.folder,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as watching:
        assert watching.stdout is not None
        assert watching.stdout.readline()

        os.kill(broker, signal.SIGKILL)

        _, told = watching.communicate(timeout=PATIENCE_S)
    assert watching.returncode == 1
    assert "the broker is gone or was started again" in told
    wait_for(lambda: tillwire(hub.folder, "status").returncode == 0, "all services to be online")


def test_services_outlive_the_process_they_are_forked_from_as_new_ones(hub: HubProcess) -> None:
    before = {name: hub.pid_of(name) for name in SERVICES}
    parent = int(Path(f"/proc/{before['staff']}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1])
    assert parent in children_of(hub.pid)

    os.kill(parent, signal.SIGKILL)

    hub.until_said("staff ended with the process that services are forked from", "staff is online again")
    wait_for(lambda: tillwire(hub.folder, "status").returncode == 0, "all services to be online")
    assert not any(is_alive(pid) for pid in before.values() if pid is not None)


def test_a_service_is_forked_at_last_though_what_it_is_forked_from_dies_in_the_midst_of_it(hub: HubProcess) -> None:
    """The hub is stopped until that process is, so that it waits in the midst of a fork for one that then dies."""
    while True:
        killed = hub.pid_of("policy")
        assert killed is not None
        parent = int(Path(f"/proc/{killed}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1])
        told = len(hub.said)
        os.kill(killed, signal.SIGKILL)
        wait_for(partial(said_again, hub, told), "the hub to see it")
        hub.signal(signal.SIGSTOP)
        os.kill(parent, signal.SIGSTOP)
        if hub.pid_of("policy") is None:
            break
        hub.signal(signal.SIGCONT)
        os.kill(parent, signal.SIGCONT)
        hub.until_ready()

    hub.signal(signal.SIGCONT)
    wait_for(lambda: callers_of(parent), "the hub to ask for a fork")
    os.kill(parent, signal.SIGKILL)

    hub.until_said("the process that services are forked from died; starting policy again in")
    wait_for(lambda: tillwire(hub.folder, "status").returncode == 0, "all services to be online")


def said_again(hub: HubProcess, since: int) -> bool:
    """Whether it said since then that something is started again."""
    return any("starting it again in" in line for line in hub.said[since:])


def callers_of(pid: int) -> int:
    """How many connections to a fork server it has not taken yet."""
    held = {str(each.readlink()) for each in Path(f"/proc/{pid}/fd").iterdir()}
    rows = [line.split() for line in Path("/proc/net/unix").read_text(encoding="utf-8").splitlines()[1:]]
    [address] = {row[7] for row in rows if len(row) > 7 and f"socket:[{row[6]}]" in held}
    return sum(len(row) > 7 and row[7] == address for row in rows) - 1


def test_a_second_hub_on_the_same_data_is_refused(hub: HubProcess) -> None:
    second = from_scratch(hub.folder, "up", "--port", "0")
    assert second.returncode == 1
    assert "a hub runs on" in second.stderr


def test_hubs_run_side_by_side_and_the_second_says_that_the_port_is_taken(hub: HubProcess, tmp_path: Path) -> None:
    taken = hub.running["port"]

    with hub_process(tmp_path, "--port", str(taken), "--store", "other") as other:
        other.until_ready()

        assert any(f"port {taken} is taken by another program" in line for line in other.said)
        assert other.running["port"] != taken
        assert other.running["store"] == "other"
        for each in (hub, other):
            assert tillwire(each.folder, "status").returncode == 0


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 0), (signal.SIGKILL, -signal.SIGKILL)])
def test_nothing_is_left_behind_however_the_hub_ends(tmp_path: Path, number: signal.Signals, code: int) -> None:
    with hub_process(tmp_path) as hub:
        hub.until_ready()
        processes = children_of(hub.pid)
        assert {*SERVICES, "mosquitto"} <= set(processes.values())

        hub.signal(number)

        assert hub.ended() == code
        wait_for(lambda: not any(map(is_alive, processes)), "all processes of the hub to end")
        assert tillwire(tmp_path, "status").returncode == 1


def test_a_stopped_service_does_not_keep_the_hub_from_ending(tmp_path: Path) -> None:
    with hub_process(tmp_path) as hub:
        hub.until_ready()
        processes = children_of(hub.pid)
        stopped = hub.pid_of("devices")
        assert stopped is not None
        os.kill(stopped, signal.SIGSTOP)

        hub.signal(signal.SIGTERM)

        assert hub.ended() == 0
        assert any("devices does not stop; it is killed" in line for line in hub.said)
        wait_for(lambda: not any(map(is_alive, processes)), "all processes of the hub to end")


def test_a_setting_that_nobody_knows_is_refused_by_name(tmp_path: Path) -> None:
    refused = from_scratch(tmp_path, "up", "--port", "0", more={"TILLWIRE_COLOUR": "red"})
    assert refused.returncode == 78
    assert "TILLWIRE_COLOUR: setting 'colour'" in refused.stderr
    assert not (tmp_path / "data").exists()


def test_a_setting_that_a_service_does_not_know_stops_everything(tmp_path: Path) -> None:
    (tmp_path / "tillwire.toml").write_text("[policy]\ncolour = 'red'\n", encoding="utf-8")

    refused = from_scratch(tmp_path, "up", "--port", "0")

    assert refused.returncode == 78
    assert "policy cannot start: tillwire.toml: setting 'colour' of policy" in refused.stdout
    assert not (tmp_path / "data" / "hub.json").exists()


@pytest.mark.parametrize(
    ("flag", "variable", "file"),
    [("running", "other", "other"), ("", "running", "other"), ("", "", "running")],
    ids=["flag", "variable", "file"],
)
def test_a_flag_beats_a_variable_and_a_variable_the_file(
    hub: HubProcess, tmp_path: Path, flag: str, variable: str, file: str
) -> None:
    folders = {"running": str(hub.data), "other": str(tmp_path / "other")}
    (tmp_path / "tillwire.toml").write_text(f"data = '{folders[file]}'\n", encoding="utf-8")

    started = from_scratch(
        tmp_path,
        *("up", "--port", "0", *(("--data", folders[flag]) if flag else ())),
        more={"TILLWIRE_DATA": folders[variable]} if variable else {},
    )

    assert started.returncode == 1
    assert f"a hub runs on {hub.data} already" in started.stderr
    assert not (tmp_path / "other").exists()


def test_a_flag_that_does_not_fit_is_named(tmp_path: Path) -> None:
    refused = from_scratch(tmp_path, "up", "--store", "Corner Shop")
    assert refused.returncode == 78
    assert "--store" in refused.stderr


def test_pauses_double_to_ten_seconds_and_begin_anew_after_a_minute_of_health() -> None:
    backoff = Backoff()
    assert [backoff.after(lived_s=1) for _ in range(8)] == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10.0, 10.0]
    assert backoff.after(lived_s=60) == 0.2
    assert backoff.after(lived_s=59.9) == 0.4


@pytest.fixture
def log(tmp_path: Path) -> Callable[[list[str]], ServiceLog]:
    return lambda echoed: ServiceLog(tmp_path / "policy.log", echoed.append)


def test_warnings_are_told_and_everything_is_kept(log: Callable[[list[str]], ServiceLog]) -> None:
    echoed: list[str] = []
    policy = log(echoed)

    policy.write(b"time=x level=info from=tillwire.policy event=online\ntime=x level=warn")
    policy.write(b"ing from=tillwire.policy event=slow seconds=3\nTraceback of nobody\n")

    assert echoed == ["event=slow seconds=3"]
    assert policy.last_words == "Traceback of nobody"
    assert policy.file.read_text(encoding="utf-8").count("\n") == 3


def test_a_long_log_is_put_aside_once(log: Callable[[list[str]], ServiceLog]) -> None:
    policy = log([])

    for number in range(3):
        policy.write(b"%d" % number * LOG_BYTES + b"!\n")

    assert policy.file.read_bytes().startswith(b"2")
    assert policy.file.with_suffix(".log.1").read_bytes().startswith(b"1")
    assert len(list(policy.file.parent.iterdir())) == 2
