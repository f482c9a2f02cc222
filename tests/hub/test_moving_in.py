"""Customers moved in and out by the command line on a real hub: tried, cut off, gone on with, taken away again."""

import asyncio
import csv
import json
import os
import resource
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest

from contracts.base import Reply, Request
from contracts.customers.consent import ConsentId, RecordConsent, WordingId
from contracts.customers.fields import ListCustomFields
from contracts.customers.privacy.noting import ReadAccessLog
from contracts.ids import CustomerId
from services.hub.keys import administrator_token
from services.hub.running_hub import find
from services.hub.terminal import as_hub
from services.runtime.clock import SystemClock, stamp
from services.runtime.ids import RandomIds
from tests.hub_process import HubProcess, environment, hub_process, tillwire, wait_for

R = TypeVar("R", bound=Reply)

PIN = "271828"
HEADER = (
    "customer_code,first_name,last_name,customer_group_name,mobile,email,do_not_email,"
    "account_balance,store_credit_balance,loyalty_balance\n"
)
READ = ("--currency", "EUR", "--owed", "positive")


@dataclass
class Desk:
    """A hub where an owner works, and what they type."""

    hub: HubProcess
    owner: str = ""

    def run(self, *arguments: str, said: str = "") -> subprocess.CompletedProcess[str]:
        return tillwire(self.hub.folder, "customers", *arguments, *self._who, said=f"{PIN}\n{said}")

    def json(self, *arguments: str) -> Any:
        done = self.run(*arguments)
        assert done.returncode in (0, 1), done.stderr
        return json.loads(done.stdout)

    @contextmanager
    def started(self, *arguments: str) -> Iterator["subprocess.Popen[bytes]"]:
        """A command in a process of its own, that can be killed."""
        pin = self.hub.folder / "pin"
        pin.write_text(f"{PIN}\n", encoding="utf-8")
        with (
            pin.open("rb") as said,
            subprocess.Popen(
                [sys.executable, "-m", "services.hub", "customers", *arguments, *self._who],
                cwd=self.hub.folder,
                env=environment(),
                stdin=said,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            ) as process,
        ):
            yield process

    def ask(self, request: Request[R]) -> R:
        """What a service answers the hub's administrator."""

        async def answer() -> R:
            async with as_hub(self.hub.data) as (_, client):
                token = administrator_token(self.hub.data, "customer.edit", "customer.export")
                return await client.ask(request, token=token)

        return asyncio.run(answer())

    def noted(self, kind: str, since: str = "") -> list[tuple[str, int]]:
        """Where the owner took something of no one customer away, and how many customers it was about."""
        notes = self.ask(ReadAccessLog(limit=500)).notes
        mine = [each for each in notes if (each.kind, each.staff_id, each.customer_id) == (kind, self.owner, None)]
        return [(each.caller, each.records) for each in mine if each.at > since]

    @property
    def _who(self) -> tuple[str, ...]:
        return ("--staff", self.owner, "--pin-stdin")

    def file(self, name: str, rows: list[str], header: str = HEADER) -> str:
        (self.hub.folder / name).write_text(header + "".join(rows), encoding="utf-8")
        return name

    def export(self, name: str = "out.csv", *more: str) -> list[dict[str, str]]:
        """All customers, as the file of an export has them."""
        done = self.run("export", "--csv", name, *more)
        assert done.returncode == 0, done.stderr
        with (self.hub.folder / name).open(encoding="utf-8-sig", newline="") as lines:
            return list(csv.DictReader(lines))


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with hub_process(tmp_path_factory.mktemp("hub"), more={"TILLWIRE_COUNTRY": "FI"}) as hub:
        yield hired(hub)


def hired(hub: HubProcess) -> Desk:
    """A desk on a hub that is up, with an owner."""
    hub.until_ready()
    tillwire(hub.folder, "staff", "add-owner", "--name", "Olga", "--pin-stdin", said=f"{PIN}\n")
    listed = json.loads(tillwire(hub.folder, "staff", "list", "--json").stdout)
    return Desk(hub, listed[0]["staff_id"])


def rows(prefix: str, count: int) -> list[str]:
    return [
        f"{prefix}-{number},{prefix},Asiakas{number},,,{prefix}{number}@example.fi,no,1.50,2,0\n"
        for number in range(1, count + 1)
    ]


def of(prefix: str, everybody: list[dict[str, str]]) -> list[dict[str, str]]:
    return [each for each in everybody if each["first_name"] == prefix]


def taken_over(desk: Desk, prefix: str) -> int:
    """How many of a file's rows have become customers so far."""
    with closing(sqlite3.connect(f"file:{desk.hub.data}/customers.sqlite3?mode=ro", uri=True)) as connection:
        (count,) = connection.execute("SELECT count(*) FROM customer WHERE first_name = ?", (prefix,)).fetchone()
        return int(count)


def pid_of_customers(desk: Desk) -> int:
    pid = desk.hub.pid_of("customers")
    assert pid is not None
    return pid


@contextmanager
def no_room(pid: int) -> Iterator[None]:
    """Let a process write to no file any more."""
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, before)


@contextmanager
def tampered(desk: Desk, customer_id: str, amount: int) -> Iterator[None]:
    """Let somebody's store credit be more than its entries say."""
    more = "UPDATE ledger_balance SET balance = balance + ? WHERE holder_id = ? AND ledger = 'store_credit'"
    with closing(sqlite3.connect(desk.hub.data / "customers.sqlite3", isolation_level=None)) as connection:
        assert connection.execute(more, (amount, customer_id)).rowcount == 1
        yield
        connection.execute(more, (-amount, customer_id))


def test_a_dry_run_tells_every_bad_row_and_takes_nothing(desk: Desk) -> None:
    file = desk.file(
        "dry.csv",
        ["D-1,Dry,One,,0401234567,,,,,\n", "D-2,Dry,Two,,12,,,,,\n", "D-3,Dry,Three,,+358 40 1234567,,,,,\n"],
    )

    done = desk.run("import", file, "--dry-run", *READ)

    assert done.returncode == 1
    assert "contact-invalid" in done.stdout
    assert "possible-duplicate" in done.stdout
    assert "1 would be created, 0 would be changed, 0 would be unchanged, 2 would be refused" in done.stdout
    assert taken_over(desk, "Dry") == 0


def test_all_rows_or_the_good_ones_as_chosen_with_a_report_of_each(desk: Desk) -> None:
    file = desk.file("good.csv", ["G-1,Good,One,Klubi,,g1@example.fi,no,,,\n", "G-2,Good,Two,,,no email,,,,\n"])

    none = desk.run("import", file, "--make-groups", *READ)
    assert (none.returncode, taken_over(desk, "Good")) == (1, 0)
    assert "--good-rows" in none.stderr
    good = desk.run("import", file, "--make-groups", "--good-rows", "--csv", "report.csv", *READ)
    assert good.returncode == 1
    assert "1 created, 0 changed, 0 unchanged, 1 refused; new groups: klubi" in good.stdout

    with (desk.hub.folder / "report.csv").open(encoding="utf-8-sig", newline="") as lines:
        report = list(csv.DictReader(lines))
    assert [(each["row"], each["outcome"], each["code"], each["field"]) for each in report] == [
        ("2", "created", "", ""),
        ("3", "refused", "contact-invalid", "emails[0]"),
    ]


def test_an_import_that_is_killed_half_way_goes_on_without_duplicates(desk: Desk) -> None:
    file = desk.file("killed.csv", rows("Killed", 1500))

    with desk.started("import", file, "--good-rows", *READ) as command:
        wait_for(lambda: taken_over(desk, "Killed") > 100, "the first rows")
        command.kill()
    assert taken_over(desk, "Killed") < 1500
    again = desk.run("import", file, *READ)

    assert again.returncode == 0, again.stderr
    everybody = of("Killed", desk.export())
    assert len(everybody) == len({each["codes"] for each in everybody}) == 1500
    assert {(each["store_credit"], each["account_owed"]) for each in everybody} == {("2.00", "1.50")}
    audited = desk.run("audit")
    assert (audited.returncode, " EUR store credit" in audited.stdout) == (0, True), audited.stderr


def test_an_import_goes_on_though_somebody_signs_on_for_another_command_meanwhile(desk: Desk) -> None:
    file = desk.file("signed.csv", rows("Signed", 1500))

    with desk.started("import", file, "--good-rows", *READ) as command:
        wait_for(lambda: taken_over(desk, "Signed") > 100, "the first rows")
        other = desk.run("audit")
        still = command.poll() is None

    assert other.returncode == 0, other.stderr
    assert (still, command.returncode, taken_over(desk, "Signed")) == (True, 0, 1500)


def test_a_customers_service_that_is_killed_meanwhile_costs_no_row_and_doubles_none(desk: Desk) -> None:
    file = desk.file("service.csv", rows("Service", 1500))

    with desk.started("import", file, "--good-rows", *READ) as command:
        wait_for(lambda: taken_over(desk, "Service") > 100, "the first rows")
        os.kill(pid_of_customers(desk), signal.SIGKILL)
        command.kill()  # for an answer that died with the service it would wait a whole minute
    done = desk.run("import", file, *READ)
    assert done.returncode == 0, done.stderr

    everybody = of("Service", desk.export())
    assert len(everybody) == len({each["codes"] for each in everybody}) == 1500
    assert {each["store_credit"] for each in everybody} == {"2.00"}


def test_on_a_full_disk_the_import_says_so_and_goes_on_once_there_is_room(desk: Desk) -> None:
    file = desk.file("full.csv", rows("Full", 300))

    with no_room(pid_of_customers(desk)):
        failed = desk.run("import", file, "--good-rows", *READ)
    done = desk.run("import", file, *READ)

    assert failed.returncode != 0
    assert "goes on from there" in failed.stderr
    assert done.returncode == 0, done.stderr
    assert taken_over(desk, "Full") == 300


def test_what_is_exported_is_read_again_by_another_shop_to_the_same(desk: Desk, tmp_path: Path) -> None:
    before = desk.export("move.csv")
    assert before
    with hub_process(tmp_path, more={"TILLWIRE_COUNTRY": "FI"}) as hub:
        other = hired(hub)
        (hub.folder / "move.csv").write_bytes((desk.hub.folder / "move.csv").read_bytes())
        done = other.run("import", "move.csv", "--currency", "EUR", "--make-groups", "--on-duplicate", "save_anyway")
        assert done.returncode == 0, done.stdout + done.stderr
        after = other.export()
        again = other.run("import", "move.csv", "--currency", "EUR", "--on-duplicate", "save_anyway")

    unlike = {"revision"}
    assert [{k: v for k, v in each.items() if k not in unlike} for each in after] == [
        {k: v for k, v in each.items() if k not in unlike} for each in before
    ]
    assert "0 created, 0 changed" in again.stdout


def test_an_export_as_a_sheet_is_read_again_and_changes_nothing(desk: Desk) -> None:
    assert desk.run("export", "--xlsx", "all.xlsx").returncode == 0

    done = desk.run("import", "all.xlsx", "--on-duplicate", "save_anyway")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 created, 0 changed" in done.stdout
    assert ", 0 refused" in done.stdout


def test_somebody_is_found_shown_merged_and_parted_again(desk: Desk) -> None:
    twins = ["T-1,Twin,One,,,t1@example.fi,no,,5,\n", "T-2,Twin,Two,,0401112223,,,,7,\n", "T-3,Other,,,,,,,,\n"]
    file = desk.file("two.csv", twins)
    assert desk.run("import", file, *READ).returncode == 0

    like = desk.file("like.csv", ["T-4,Third,,,0401112223,,,,,\n"])
    refused = desk.run("import", like, "--on-duplicate", "fill", "--csv", "-")
    found = desk.json("find", "Twin", "--json")["hits"]
    two = next(hit["customer"]["customer_id"] for hit in found if hit["customer"]["codes"] == ["T-2"])
    assert f"only who has the same contact and name is filled; T••• T••• {two} has the same phone" in refused.stdout
    assert {hit["customer"]["codes"][0] for hit in found} == {"T-1", "T-2"}
    tried = desk.run("merge", "T-1", "T-2", "--dry-run")
    assert tried.returncode == 0, tried.stderr
    unsaid = desk.run("merge", "T-1", "T-2")
    assert "nothing was merged" in unsaid.stderr
    merged = desk.run("merge", "T-1", "T-2", "--yes")
    assert merged.returncode == 0, merged.stderr
    for shown in (tried.stdout, unsaid.stderr, merged.stderr):
        for detail in ("last_name", "t1@example.fi", "T-2", "store_credit", "12.00 EUR"):
            assert detail in shown
    survivor = desk.json("show", "T-2", "--history")
    assert survivor["codes"] == ["T-1", "T-2"]
    assert survivor["balances"]["store_credit"] == 1200
    assert desk.run("merge", "T-3").stdout.startswith("no merge made ")
    assert desk.json("find", "Twin", "One", "--json")["hits"][0]["customer"]["codes"] == ["T-1", "T-2"]
    assert "one letter is looked for as a code alone" in desk.run("find", "x").stdout
    assert "say whom to look for" in desk.run("find").stderr
    merge_id = desk.run("merge", "T-1").stdout.split()[0]
    assert f"no merge {merge_id} made" in desk.run("merge", "T-3", "--undo", merge_id).stderr
    assert desk.run("merge", "T-1", "--undo", merge_id).returncode == 0
    assert desk.json("show", "T-2")["balances"]["store_credit"] == 700


def test_who_is_erased_does_not_come_back_by_the_same_file(desk: Desk) -> None:
    file = desk.file("erased.csv", ["E-1,Erased,Person,,,erased@example.fi,yes,,,\n"])
    assert desk.run("import", file, *READ).returncode == 0
    customer_id = desk.json("show", "E-1")["customer_id"]

    erased = desk.run("erase", customer_id, "--yes")
    again = desk.run("import", file, *READ)

    assert erased.returncode in (0, 1), erased.stderr
    assert customer_id in erased.stdout
    assert again.returncode == 1
    assert "customer-erased" in again.stdout
    assert taken_over(desk, "Erased") == 0


def test_a_statement_shows_what_was_owed_and_what_is_open(desk: Desk) -> None:
    file = desk.file("owes.csv", ["O-1,Owes,Much,,,,,99.50,,\n"])
    assert desk.run("import", file, "--as-of", "2026-01-31", *READ).returncode == 0

    told = desk.run("statement", "O-1", "--from", "2026-01-01", "--to", "2026-12-31")

    assert told.returncode == 0, told.stderr
    assert "opening" in told.stdout
    assert "open: 99.50 of 99.50 from 2026-01-31" in told.stdout
    assert "Account of Owes Much, 2026-01-01 to 2026-12-31, EUR" in told.stdout


def test_on_which_terms_somebody_may_owe_is_agreed_on_and_shown(desk: Desk) -> None:
    file = desk.file("terms.csv", ["TE-1,Terms,Person,,,,,,,\n"])
    assert desk.run("import", file, *READ).returncode == 0

    none, alone = desk.run("account", "TE-1"), desk.run("account", "TE-1", "--grace", "14")
    first = desk.run("account", "TE-1", "--limit", "500.50")
    more = desk.run("account", "TE-1", "--grace", "14")
    unlimited = desk.run("account", "TE-1", "--limit", "unlimited")
    wrong = desk.run("account", "TE-1", "--limit", "much")

    assert none.stdout == "nothing is sold on account, owes 0.00 EUR\n"
    assert [each.stdout for each in (first, more, unlimited)] == [
        "limit 500.50, 30 days to pay\n",
        "limit 500.50, 14 days to pay\n",
        "limit unlimited, 14 days to pay\n",
    ]
    assert "say --limit, too" in alone.stderr
    assert "--limit: an amount such as 12.50" in wrong.stderr


def test_a_persons_own_copy_and_the_marketing_list_are_handed_out(desk: Desk) -> None:
    file = desk.file("copy.csv", ["Y-1,Copy,Person,,,copy@example.fi,no,,,\n"])
    assert desk.run("import", file, *READ).returncode == 0

    copy = desk.run("export", "Y-1", "--page", "copy.html")
    listed = desk.run("export", "--marketing", "email", "--csv", "-")

    assert copy.returncode == 0, copy.stderr
    assert "copy@example.fi" in copy.stdout
    assert "copy@example.fi" in (desk.hub.folder / "copy.html").read_text()
    assert listed.returncode == 0, listed.stderr
    assert "copy@example.fi" not in listed.stdout, "an imported yes is unproven"


def test_the_marketing_list_holds_whoever_said_yes_and_it_is_noted_who_took_it(desk: Desk) -> None:
    file = desk.file("list.csv", [f"M-{each},Mail,{each},,,m{each}@example.fi,no,,,\n" for each in ("1", "2")])
    assert desk.run("import", file, *READ).returncode == 0
    customer_id = CustomerId(desk.json("show", "M-1")["customer_id"])
    said_yes = RecordConsent(
        ConsentId(RandomIds().new()), customer_id, "email", "m1@example.fi", "yes", WordingId("w-1"), "fi"
    )
    desk.ask(said_yes)

    done = desk.run("export", "--marketing", "email", "--csv", "marketing.csv")

    assert done.returncode == 0, done.stderr
    with (desk.hub.folder / "marketing.csv").open(encoding="utf-8-sig", newline="") as lines:
        listed = list(csv.DictReader(lines))
    assert [(each["address"], each["consent_id"]) for each in listed] == [("m1@example.fi", said_yes.consent_id)]
    wait_for(lambda: ("hub", 1) in desk.noted("marketing_list"), "the note of one address")


def test_it_is_noted_who_took_all_customers_away(desk: Desk) -> None:
    file = desk.file("away.csv", rows("Away", 3))
    assert desk.run("import", file, *READ).returncode == 0
    before = stamp(SystemClock().now())

    taken = len(desk.export("away.csv"))

    assert taken >= 3
    wait_for(
        lambda: sum(records for caller, records in desk.noted("exported", since=before) if caller == "hub") == taken,
        "notes of every customer in the file",
    )


def test_an_audit_fails_where_a_balance_differs_from_its_entries(desk: Desk) -> None:
    file = desk.file("audited.csv", ["A-1,Audited,Person,,,,,,5,\n"])
    assert desk.run("import", file, *READ).returncode == 0
    customer_id = desk.json("show", "A-1")["customer_id"]

    with tampered(desk, customer_id, 100):
        found = desk.run("audit", "--csv", "-")
    mended = desk.run("audit")

    (differs,) = csv.DictReader(found.stdout.splitlines())
    assert found.returncode == 1
    assert (differs["holder_id"], differs["what"], differs["kept_EUR"], differs["computed_EUR"]) == (
        customer_id,
        "balance",
        "6.00",
        "5.00",
    )
    assert mended.returncode == 0, mended.stdout


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("import", "nowhere.csv"), "cannot be read"),
        (("import", "any.csv", "--encoding", "ebcdic"), "there are utf-8"),
        (("import", "any.csv", "--country", "Finland"), "country"),
        (("import", "any.csv", "--source", "My Shop"), "source"),
        (("import", "any.csv", "--as-of", "soon"), "as_of"),
        (("import", "any.csv", "--field", "size"), "COLUMN=FIELD"),
        (("import", "any.csv", "--field", "foo=bar"), "filled by these columns of the file: none"),
        (("import", "any.csv", "--currency", "JPY"), "all balances of this store are in EUR"),
        (("export",), "--csv or --xlsx"),
        (("export", "--page", "x.html"), "name them"),
        (("show", "nobodys-code"), "neither a customer id nor"),
        (("merge", "a", "b", "--take", "shoe=both", "--yes"), "FIELD=survivor"),
    ],
)
def test_what_cannot_be_done_is_told_in_one_sentence(desk: Desk, arguments: tuple[str, ...], sentence: str) -> None:
    desk.file("any.csv", ["N-1,Never,Taken,,,,,,,\n"])

    done = desk.run(*arguments)

    assert done.returncode == 1
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_a_language_in_which_there_is_no_page_is_refused_with_those_there_are(desk: Desk) -> None:
    done = desk.run("export", "any", "--language", "xx")

    assert done.returncode != 0
    for language in ("en", "de", "nl", "fi"):
        assert f'"{language}"' in done.stderr


@pytest.mark.parametrize("more", [(), ("--good-rows",), ("--make-fields",)])
def test_a_file_that_breaks_off_is_told_with_its_row_and_how_far_it_came(desk: Desk, more: tuple[str, ...]) -> None:
    file = desk.file("broken.csv", [f"B{len(more)}-1,Broken,Off,,,,,,,\n", "B-2," + "A" * 10_000_000 + ",,,,,,,,\n"])

    done = desk.run("import", file, *more)

    assert done.returncode == 1
    assert "row 3: no CSV from here on" in done.stderr
    assert "Traceback" not in done.stderr


def test_what_was_done_until_a_file_breaks_off_is_reported_with_the_rows_just_before(desk: Desk) -> None:
    file = desk.file("stray.csv", ["S-1,Stray,Good,,,,,,,\n", "S-2,Stray,Bad,,12,,,,,\n", 'S-3,"Stray,Quote,,,,,,,\n'])

    tried = desk.run("import", file)
    done = desk.run("import", file, "--good-rows", "--csv", "stray-report.csv")

    assert "nothing was taken over" in tried.stderr
    assert "1 would be created" in tried.stdout
    with (desk.hub.folder / "stray-report.csv").open(encoding="utf-8-sig", newline="") as lines:
        report = [(each["row"], each["outcome"], each["column"]) for each in csv.DictReader(lines)]
    assert report == [("2", "created", ""), ("3", "refused", "mobile")]
    assert done.returncode == 1
    assert "row 4: no CSV from here on" in done.stderr
    assert taken_over(desk, "Stray") == 1


def test_an_import_that_is_interrupted_tells_what_was_taken_over_until_then(desk: Desk) -> None:
    file = desk.file("stopped.csv", rows("Stopped", 3000))

    with desk.started("import", file, "--good-rows", "--csv", "stopped-report.csv", *READ) as command:
        wait_for(lambda: taken_over(desk, "Stopped") > 400, "the first rows")
        command.send_signal(signal.SIGINT)

    assert command.returncode == 130
    with (desk.hub.folder / "stopped-report.csv").open(encoding="utf-8-sig", newline="") as lines:
        outcomes = [each["outcome"] for each in csv.DictReader(lines)]
    assert set(outcomes) == {"created"}
    assert 0 < len(outcomes) <= taken_over(desk, "Stopped") < 3000


def test_fields_are_made_for_rows_that_are_taken_and_never_by_a_trial(desk: Desk) -> None:
    head = "customer_code,first_name,mobile,custom_field_1,custom_field_2\n"
    bad = desk.file("fields.csv", ["F-1,Fields,,XL,\n", "F-2,Fields,12,,blue\n"], head)

    tried = desk.run("import", bad, "--make-fields", "--dry-run")
    none = desk.run("import", bad, "--make-fields")
    before = {each.field for each in desk.ask(ListCustomFields()).fields}
    good = desk.run("import", bad, "--make-fields", "--good-rows")

    assert "1 would be created" in tried.stdout
    assert "new fields: custom-field-1" in tried.stdout
    assert (none.returncode, before & {"custom-field-1", "custom-field-2"}) == (1, set())
    assert "1 created" in good.stdout, good.stderr
    after = {each.field for each in desk.ask(ListCustomFields()).fields}
    assert after - before == {"custom-field-1"}


def test_a_bad_detail_is_told_by_its_column_and_kept_in_the_notes_where_that_is_wanted(desk: Desk) -> None:
    file = desk.file("notes.csv", ["P-1,Päivi,Notes,,n/a,,,,5,\n", "Päivi-3F7K,Päivi,Code,,,a@x.de; b@x.de,,,,\n"])

    refused = desk.run("import", file, *READ)
    noted = desk.run("import", file, "--bad-details", "to_notes", "--csv", "-", *READ)

    for column, rule in (("mobile", "a phone number that is in use"), ("email", "an email address such as")):
        assert column in refused.stdout
        assert rule.split()[1] in refused.stdout
    assert [
        (each["outcome"], each["column"], each["rule"][:22]) for each in csv.DictReader(noted.stdout.splitlines())
    ] == [
        ("created", "mobile", "mobile went to the not"),
        ("created", "email", "email went to the note"),
    ]
    shown = desk.json("show", "PÄIVI-3F7K")
    assert (shown["codes"], shown["notes"]) == (["Päivi-3F7K"], "email: a@x.de; b@x.de")


def test_names_of_columns_reach_the_terminal_as_text(desk: Desk) -> None:
    file = desk.file("bell.csv", ["Q-1,Bell,x\n"], "customer_code,first_name,\x1b[31mred\x07\n")

    done = desk.run("import", file, "--dry-run")

    assert "red" in done.stderr
    assert not {"\x1b", "\x07"} & set(done.stderr)


def test_rows_that_mean_harm_are_refused_one_by_one_or_kept_as_the_names_they_are(desk: Desk) -> None:
    file = desk.file(
        "harm.csv",
        [
            f"H-1,{'A' * 10_000},Long,,,,,,,\n",
            "H-2,Nu\x00l,Byte,,,,,,,\n",
            "H-3,Tur\u202ened,Around,,,,,,,\n",
            "H-4,Harm,'; DROP TABLE customer; --,,,,,,,\n",
            'H-5,Harm,"🎉 OR ""NEAR"" *",,,,,,,\n',
            "H-6,Harm,'=1+1,,,,,,,\n",
        ],
    )

    done = desk.run("import", file, "--good-rows", "--csv", "-")

    report = list(csv.DictReader(done.stdout.splitlines()))
    assert [(each["outcome"], each["field"]) for each in report] == [
        *(("refused", "first_name"),) * 3,
        *(("created", ""),) * 3,
    ]
    assert {each["last_name"] for each in of("Harm", desk.export())} == {
        "'; DROP TABLE customer;' --",  # with what keeps its second part from being run, too
        '🎉 OR "NEAR" *',
        "'=1+1",
    }


def test_nothing_of_a_person_is_logged_by_an_import(desk: Desk) -> None:
    file = desk.file("logged.csv", ["L-1,Quetzalcoatlina,Zyxwvut,,0407654321,zyxw@example.fi,no,,,\n"])
    assert desk.run("import", file, *READ).returncode == 0

    logs = "".join(log.read_text(errors="replace") for log in (desk.hub.data / "logs").glob("*.log*"))

    assert find(desk.hub.data).pid == desk.hub.pid
    for mark in ("Quetzal", "Zyxw", "zyxw@", "7654321"):
        assert mark not in logs
