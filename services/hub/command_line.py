"""The table of commands, and what a person is told when one cannot be carried out.

Each command stands in a file of ``commands/`` and is loaded when it is called.
"""

import logging
import os
import signal
import sys
from importlib import metadata
from typing import Final

from cyclopts import App

from contracts.base import Rejected

EXIT_SETTINGS: Final = 78  # EX_CONFIG of sysexits.h
FAILED: Final = 1
NO_ANSWER: Final = 2
INTERRUPTED: Final = 130
"""As a shell tells of a command that Ctrl+C ended."""
COMMANDS: Final = {
    "up": ("running:up", "Start the broker and all services, and watch over them until Ctrl+C."),
    "status": ("store_status:status", "Tell how the running hub is."),
    "watch": ("watching:watch", "Show events, states and statuses as they come."),
    "demo": ("demonstration:demo", "Play one shop scene over MQTT, step by step."),
    "request": ("requests:request", "Send any request by hand and print its reply."),
    "new-id": ("requests:new_id", "Print a new id, for a command that is to be approved or repeated."),
    "scan": ("requests:scan", "Handle a code as if a scanner had read it."),
    "printer": ("printing:printer", "Be a receipt printer and show what it prints."),
    "backup": ("keeping:backup", "Copy every service's database while it works."),
    "contracts": ("keeping:contracts", "Write the contracts as JSON Schema and AsyncAPI."),
    "bench": ("keeping:bench", "Measure how fast the hub is here."),
}
GROUPS: Final = {
    "register": (
        "Logins of registers, displays and tools.",
        {
            "add": "Make a login and print it; the password is told here and never again.",
            "list": "List all logins that were made here.",
            "remove": "Remove a login; whoever uses it is cut off at once.",
        },
        "registers",
    ),
    "staff": (
        "Who works here.",
        {
            "add-owner": "Put the first owner on the staff list; an owner adds everybody else.",
            "list": "List who works here, and who did.",
            "add": "Put somebody new on the staff list.",
            "edit": "Change somebody's name, role, badge or PIN, or whether they work here.",
            "erase": "Forget who somebody was, for good.",
            "export": "Print all that is held about somebody, for them.",
            "role": "Show what roles may do, or change one.",
            "report": "Show sales by staff or by cashier.",
        },
        "people",
    ),
    "customers": (
        "Who buys.",
        {
            "find": "Find customers as a till does.",
            "show": "Print one customer's profile as JSON.",
            "import": "Take over the customers of a file, tried first.",
            "export": "Write all customers to a file, or one person's own copy.",
            "merge": "Make two customers one, or two again.",
            "erase": "Forget a customer for good, in every service.",
            "audit": "Recompute every balance from its entries.",
            "account": "Show or change on which terms a customer may owe.",
            "statement": "Show a customer's account.",
        },
        "customers",
    ),
    "policy": (
        "What a checkout must collect before it may be paid.",
        {
            "show": "Show the settings in force, or earlier ones.",
            "set": "Put the settings of a JSON file in force.",
            "what-if": "Try settings on the decisions of the last days.",
            "report": "Count prompts, skips, blocks and waivers.",
            "exceptions": "List waivers, flagged and offline sales.",
        },
        "policy",
    ),
    "devices": (
        "Scanners and printers.",
        {
            "list": "List the devices of the settings and how each is.",
            "watch": "Show scans, print jobs and faults of devices as they come.",
            "pair": "Assign a scanner to a register by a code that it reads.",
            "unpair": "Give a scanner back to the register that the settings say.",
            "rules": "Print udev rules that allow exactly the devices of the settings.",
            "test-print": "Print a page that shows what a printer can.",
        },
        "devices",
    ),
    "items": (
        "What the shop sells.",
        {"import": "Create or change the items of a CSV file.", "show": "Print one item as JSON."},
        "catalogue",
    ),
}


def command_line() -> App:
    """The whole command line."""
    app = App(name="tillwire", help="The store hub: starts and watches everything on one box.", version=_version)
    for name, (place, sentence) in COMMANDS.items():
        app.command(f"services.hub.commands.{place}", name=name, help=sentence)
    for group, (sentence, names, module) in GROUPS.items():
        sub = App(name=group, help=sentence)
        for name, what in names.items():
            place = f"services.hub.commands.{module}:{name.replace('-', '_')}_{group}"
            sub.command(place, name=name, help=what)
        app.command(sub)
    return app


def main() -> None:
    """Carry out one command and end with its exit code."""
    # What a tool's connection has to say is told by the command; services have logs of their own.
    logging.getLogger().addHandler(logging.NullHandler())
    # Told to end, a command ends as by Ctrl+C and takes along what it made for itself.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        try:
            command_line()()
        finally:
            if sys.stdout is not None:  # as where a command is started with its output closed
                sys.stdout.flush()
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        # Whoever read this has read enough; what is left to say goes nowhere, the last flush of all included.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(FAILED)
    except Exception as error:
        told = _told(error)
        if told is None:
            raise
        exit_code, sentence = told
        print(f"tillwire: {sentence}", file=sys.stderr)  # noqa: T201 - a command line speaks
        sys.exit(exit_code)


def _told(error: Exception) -> tuple[int, str] | None:  # noqa: PLR0911 - one answer a kind
    """The exit code and the sentence for what is no bug, or None."""
    # Imported here: most commands end well, and start sooner without all of these.
    from services.hub.broker import BrokerFault  # noqa: PLC0415
    from services.hub.broker_logins import BrokerRefused  # noqa: PLC0415
    from services.hub.client import BrokerAway  # noqa: PLC0415
    from services.hub.keys import KeyDamaged  # noqa: PLC0415
    from services.hub.login_names import LoginRefused  # noqa: PLC0415
    from services.hub.running_hub import HubRuns, NoHub  # noqa: PLC0415
    from services.hub.terminal import CommandRefused  # noqa: PLC0415
    from services.runtime import bus  # noqa: PLC0415
    from services.runtime.requester import NoAnswer, Refused  # noqa: PLC0415
    from services.runtime.settings import SettingsRefused  # noqa: PLC0415

    sentences = (BrokerFault, BrokerAway, KeyDamaged, BrokerRefused, LoginRefused, HubRuns, NoHub, CommandRefused)
    match error:
        case SettingsRefused():
            return EXIT_SETTINGS, str(error)
        case bus.LoginRefused():
            return FAILED, f"the broker does not know the login '{error}'; stop the hub and start it again"
        case Refused():
            return (
                FAILED,
                f"refused, {error.rejected.code}: {error.rejected.message.rstrip('.')}{_details(error.rejected)}",
            )
        case NoAnswer():
            return NO_ANSWER, f"no answer to {error}; './tillwire status' tells who is there"
        case bus.PublishRefused():
            return FAILED, f"{error}: this login may not send it; './tillwire register list' tells roles"
        case bus.MessageTooLarge():
            return FAILED, f"{error} is over the {bus.LARGEST_PAYLOAD} that the broker takes; it was not sent"
        case OSError() if error.filename:
            return FAILED, f"{error.filename}: {error.strerror}"
        case _ if isinstance(error, sentences):
            return FAILED, str(error)
    return None


def _details(rejected: Rejected) -> str:
    """What a rejection adds to its sentence: ids, field names, codes and numbers."""
    return "".join(f"; {name} {_in_words(value)}" for name, value in rejected.details.items())


def _in_words(value: object) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case list():
            return ", ".join(map(str, value))
    return str(value)


def _version() -> str:
    try:
        return metadata.version("tillwire")
    except metadata.PackageNotFoundError:
        from services.runtime.settings import RuntimeSettings  # noqa: PLC0415

        return str(RuntimeSettings.__struct_defaults__[0])
