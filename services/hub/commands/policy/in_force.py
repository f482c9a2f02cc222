"""The settings: shown, kept in a file, and put in force from one."""

import sys
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
from cyclopts import Parameter
from msgspec import Meta
from rich.table import Table

from contracts.ids import StaffId
from contracts.policy import (
    GetSettings,
    ListSettingsRevisions,
    Override,
    PolicyInForce,
    PolicySettings,
    RulePurpose,
    SetSettings,
    SettingsRevision,
    SettingsRevisions,
)
from services.hub.client import Client
from services.hub.persons import ANYBODY, Who, acting, called, names
from services.hub.terminal import (
    AsJson,
    CommandRefused,
    DataFolder,
    as_hub,
    console,
    data_folder,
    plain,
    print_plain,
    told_fault,
)

STANDARD_INPUT: Final = Path("-")
A_PAGE: Final = 200
WARNINGS: Final = {
    "contact-required-store-wide": "every customer of the store must give a contact; the GDPR (art. 5) asks for no "
    "more than a purpose needs, so think of an override for the sales that need it",
    "refund-may-be-blocked": "an override requires something of returns; a refund owed by law depends on no detail of "
    "the customer (Directive (EU) 2019/771, art. 13 and 16)",
    "groups-not-checked": "a customer group is named that was not looked up; one that the store does not have fits no "
    "sale, and 'policy set' refuses it",
}
"""Policy's stable codes in words."""
SettingsFile = Annotated[
    Path,
    Parameter(
        help="Settings as JSON, as './tillwire policy show --json' prints them; - is standard input.",
        allow_leading_hyphen=True,
    ),
]


class Draft(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Settings in a file, and the revision that they were made from."""

    revision: Annotated[int, Meta(ge=0)] | None = None
    settings: PolicySettings


class _Outline(msgspec.Struct, frozen=True):
    """What tells a draft from settings that stand alone."""

    settings: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    revision: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


async def show_policy(
    *,
    revision: Annotated[int | None, Parameter(help="Those of an earlier revision.")] = None,
    history: Annotated[bool, Parameter(negative="", help="List the revisions, with who and when.")] = False,
    as_json: AsJson = False,
    data: DataFolder = None,
) -> None:
    """Show the settings in force; --json prints them with their revision, to be edited and given to 'policy set'."""
    if history and revision is not None:
        raise CommandRefused("--history lists all revisions; leave out --revision")
    async with as_hub(data_folder(data)) as (_, client):
        if history:
            revisions = await _revisions(client)
            if as_json:
                print_plain(msgspec.json.encode(revisions).decode())
            else:
                console().print(_history(revisions, await names(client)))
            return
        told = await client.ask(GetSettings(revision))
        if as_json:
            draft = Draft(revision=told.revision, settings=told.settings)
            print_plain(msgspec.json.format(msgspec.json.encode(draft)).decode())
        else:
            _show(told, await names(client))


async def set_policy(
    file: SettingsFile,
    /,
    *,
    force: Annotated[
        bool, Parameter(negative="", help="Replace whatever is in force, whichever revision the file was made from.")
    ] = False,
    as_json: AsJson = False,
    who: Who = ANYBODY,
) -> None:
    """Put settings in force for the next check, unless others were since the file was made from 'policy show'."""
    draft = read_settings(file, who)
    if draft.revision is None and not force:
        raise CommandRefused(
            f"{file} does not name the revision that it was made from, so changes of others might be lost; begin with "
            "'./tillwire policy show --json', or say --force"
        )
    async with acting(who) as person:
        expected = draft.revision
        if force or expected is None:
            expected = (await person.client.ask(GetSettings())).revision
        told = await person.ask(SetSettings(expected, draft.settings))
    if as_json:
        print_plain(msgspec.json.encode(told).decode())
        return
    print_plain(f"revision {told.revision} is in force")
    tell_warnings(told.warnings)


def read_settings(file: Path, who: Who) -> Draft:
    """Read settings and hold them against the contract, before anybody types a PIN.

    They stand with the revision that they were made from, as 'policy show' tells them, or alone.

    Raises:
        CommandRefused: they cannot be read or do not fit; the sentence names field and rule.
    """
    if file == STANDARD_INPUT and who.pin_stdin:
        raise CommandRefused("standard input gives the settings or the PIN, not both; name a file")
    if file == STANDARD_INPUT and who.staff is None and who.caller is None:
        raise CommandRefused("standard input gives the settings; name who does it with --staff")
    expected: type[Draft | PolicySettings] = PolicySettings
    try:
        content = sys.stdin.buffer.read() if file == STANDARD_INPUT else file.read_bytes()
        content = content.removeprefix(b"\xef\xbb\xbf")
        outline = msgspec.json.decode(content, type=_Outline)
        if outline != _Outline():
            expected = Draft
        read = msgspec.json.decode(content, type=expected)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise CommandRefused(f"{file}: {told_fault(error, expected)}; nothing was changed") from error
    except OSError as error:
        raise CommandRefused(f"{file} cannot be read: {error.strerror}") from error
    return read if isinstance(read, Draft) else Draft(settings=read)


def tell_warnings(codes: tuple[str, ...]) -> None:
    """Say what a careful shop should know about settings that are allowed."""
    for code in codes:
        print_plain(f"careful, {code}: {WARNINGS.get(code, 'see services/policy/README.md')}")


def _show(told: PolicyInForce, named: dict[StaffId, str]) -> None:
    settings, out = told.settings, console()
    by = "as every store starts" if told.set_at is None else f"by {called(told.set_by, named)}, {told.set_at}"
    state = "in force" if told.in_force else "not in force any more"
    table = Table("rule", "level", "mode", "purpose", title=plain(f"Revision {told.revision}, {state}, {by}"))
    table.title_justify = "left"
    table.add_row("first_name", settings.first_name.level, "", _purpose(settings.first_name.purpose))
    table.add_row("last_name", settings.last_name.level, "", _purpose(settings.last_name.purpose))
    contact = settings.contact
    table.add_row("contact", contact.level, contact.mode, _purpose(contact.purpose))
    table.add_row("attribution", settings.attribution, "", "")
    out.print(table)
    for name, value in (
        ("moment", settings.moment),
        ("waivable", "yes" if settings.waivable else "no"),
        ("on_policy_unavailable", settings.on_policy_unavailable),
        ("keep_days", settings.keep_days),
    ):
        out.print(f"{name:<22} {value}")
    if settings.overrides:
        overrides = Table("override", "effect", "when", "sets", title="Overrides", title_justify="left")
        for override in settings.overrides:
            overrides.add_row(override.override_id, override.effect, _when(override), _sets(override))
        out.print(overrides)
    tell_warnings(told.warnings)


def _when(override: Override) -> str:
    conditions: dict[str, Any] = msgspec.to_builtins(override.when)
    return "\n".join(f"{name} {value}" for name, value in conditions.items()) or "never"


def _sets(override: Override) -> str:
    rules = [
        f"{name} {rule.level}{_with_purpose(rule.purpose)}"
        for name, rule in (("first_name", override.first_name), ("last_name", override.last_name))
        if rule is not None
    ]
    if override.contact is not None:
        contact = override.contact
        rules.append(f"contact {contact.level}, {contact.mode}{_with_purpose(contact.purpose)}")
    if override.attribution is not None:
        rules.append(f"attribution {override.attribution}")
    return "\n".join(rules) or "nothing"


def _purpose(purpose: RulePurpose | None) -> str:
    return "" if purpose is None else purpose.kind


def _with_purpose(purpose: RulePurpose | None) -> str:
    return "" if purpose is None else f" ({purpose.kind})"


async def _revisions(client: Client) -> tuple[SettingsRevision, ...]:
    page: SettingsRevisions = await client.ask(ListSettingsRevisions(A_PAGE))
    revisions = page.revisions
    while page.next is not None:
        page = await client.ask(ListSettingsRevisions(A_PAGE, page.next))
        revisions += page.revisions
    return revisions


def _history(revisions: tuple[SettingsRevision, ...], named: dict[StaffId, str]) -> Table:
    table = Table("revision", "set at", "by", "alike")
    for each in revisions:
        table.add_row(str(each.revision), each.set_at, plain(called(each.set_by, named)), each.settings_hash[:8])
    return table
