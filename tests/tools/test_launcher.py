"""The launcher prepares a machine once, says so, and finds its way from anywhere.

Each test lays a small project with the real launcher, no packages and a hub that only tells how it was
started. Nothing is downloaded.
"""

import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
HUB = """
import json, os, sys
print(json.dumps({"arguments": sys.argv[1:], "folder": os.getcwd(), "hub": __file__}))
"""


class Run(NamedTuple):
    """How a start ended."""

    code: int
    out: str
    said: str


class Project:
    """A small project with the real launcher, in a folder with blanks in its name."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "a shop's hub"
        (self.root / "services" / "hub").mkdir(parents=True)
        shutil.copy(ROOT / "tillwire", self.root)
        for empty in ("requirements.lock", "services/__init__.py", "services/hub/__init__.py"):
            (self.root / empty).touch()
        (self.root / "requirements.lock").write_text("# nothing\n")
        (self.root / "requirements-dev.lock").write_text("# nothing to test with\n")
        (self.root / "services" / "hub" / "__main__.py").write_text(HUB)
        self.venv = self.root / ".venv"
        self.stamp = self.venv / ".tillwire-stamp"
        self.environment = {
            name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}
        } | {"TILLWIRE_PYTHON": sys.executable}

    def begin(self, *arguments: str, folder: Path | None = None, **variables: str) -> "subprocess.Popen[str]":
        """Start the launcher and leave it running."""
        return subprocess.Popen(
            [str(self.root / "tillwire"), *arguments],
            cwd=folder or self.root,
            env=self.environment | variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def start(self, *arguments: str, folder: Path | None = None, **variables: str) -> Run:
        """Start the launcher and wait for its end."""
        return self.finish(self.begin(*arguments, folder=folder, **variables))

    def finish(self, process: "subprocess.Popen[str]") -> Run:
        """Wait for the end of a start."""
        out, said = process.communicate()
        return Run(process.returncode, out, said)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


@pytest.fixture
def prepared(project: Project) -> Project:
    assert project.start().code == 0
    return project


def test_the_first_start_says_what_it_does_and_runs_the_hub(project: Project) -> None:
    run = project.start("up", "a word")

    assert run.code == 0
    assert '"arguments": ["up", "a word"]' in run.out
    assert re.findall(r"^tillwire: (making|installing|ready)", run.said, re.MULTILINE) == [
        "making",
        "installing",
        "ready",
    ]


def test_where_nothing_can_be_written_it_says_so_in_one_sentence(project: Project) -> None:
    """Even an administrator makes no folder below ``/proc``."""
    run = project.start(TILLWIRE_VENV="/proc/tillwire/venv")

    assert run.code == 1
    assert run.said == (
        "tillwire: nothing can be written to /proc/tillwire/venv; start once as somebody who may, "
        "or name another folder in TILLWIRE_VENV\n"
    )


def test_the_next_start_prepares_nothing(prepared: Project) -> None:
    stamped = prepared.stamp.stat().st_mtime_ns

    run = prepared.start("up")

    assert (run.code, run.said) == (0, "")
    assert prepared.stamp.stat().st_mtime_ns == stamped


def test_a_changed_lock_is_installed_at_the_next_start(prepared: Project) -> None:
    (prepared.root / "requirements.lock").write_text("# nothing again\n")

    run = prepared.start()

    assert "making" not in run.said
    assert "installing" in run.said
    assert prepared.start().said == ""


def test_an_interrupted_set_up_begins_again(prepared: Project) -> None:
    prepared.stamp.unlink()
    (prepared.venv / ".tillwire-unfinished").touch()
    half_installed = prepared.venv / "half-installed"
    half_installed.touch()

    run = prepared.start()

    assert run.code == 0
    assert "interrupted" in run.said
    assert not half_installed.exists()
    assert not (prepared.venv / ".tillwire-unfinished").exists()


def test_a_set_up_that_fails_leaves_no_stamp_and_is_repaired(project: Project) -> None:
    (project.root / "requirements.lock").write_text(f"tillwire-no-such-package==1 --hash=sha256:{'0' * 64}\n")

    failed = project.start(UV_OFFLINE="1", UV_NO_INDEX="1", PIP_NO_INDEX="1")
    (project.root / "requirements.lock").write_text("# nothing\n")
    repaired = project.start()

    assert (failed.code, failed.out) == (1, "")
    assert "could not be installed" in failed.said
    assert repaired.code == 0


def test_two_starts_at_once_prepare_once(project: Project) -> None:
    starts = [project.begin(), project.begin()]
    runs = [project.finish(start) for start in starts]

    assert [run.code for run in runs] == [0, 0]
    assert sum("tillwire: ready" in run.said for run in runs) == 1


def test_packages_are_found_from_any_folder_even_beside_others_of_the_same_name(
    prepared: Project, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "services" / "hub").mkdir(parents=True)
    (elsewhere / "services" / "__init__.py").write_text("raise RuntimeError('not this one')\n")

    run = prepared.start(folder=elsewhere)

    assert run.code == 0
    assert f'"folder": "{elsewhere}"' in run.out
    assert str(prepared.root / "services" / "hub" / "__main__.py") in run.out


def test_a_symbolic_link_starts_the_project_it_points_to(prepared: Project, tmp_path: Path) -> None:
    link = tmp_path / "tillwire"
    link.symlink_to(prepared.root / "tillwire")

    run = subprocess.run([link], env=prepared.environment, capture_output=True, text=True, check=False)

    assert (run.returncode, run.stderr) == (0, "")


def test_the_environment_can_lie_elsewhere(project: Project, tmp_path: Path) -> None:
    run = project.start(folder=tmp_path, TILLWIRE_VENV="another place")

    assert run.code == 0
    assert (tmp_path / "another place" / "bin" / "python").exists()
    assert not project.venv.exists()


def test_a_folder_with_other_files_is_never_taken_for_the_environment(project: Project, tmp_path: Path) -> None:
    photos = tmp_path / "photos"
    photos.mkdir()
    (photos / "one.jpg").touch()

    run = project.start(TILLWIRE_VENV=str(photos))

    assert run.code == 1
    assert "holds other files" in run.said
    assert [path.name for path in photos.iterdir()] == ["one.jpg"]


def test_a_python_that_is_too_old_is_named_in_a_sentence(project: Project, tmp_path: Path) -> None:
    programs = _programs(tmp_path, "mosquitto", python3="echo 3.10")

    run = project.start(PATH=str(programs), TILLWIRE_PYTHON="")

    assert (run.code, run.out) == (1, "")
    assert "Python 3.11, 3.12 or 3.13 is needed (python3 is 3.10)" in run.said


def test_without_any_python_the_sentence_says_so(project: Project, tmp_path: Path) -> None:
    run = project.start(PATH=str(_programs(tmp_path, "mosquitto")), TILLWIRE_PYTHON="")

    assert run.code == 1
    assert "there is none" in run.said
    assert not project.stamp.exists()


def test_without_pip_module_and_uv_apt_is_asked_for_exactly_what_is_missing(project: Project, tmp_path: Path) -> None:
    bare = f'case $* in *ensurepip*) exit 1;; *sys.executable*) echo "$0";; *) exec {sys.executable} "$@";; esac'
    programs, asked = _machine_that_notes_apt(tmp_path, python3=bare)

    run = project.start(PATH=str(programs), TILLWIRE_PYTHON=str(programs / "python3"))

    assert run.code == 1
    assert "apt could not install them" in run.said
    assert [line.split()[-1] for line in asked.read_text().splitlines()] == ["-q", "python3-venv"]


def test_a_compiler_is_asked_for_only_when_evdev_must_be_compiled(project: Project, tmp_path: Path) -> None:
    programs, asked = _machine_that_notes_apt(tmp_path)
    without_evdev = project.start(PATH=str(programs))
    (project.root / "requirements.lock").write_text(f"evdev==0.0.0 --hash=sha256:{'0' * 64}\n")

    with_evdev = project.start(PATH=str(programs))

    assert (without_evdev.code, with_evdev.code) == (0, 1)
    assert asked.read_text().splitlines()[1].endswith(" gcc libc6-dev linux-libc-dev python3-dev")


def test_tests_stop_at_the_first_check_that_fails(project: Project) -> None:
    run = project.start("test")

    assert run.code != 0
    assert re.findall(r"^tillwire: (.*failed|ruff check|ruff format|pytest)$", run.said, re.MULTILINE) == [
        "ruff check",
        "ruff check failed",
    ]


def test_continuous_integration_runs_what_a_person_runs() -> None:
    script = ROOT / ".ci" / "run"

    lines = [line for line in script.read_text().splitlines() if line and not line.startswith("#")]

    assert lines == ["set -euo pipefail", 'cd "$(dirname "$0")/.."', "exec ./tillwire test"]
    assert script.stat().st_mode & stat.S_IXUSR


def _machine_that_notes_apt(folder: Path, **scripts: str) -> tuple[Path, Path]:
    """A PATH whose apt-get, as root or by sudo, writes down what it is asked for; only ``update`` succeeds."""
    asked = folder / "asked"
    apt_get = f'echo "$*" >> "{asked}"; [[ $1 == update ]]'
    return _programs(
        folder, "mosquitto", sudo='[[ $1 == -n ]] && shift; exec "$@"', **{"apt-get": apt_get}, **scripts
    ), asked


def _programs(folder: Path, *plain: str, **scripts: str) -> Path:
    """A folder to be the whole PATH: the tools the launcher is written in, and the given programs."""
    programs = folder / "programs"
    programs.mkdir()
    tools = ("bash", "env", "readlink", "realpath", "dirname", "find", "flock", "sha256sum", "sed", "head", "grep")
    for tool in (*tools, "cat", "ls", "mkdir", "mv", "rm"):
        found = shutil.which(tool)
        assert found, tool
        (programs / tool).symlink_to(found)
    for name, script in (*((name, "exit 0") for name in plain), *scripts.items()):
        (programs / name).write_text(f"#!/usr/bin/env bash\n{script}\n")
        (programs / name).chmod(0o755)
    return programs
