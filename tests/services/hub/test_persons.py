"""Commands that somebody does: signed on for one command and off again, with tables, JSON and files told."""

import asyncio
import io
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import openpyxl
import pytest

from contracts.ids import StaffId
from contracts.staff import ListStaff
from contracts.staff.privacy import ExportStaff
from contracts.staff.signing_on import RegisterSession, SignOn
from contracts.topics import Topics
from services.hub.persons import Acting, HubSession, at_hub
from services.runtime.ids import RandomIds, is_uuid
from services.runtime.requester import Refused
from tests.hub_process import HubProcess, environment, hub_process, tillwire, wait_for
from tests.services.hub.clients import Connection

TOPICS = Topics("store")
OWNER_PIN, CASHIER_PIN = "271828", "4711"
BUTTER = "2000000000299"
PERIOD = ("--from", "2020-01-01", "--to", "2020-12-31")


@dataclass
class Shop:
    """A hub where an owner, and Bo behind the till, work."""

    hub: HubProcess
    owner: str = ""
    bo: str = ""
    told: dict[str, Any] = field(default_factory=dict)

    def run(
        self, *arguments: str, said: str = "", token: str = "", currency: str = ""
    ) -> subprocess.CompletedProcess[str]:
        variables = {"TILLWIRE_TOKEN": token, "TILLWIRE_CURRENCY": currency}
        more = {name: text for name, text in variables.items() if text}
        return tillwire(self.hub.folder, *arguments, said=said, more=more)

    def by_owner(self, *arguments: str, more: str = "", currency: str = "") -> subprocess.CompletedProcess[str]:
        said = f"{OWNER_PIN}\n{more}"
        return self.run(*arguments, "--staff", self.owner, "--pin-stdin", said=said, currency=currency)

    def by_bo(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.run(*arguments, "--staff", "BADGE-BO", "--pin-stdin", said=f"{CASHIER_PIN}\n")

    def json(self, *arguments: str) -> Any:
        done = self.run(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def till(self, service: str, name: str, payload: dict[str, Any], *more: str, token: str = "") -> dict[str, Any]:
        """Ask as the till; the answer, whatever it is."""
        done = self.run("request", service, name, json.dumps(payload), "--as", "till-1", *more, token=token)
        assert done.stdout, done.stderr
        answered: dict[str, Any] = json.loads(done.stdout)
        return answered

    def signed_on_at(self, login: str) -> str | None:
        """Who is signed on there, as everybody on the bus may see."""
        connection = Connection(
            **{key: self.told[key] for key in ("username", "password", "client_id")}, port=self.port
        )
        try:
            connection.subscribe(f"{TOPICS.root}/state/staff/registers/{login}")
            shown: str | None = json.loads(connection.next_message().payload)["staff_id"]
            return shown
        finally:
            connection.close()

    @property
    def port(self) -> int:
        return int(self.told["port"])


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with hub_process(tmp_path_factory.mktemp("hub")) as hub:
        shop = Shop(hub.until_ready())
        shop.run("staff", "add-owner", "--name", "Olga Owner", "--pin-stdin", said=f"{OWNER_PIN}\n")
        shop.owner = shop.json("staff", "list")[0]["staff_id"]
        added = (
            "staff",
            "add",
            "--name",
            "Bo",
            "--badge",
            "BADGE-BO",
            "--short-name",
            "B.",
            "--new-pin-stdin",
            "--json",
        )
        made = shop.by_owner(*added, more=f"{CASHIER_PIN}\n")
        assert made.returncode == 0, made.stderr
        shop.bo = json.loads(made.stdout)["staff_id"]
        reads_persons = shop.by_owner("staff", "role", "owner", "--set", "staff.report_person=allowed")
        assert reads_persons.returncode == 0, reads_persons.stderr
        shop.told = shop.json("register", "add", "eye", "--role", "ops")
        shop.json("register", "add", "till-1")
        yield shop


def test_whoever_was_added_is_listed_with_role_and_short_name(shop: Shop) -> None:
    [bo] = [member for member in shop.json("staff", "list") if member["staff_id"] == shop.bo]

    assert (bo["name"], bo["short_name"], bo["role"], bo["active"]) == ("Bo", "B.", "cashier", True)
    assert shop.bo in shop.run("staff", "list").stdout.replace("\n", "")


def test_a_session_at_the_hub_ends_with_its_command_also_when_that_is_refused(shop: Shop) -> None:
    done = shop.by_owner("staff", "export", shop.bo)
    assert done.returncode == 0, done.stderr
    assert shop.signed_on_at("hub") is None

    refused = shop.by_bo("staff", "export", shop.owner)
    assert refused.returncode == 1
    assert "permission-denied" in refused.stderr
    assert shop.signed_on_at("hub") is None


def test_a_wrong_pin_does_nothing_and_is_not_shown(shop: Shop) -> None:
    refused = shop.run("staff", "export", shop.bo, "--staff", shop.owner, "--pin-stdin", said="999999\n")

    assert (refused.returncode, refused.stdout) == (1, "")
    assert "sign-on-refused" in refused.stderr
    assert "999999" not in refused.stderr


def test_an_export_tells_the_person_what_is_held_about_them(shop: Shop) -> None:
    held = json.loads(shop.by_owner("staff", "export", shop.bo).stdout)

    assert held["member"]["badge"] == "BADGE-BO"
    assert {"sessions", "approvals", "credit"} <= set(held)


async def test_a_command_ends_its_own_session_and_not_that_of_somebody_who_signed_on_meanwhile(shop: Shop) -> None:
    async with at_hub(shop.hub.data) as one, at_hub(shop.hub.data) as other:
        first = HubSession(one, SignOn(staff_id=StaffId(shop.owner), pin=OWNER_PIN))
        second = HubSession(other, SignOn(staff_id=StaffId(shop.owner), pin=OWNER_PIN))
        export = ExportStaff(StaffId(shop.bo))
        await Acting(one, first).ask(export)
        await Acting(other, second).ask(export)

        # Whoever has an answer to a later request has seen the sessions before it.
        await one.ask(ListStaff())
        await first.end()

        held = await Acting(other, second).ask(export)
        assert held.member.staff_id == shop.bo
        await second.end()
    assert shop.signed_on_at("hub") is None


async def test_whose_session_another_command_ended_signs_on_again_and_ends_nobody_elses(shop: Shop) -> None:
    async with at_hub(shop.hub.data) as one, at_hub(shop.hub.data) as other:
        first = HubSession(one, SignOn(staff_id=StaffId(shop.owner), pin=OWNER_PIN), turn_s=0)
        second = HubSession(other, SignOn(staff_id=StaffId(shop.owner), pin=OWNER_PIN), turn_s=0)
        export = ExportStaff(StaffId(shop.bo))
        await Acting(one, first).ask(export)
        await Acting(other, second).ask(export)

        twice = [await Acting(one, first).ask(export) for _ in range(2)]
        assert [each.member.staff_id for each in twice] == [shop.bo] * 2
        assert (await Acting(other, second).ask(export)).member.staff_id == shop.bo
        await one.ask(ListStaff())
        await first.end()

        assert (await Acting(other, second).ask(export)).member.staff_id == shop.bo
        await second.end()
    assert shop.signed_on_at("hub") is None


async def test_a_command_lets_the_one_that_ended_its_session_do_its_work_first(shop: Shop) -> None:
    sign_on = SignOn(staff_id=StaffId(shop.owner), pin=OWNER_PIN)
    async with at_hub(shop.hub.data) as one, at_hub(shop.hub.data) as other, at_hub(shop.hub.data) as eye:
        first, second = HubSession(one, sign_on, turn_s=60), HubSession(other, sign_on)
        lost, theirs = await first.token(), await second.token()
        renewed = asyncio.create_task(first.token(lost=lost))
        await asyncio.sleep(0)  # it has asked by then, unless it waits

        # PINs are compared one at a time: when this one is answered, one before it would be.
        with pytest.raises(Refused):
            await other.ask(SignOn(staff_id=StaffId(shop.owner), pin="999999"), patience_s=15)
        assert (await other.ask(ExportStaff(StaffId(shop.bo)), token=theirs)).member.staff_id == shop.bo
        await second.end()
        await renewed

        await eye.ask(ListStaff())
        shown = [msgspec.json.decode(each.payload, type=RegisterSession) for each in eye.heard()]
        await first.end()
    assert [each.staff_id for each in shown[-3:]] == [shop.owner, None, shop.owner]


async def test_a_pin_that_is_no_longer_theirs_locks_nobody_out_however_many_requests_were_under_way(shop: Shop) -> None:
    async with at_hub(shop.hub.data) as one:
        session = HubSession(one, SignOn(staff_id=StaffId(shop.bo), pin="999999"))

        for _ in range(20):
            with pytest.raises(Refused, match="sign-on-refused"):
                await session.token()

    still = shop.by_bo("staff", "export", shop.owner)
    assert "permission-denied" in still.stderr


def test_at_a_terminal_the_person_is_picked_by_number_and_the_pin_is_typed_unseen(shop: Shop) -> None:
    screen, command = at_a_terminal(shop, "staff", "export", shop.bo)
    asked = until_asked(screen, "Who are you? 1 to 2: ")
    [number] = [line.split()[0] for line in asked.splitlines() if "Olga Owner (owner)" in line]
    os.write(screen, f"{number}\n".encode())
    until_asked(screen, "PIN: ")
    os.write(screen, f"{OWNER_PIN}\n".encode())
    exported, _ = command.communicate(timeout=60)
    shown = os.read(screen, 1000).decode()
    os.close(screen)

    assert json.loads(exported)["member"]["name"] == "Bo"
    assert OWNER_PIN not in shown
    assert shop.signed_on_at("hub") is None


def test_nobody_is_signed_on_while_a_new_pin_is_typed(shop: Shop) -> None:
    screen, command = at_a_terminal(shop, "staff", "edit", shop.bo, "--new-pin", "--staff", shop.owner)
    until_asked(screen, "PIN: ")
    os.write(screen, f"{OWNER_PIN}\n".encode())
    until_asked(screen, "New PIN (4 to 8 digits): ")
    signed_on_meanwhile = shop.signed_on_at("hub")
    os.write(screen, f"{CASHIER_PIN}\n".encode())
    until_asked(screen, "The new PIN again: ")
    os.write(screen, f"{CASHIER_PIN}\n".encode())
    changed, _ = command.communicate(timeout=60)
    os.close(screen)

    assert signed_on_meanwhile is None
    assert b"Bo is changed: pin" in changed


def test_at_a_terminal_it_is_asked_by_name_and_balances_whether_somebody_is_to_be_erased(shop: Shop) -> None:
    file = shop.hub.folder / "petra.csv"
    file.write_text("codes,first_name,last_name,store_credit\nPP-1,Petra,Punkt,12.50\n", encoding="utf-8")
    taken = shop.by_owner("customers", "import", "petra.csv")
    assert taken.returncode == 0, taken.stderr

    screen, command = at_a_terminal(shop, "customers", "erase", "PP-1", "--staff", shop.owner)
    until_asked(screen, "PIN: ")
    os.write(screen, f"{OWNER_PIN}\n".encode())
    asked = until_asked(screen, "Type yes: ")
    os.write(screen, b"no\n")
    command.communicate(timeout=60)
    os.close(screen)

    assert "There is 12.50 EUR store credit." in asked
    assert "Erase Petra Punkt (PP-1, " in asked
    assert command.returncode == 1
    assert shop.by_owner("customers", "find", "Petra", "Punkt").stdout.count("PP-1") == 1


def at_a_terminal(shop: Shop, *arguments: str) -> tuple[int, "subprocess.Popen[bytes]"]:
    """A command whose input and questions are a terminal's: the terminal's other end, and the command."""
    screen, terminal = os.openpty()
    command = subprocess.Popen(
        ("setsid", "--ctty", "--wait", sys.executable, "-m", "services.hub", *arguments),
        cwd=shop.hub.folder, env=environment(), stdin=terminal, stdout=subprocess.PIPE, stderr=terminal,
    )  # fmt: skip
    os.close(terminal)
    return screen, command


def until_asked(screen: int, question: str) -> str:
    """What a terminal shows, up to a question."""
    shown = ""
    while not shown.endswith(question):
        shown += os.read(screen, 1000).decode()
    return shown


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("staff", "add", "--name", "Bo"), "name who does it with --staff"),
        (("staff", "add", "--name", "Bo", "--pin-stdin"), "name who does it with --staff"),
        (("staff", "add", "--name", "Bo", "--staff", "B-1"), "give it with --pin-stdin"),
        (("staff", "edit", "Bo", "--name", "Bob"), "'Bo' is no staff id"),
        (("staff", "edit", "{bo}"), "nothing is to be changed"),
        (("staff", "edit", "{bo}", "--badge", "B", "--no-badge"), "do not go together"),
        (("staff", "edit", "{bo}", "--name", ""), "name: Expected `str` of length >= 1"),
        (("staff", "erase", "{bo}"), "say --yes"),
        (("staff", "role", "senor"), "did you mean 'senior'?"),
        (("staff", "role", "senior", "--set", "sale.viod=allowed"), "did you mean 'sale.void'?"),
        (("staff", "role", "senior", "--set", "sale.void=maybe"), "there are denied, needs_approval, allowed"),
        (("staff", "role", "--set", "sale.void=allowed"), "name one role"),
        (("staff", "role", "Head of Tea", "--name", "x"), "role: A topic segment: a-z, 0-9 and hyphens"),
        (("staff", "role", "cashier", "--remove"), "every store has the role cashier"),
        (("staff", "role", "senor", "--remove"), "did you mean 'senior'?"),
        (("staff", "report", "--from", "soon", "--to", "2020-12-31"), "from_day: A business day"),
        (("policy", "report", *PERIOD, "--csv", "-", "--json"), "standard output takes CSV or JSON"),
        (("policy", "exceptions", *PERIOD, "--as", "till-1"), "needs the token"),
        (("policy", "exceptions", *PERIOD, "--as", "eye"), "nobody signs on at 'eye'"),
        (("policy", "exceptions", *PERIOD, "--as", "till-1", "--staff", "B-1"), "leave out --staff"),
        (("policy", "show", "--history", "--revision", "1"), "leave out --revision"),
        (("policy", "show", "--revision", "4000"), "revision-not-found"),
        (("policy", "set", "nowhere.json"), "nowhere.json cannot be read"),
        (("policy", "report", "--to", "soon"), "--to 'soon' is no business day"),
        (("policy", "set", "-", "--staff", "B-1", "--pin-stdin"), "the settings or the PIN, not both"),
    ],
)
def test_what_cannot_be_done_is_one_sentence_that_says_what_to_do(
    shop: Shop, arguments: tuple[str, ...], told: str
) -> None:
    refused = shop.run(*(each.replace("{bo}", shop.bo) for each in arguments))

    assert (refused.returncode, refused.stdout) == (1, "")
    [sentence] = refused.stderr.splitlines()
    assert told in sentence


def test_a_register_that_may_not_ask_that_is_told_which_logins_may(shop: Shop) -> None:
    """Whoever is signed on there: the broker refuses the request itself."""
    nobody = RandomIds().new()

    refused = shop.run("customers", "erase", nobody, "--yes", "--as", "till-1", token="any")

    assert (refused.returncode, refused.stdout) == (1, "")
    [sentence] = refused.stderr.splitlines()
    assert "the login 'till-1' may not ask customers 'erase-customer'; these may: backoffice, hub" in sentence


def test_what_changes_of_somebody_is_named_and_the_rest_stays(shop: Shop) -> None:
    made = json.loads(shop.by_owner("staff", "add", "--name", "Cy", "--new-pin-stdin", "--json", more="8642\n").stdout)

    changes = ("--role", "senior", "--short-name", "C.", "--inactive", "--new-pin-stdin", "--json")
    edited = shop.by_owner("staff", "edit", made["staff_id"], *changes, more="9753\n")

    assert edited.returncode == 0, edited.stderr
    after = json.loads(edited.stdout)
    assert (after["name"], after["role"], after["short_name"], after["active"]) == ("Cy", "senior", "C.", False)
    assert after["revision"] > made["revision"]

    erased = shop.by_owner("staff", "erase", made["staff_id"], "--yes")
    assert erased.returncode == 0, erased.stderr
    assert "Cy" not in [member["name"] for member in shop.json("staff", "list")]


def test_a_role_is_made_changed_and_taken_away(shop: Shop) -> None:
    made = shop.by_owner("staff", "role", "tea-lead", "--set", "sale.sell=allowed", "sale.void=needs_approval")
    assert made.returncode == 0, made.stderr
    changed = shop.by_owner("staff", "role", "tea-lead", "--set", "sale.void=allowed", "--may-approve", "--name", "Tea")
    assert changed.returncode == 0, changed.stderr

    [role] = shop.json("staff", "role", "tea-lead")
    allowed = {permission for permission, grant in role["permissions"].items() if grant == "allowed"}
    assert (allowed, role["may_approve"], role["name"]) == ({"sale.sell", "sale.void"}, True, "Tea")
    shown = shop.run("staff", "role", "tea-lead").stdout
    assert [line.split("│")[2].strip() for line in shown.splitlines() if "sale.void" in line] == ["yes"]

    named = shop.by_owner(
        "staff", "add", "--name", "Di", "--role", "tea-lead", "--new-pin-stdin", "--json", more="8642\n"
    )
    di = json.loads(named.stdout)["staff_id"]
    in_use = shop.by_owner("staff", "role", "tea-lead", "--remove")
    assert in_use.stderr.endswith(f"; role tea-lead; staff_ids {di}\n")

    assert shop.by_owner("staff", "erase", di, "--yes").returncode == 0
    assert shop.by_owner("staff", "role", "tea-lead", "--remove").returncode == 0
    assert "tea-lead" not in [each["role"] for each in shop.json("staff", "role")]


def test_whoever_needs_an_approval_is_told_who_may_do_it(shop: Shop) -> None:
    granted = shop.by_owner("staff", "role", "cashier", "--set", "policy.report=needs_approval")
    assert granted.returncode == 0, granted.stderr

    refused = shop.by_bo("policy", "exceptions", *PERIOD)

    assert refused.returncode == 1
    assert "needs an approval for policy.report" in refused.stderr


def test_settings_are_shown_edited_in_a_file_and_put_in_force(shop: Shop, tmp_path: Path) -> None:
    shown = shop.json("policy", "show")
    settings = shown["settings"]
    settings["contact"]["level"] = "required"
    override = {"override_id": "repairs", "effect": "exactly", "when": {"item_tag": "warranty"}}
    settings["overrides"] = [{**override, "first_name": {"level": "required"}}]
    file = tmp_path / "settings.json"
    file.write_text(json.dumps(shown), encoding="utf-8")

    tried = shop.by_owner("policy", "what-if", str(file), "--days", "7")
    assert tried.returncode == 0, tried.stderr
    assert "sales of 7 days" in tried.stdout
    done = shop.by_owner("policy", "set", str(file))

    assert done.returncode == 0, done.stderr
    first, careful, *_ = done.stdout.splitlines()
    revision = int(first.split()[1])
    assert revision == shown["revision"] + 1
    assert careful.startswith("careful, contact-required-store-wide: every customer")
    assert shop.json("policy", "show")["settings"]["overrides"][0]["when"] == {"item_tag": "warranty"}
    told = shop.run("policy", "show").stdout
    for text in (f"Revision {revision}, in force", "Olga Owner", "repairs", "item_tag warranty", "first_name required"):
        assert text in told
    assert shop.json("policy", "show", "--history")[0]["set_by"] == shop.owner
    assert "Olga Owner" in shop.run("policy", "show", "--history").stdout
    assert shop.json("policy", "show", "--revision", "0")["settings"]["overrides"] == []


def test_settings_made_from_what_is_not_in_force_any_more_stay_in_their_file_unless_forced(
    shop: Shop, tmp_path: Path
) -> None:
    mine, theirs = tmp_path / "mine.json", tmp_path / "theirs.json"
    shown = shop.json("policy", "show")
    for file, keep_days in ((mine, 80), (theirs, 70)):
        shown["settings"]["keep_days"] = keep_days
        file.write_text(json.dumps(shown), encoding="utf-8")
    assert shop.by_owner("policy", "set", str(theirs)).returncode == 0

    refused = shop.by_owner("policy", "set", str(mine))

    assert refused.returncode == 1
    assert "revision-conflict" in refused.stderr
    assert shop.json("policy", "show")["settings"]["keep_days"] == 70
    assert shop.by_owner("policy", "set", str(mine), "--force").returncode == 0
    assert shop.json("policy", "show")["settings"]["keep_days"] == 80


@pytest.mark.parametrize("content", ["{}", '{"settings": {}}'])
def test_settings_that_name_no_revision_are_put_in_force_only_when_forced(
    shop: Shop, tmp_path: Path, content: str
) -> None:
    file = tmp_path / "settings.json"
    file.write_text(content, encoding="utf-8")
    before = shop.json("policy", "show")["revision"]

    refused = shop.run("policy", "set", str(file), "--staff", shop.owner)

    assert refused.returncode == 1
    assert "does not name the revision" in refused.stderr
    assert shop.json("policy", "show")["revision"] == before
    assert shop.by_owner("policy", "set", str(file), "--force").returncode == 0


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (
            '{"contact": {"level": "perhaps"}}',
            "contact.level: Invalid enum value 'perhaps'; there are not_required, rec",
        ),
        ('{"moment": "later"}', "moment: Invalid enum value 'later'; there are at_start, before_payment"),
        (
            '{"overrides": [{"override_id": "a", "effect": "at_most", "when": {}}]}',
            "overrides[0].effect: Invalid enum value 'at_most'; there are at_least, exactly",
        ),
        (
            '{"overrides": [{"override_id": "a", "effect": "exactly", "when": {"tender_kind": "gold"}}]}',
            "overrides[0].when.tender_kind: Invalid enum value 'gold'; there are account, card, cash",
        ),
        ('{"colour": "red"}', "unknown field `colour`"),
        (
            '{"revision": 1, "settings": {"contact": {"level": "perhaps"}}}',
            "settings.contact.level: Invalid enum value 'perhaps'; there are not_required, rec",
        ),
        ('{"revision": -1, "settings": {}}', "revision: Expected `int` >= 0"),
        ('{"revision": 1}', "missing required field `settings`"),
        (
            '{"overrides": [{"override_id": "A B", "effect": "exactly", "when": {}}]}',
            "overrides[0].override_id: 1 to 64",
        ),
        ("no JSON", "is one JSON object"),
        ("[" * 5000, "$: Expected `object`, got `array`"),
    ],
)
def test_settings_that_do_not_fit_are_refused_by_field_and_rule(
    shop: Shop, tmp_path: Path, content: str, told: str
) -> None:
    file = tmp_path / "settings.json"
    file.write_text(content, encoding="utf-8")

    refused = shop.by_owner("policy", "set", str(file))

    assert refused.returncode == 1
    assert told in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_sale_that_needs_an_approval_is_voided_with_one_and_counts_in_reports(shop: Shop) -> None:
    file = shop.hub.folder / "asks.json"
    file.write_text('{"first_name": {"level": "recommended"}}', encoding="utf-8")
    assert shop.by_owner("policy", "set", str(file), "--force").returncode == 0
    assert shop.by_owner("staff", "role", "cashier", "--set", "sale.void=needs_approval").returncode == 0
    token = shop.till("staff", "sign-on", {"badge": "BADGE-BO", "pin": CASHIER_PIN})["token"]
    sale_id, command = RandomIds().new(), shop.run("new-id").stdout.strip()
    sale = {"sale_id": sale_id}
    shop.till("checkout", "open-sale", sale, token=token)
    assert shop.run("scan", "till-1", BUTTER).stdout == "till-1: line_added\n"
    checked = shop.till("checkout", "check-sale", sale, token=token)
    void = ("checkout", "void-sale", {**sale, "reason": "customer_left"})
    assert shop.till(*void, token=token)["code"] == "approval-needed"

    approve = {"action": "sale.void", "command": command, **sale, "staff_id": shop.owner, "pin": OWNER_PIN}
    approved = shop.till("staff", "approve", approve, token=token)
    assert "approval" in approved, approved
    approval = approved["approval"]
    voided = shop.till(*void, "--id", command, "--approval", approval, token=token)

    assert is_uuid(command)
    assert voided["status"] == "voided", voided
    assert checked["decision"]["outcome"] == "prompt", checked
    report = ("policy", "report", "--csv", "-")
    wait_for(lambda: "first_name,1," in shop.by_owner(*report).stdout, "the prompt in the report of the last days")
    file.write_text('{"first_name": {"level": "required"}}', encoding="utf-8")
    tried = shop.by_owner("policy", "what-if", str(file)).stdout.splitlines()
    [head] = [line for line in tried if "register" in line]
    assert head.replace("\u2503", "").split() == ["register", "hour", "sales", "prompted", "were", "blocked", "were"]
    [row] = [line for line in tried if line.startswith("\u2502")]
    assert row.replace("\u2502", "").split()[2:] == ["1", "0", "1", "1", "0"]
    [example] = [line for line in tried if line.startswith("for example, till-1 at ")]
    assert example.endswith(f": sale {sale_id}")


def test_sales_of_a_person_go_into_a_sheet_with_the_token_of_whoever_is_signed_on_at_a_till(
    shop: Shop, tmp_path: Path
) -> None:
    token = shop.till("staff", "sign-on", {"badge": "BADGE-BO", "pin": CASHIER_PIN})["token"]
    sale = {"sale_id": RandomIds().new()}
    shop.till("checkout", "open-sale", sale, token=token)
    shop.run("scan", "till-1", BUTTER)
    due = shop.till("checkout", "check-sale", sale, token=token)["totals"]["due"]
    shop.till("checkout", "skip-prompt", {**sale, "field": "first_name", "reason": "customer_declined"}, token=token)
    tender = {**sale, "tender_id": RandomIds().new(), "kind": "cash", "amount": due}
    shop.till("checkout", "add-tender", tender, token=token)
    sold = shop.till("checkout", "complete-sale", sale, token=token)
    assert sold["status"] == "completed", sold

    owner = shop.till("staff", "sign-on", {"staff_id": shop.owner, "pin": OWNER_PIN})["token"]
    file, day = tmp_path / "sales.xlsx", sold["business_day"]
    arguments = (
        "staff", "report", "--from", day, "--to", day, "--credit", "cashier", "--by-person", "--of", shop.bo,
        "--xlsx", str(file), "--as", "till-1",
    )  # fmt: skip
    wait_for(lambda: shop.run(*arguments, token=owner).stdout == f"{file}: 1 rows\n", "the sale in the report")

    sheet = openpyxl.load_workbook(io.BytesIO(file.read_bytes())).active
    assert sheet is not None
    head, row = ([cell.value for cell in cells] for cells in sheet.iter_rows())
    assert head == ["period", "staff", "staff_id", "sales", "amount_EUR"]
    assert row == [day, "Bo", shop.bo, 1, due / 100]
    assert shop.signed_on_at("till-1") == shop.owner


def test_a_report_without_days_is_of_the_last_28_and_amounts_are_in_the_currency_of_the_settings(shop: Shop) -> None:
    bare = shop.by_owner("staff", "report", "--csv", "-")
    with_settings = shop.by_owner("staff", "report", "--csv", "-", currency="JPY")
    to_a_day = shop.by_owner("staff", "report", "--to", "2020-12-31")
    unknown = shop.by_owner("staff", "report", currency="ABC")

    assert bare.stdout.splitlines()[0] == "period,sales,amount_EUR"
    assert with_settings.stdout.splitlines()[0] == "period,sales,amount_JPY"
    assert "2020-12-04 to 2020-12-31" in to_a_day.stdout
    assert "'ABC' is no currency" in unknown.stderr


def test_what_is_larger_than_the_broker_takes_is_one_sentence(shop: Shop) -> None:
    large = json.dumps({"code": "x" * 4_000_000})

    refused = shop.run("request", "checkout", "get-item", "-", "--as", "till-1", said=large)

    assert (refused.returncode, refused.stdout) == (1, "")
    [sentence] = refused.stderr.splitlines()
    assert "a message of 4000012 bytes" in sentence
    assert "is over the 4000000 that the broker takes" in sentence


@pytest.fixture(scope="module")
def quilla(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A customer with long details, a code of one sign and a lost card."""
    file = tmp_path_factory.mktemp("files") / "quilla.csv"
    file.write_text(
        f"first_name,last_name,company,emails,phones,codes,blocked_codes\n"
        f"Quilla,{'Long' * 20},{'Company' * 10},{'q' * 60}@quilla.example.com,+49 30 901820,Q qu-1,QU-OLD\n",
        encoding="utf-8",
    )
    done = shop.by_owner("customers", "import", str(file), "--json")
    assert done.returncode == 0, done.stderr
    [hit] = json.loads(shop.by_owner("customers", "find", "Quilla", "--json").stdout)["hits"]
    return str(hit["customer"]["customer_id"])


def test_a_customer_who_is_found_stands_in_one_line_of_a_pipe_with_nothing_cut(shop: Shop, quilla: str) -> None:
    found = shop.by_owner("customers", "find", "Quilla")

    [line] = [line for line in found.stdout.splitlines() if quilla in line]
    for detail in ("Long" * 20, "Company" * 10, f"{'q' * 60}@quilla.example.com", "+4930901820"):
        assert detail in line


def test_whoever_looks_for_nobody_is_told_so(shop: Shop) -> None:
    assert shop.by_owner("customers", "find", "nobody of that name").stdout == "nobody is found\n"


@pytest.mark.parametrize("code", ["q", "QU-1"])
def test_a_customer_is_shown_by_a_code_however_short_and_whatever_its_case(shop: Shop, quilla: str, code: str) -> None:
    shown = shop.by_owner("customers", "show", code)

    assert json.loads(shown.stdout)["customer_id"] == quilla


def test_whose_code_is_blocked_is_named_by_the_id_to_go_on_with(shop: Shop, quilla: str) -> None:
    refused = shop.by_owner("customers", "show", "qu-old")

    assert refused.returncode == 1
    assert "'qu-old' is a blocked code" in " ".join(refused.stderr.split())
    assert quilla in refused.stderr


def test_a_history_is_shown_whole_however_long_it_is(shop: Shop, quilla: str) -> None:
    with sqlite3.connect(shop.hub.data / "customers.sqlite3") as connection:
        connection.executemany(
            "INSERT INTO history_note (note_id, customer_id, kind, time, fields) VALUES (?, ?, 'notice', ?, '[]')",
            [
                (f"0190a000-0000-7000-8000-{number:012}", quilla, f"2026-03-01T10:00:00.{number:06}Z")
                for number in range(250)
            ],
        )
    connection.close()

    shown = json.loads(shop.by_owner("customers", "show", quilla, "--history").stdout)

    assert [each["kind"] for each in shown["history"]] == ["created", *["notice"] * 250]
