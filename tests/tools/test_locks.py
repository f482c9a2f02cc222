"""The locks hold every package by version and hash, and name no place to get them from."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
RUNTIME = ROOT / "requirements.lock"
DEV = ROOT / "requirements-dev.lock"
NPM = ROOT / "tests" / "tools" / "asyncapi" / "package-lock.json"


@pytest.mark.parametrize("lock", [RUNTIME, DEV], ids=lambda path: path.name)
def test_every_package_is_locked_to_one_version_with_hashes(lock: Path) -> None:
    entries = re.split(r"\n(?=[a-z0-9])", _without_comments(lock))

    assert len(entries) > len(_wanted([]))
    for entry in entries:
        head, *hashes = entry.split(" \\\n")
        specifiers = list(Requirement(head).specifier)
        assert [specifier.operator for specifier in specifiers] == ["=="], head
        assert hashes, head
        assert all(re.fullmatch(r"\s*--hash=sha256:[0-9a-f]{64}\s*", line) for line in hashes), head


@pytest.mark.parametrize("lock", [RUNTIME, DEV, NPM], ids=lambda path: path.name)
def test_no_lock_names_a_host_or_a_file(lock: Path) -> None:
    text = lock.read_text()

    assert not re.search(r"://|file:|--(extra-)?index-url|--find-links|\"resolved\"|(?m:^-)", text)


def test_every_dependency_of_the_project_is_locked() -> None:
    assert _unmet(_wanted([]), _locked(RUNTIME)) == []
    assert _unmet(_wanted(["dev"]), _locked(DEV)) == []


def test_what_builds_packages_from_source_is_locked_too() -> None:
    assert "setuptools" in _locked(RUNTIME), "the launcher builds evdev and sdnotify with it; name it in pyproject.toml"


def test_what_runs_is_tested_in_the_versions_that_run() -> None:
    runtime, dev = _locked(RUNTIME), _locked(DEV)

    assert {name: dev.get(name) for name in runtime} == runtime


def test_a_missing_or_outdated_lock_would_be_noticed() -> None:
    wanted = [Requirement("sqlalchemy>=2.1"), Requirement("msgspec"), Requirement("aiomqtt==2.5.1")]

    assert _unmet(wanted, {"sqlalchemy": "2.0.9", "aiomqtt": "2.5.1"}) == ["sqlalchemy", "msgspec"]


def _without_comments(lock: Path) -> str:
    return "\n".join(line for line in lock.read_text().splitlines() if not line.lstrip().startswith("#"))


def _locked(lock: Path) -> dict[str, str]:
    return dict(re.findall(r"(?m)^([a-z0-9.-]+)==([^ ]+)", lock.read_text()))


def _wanted(groups: list[str]) -> list[Requirement]:
    project: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
    named = [*project["project"]["dependencies"]]
    for group in groups:
        named += project["dependency-groups"][group]
    return [Requirement(text) for text in named]


def _unmet(wanted: list[Requirement], locked: dict[str, str]) -> list[str]:
    return [
        requirement.name
        for requirement in wanted
        if (version := locked.get(canonicalize_name(requirement.name))) is None
        or not requirement.specifier.contains(version)
    ]
