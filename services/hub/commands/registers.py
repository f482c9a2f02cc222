"""``register``: logins of registers, displays and tools, made and cut off while the broker runs."""

from typing import Annotated

import msgspec
from cyclopts import Parameter
from rich.table import Table

from services.hub import access, broker_logins, logins
from services.hub.terminal import (
    AsJson,
    CommandRefused,
    DataFolder,
    changing_logins,
    console,
    data_folder,
    print_plain,
)

Name = Annotated[str, Parameter(help="The login: a-z, 0-9 and hyphens, such as till-1.")]


async def add_register(
    name: Name,
    *,
    role: Annotated[logins.GivenRole, Parameter(help="What it may do.")] = "register",
    data: DataFolder = None,
    as_json: AsJson = False,
) -> None:
    """Make a login and print it; the password is told here and never again."""
    folder = data_folder(data)
    async with changing_logins(folder) as (hub, send_control):
        made = await broker_logins.add_login(folder, hub.topics, name, role, send_control)
    rules = access.rules(role, made.login, hub.topics)
    host, *other_hosts = hub.hosts
    told: dict[str, str | int] = {
        "host": host,
        "port": hub.port,
        "username": made.username,
        "password": made.password,
        "client_id": made.client_id,
    }
    if as_json:
        allowed = {"publish": rules.publish, "subscribe": rules.subscribe}
        print_plain(msgspec.json.encode({**told, **allowed}).decode())
        return
    for label, value in told.items():
        print_plain(f"{label.replace('_', ' '):<10} {value}")
        if label == "host":
            for other in other_hosts:
                print_plain(f"{'or':<10} {other}")
    for label, topics in (("subscribe", rules.subscribe), ("publish", _summed(rules.publish))):
        for topic in topics:
            print_plain(f"{label:<10} {topic}")
    print_plain("Keep the password now; it is not shown again.")


def list_register(*, data: DataFolder = None, as_json: AsJson = False) -> None:
    """List all logins that were made here."""
    listed = logins.list_logins(data_folder(data))
    given = [each for each in listed.logins if each.role in logins.GIVEN_ROLES and not each.temporary]
    if as_json:
        print_plain(msgspec.json.encode([{"name": each.login, "role": each.role} for each in given]).decode())
        return
    table = Table("login", "role")
    for each in given:
        table.add_row(each.login, each.role)
    for broken in listed.damaged:
        table.add_row(broken.name, f"damaged: {broken.reason}")
    console().print(table)


async def remove_register(name: Name, *, data: DataFolder = None) -> None:
    """Remove a login; whoever uses it is cut off at once."""
    folder = data_folder(data)
    if name == "ops":
        raise CommandRefused("'ops' is what 'watch' logs in with; it stays")
    async with changing_logins(folder) as (_, send_control):
        await broker_logins.cut_off_login(folder, name, send_control)
    print_plain(f"{name} is removed and cut off")


def _summed(topics: tuple[str, ...]) -> list[str]:
    """The topics to publish on, all requests to one service as one line."""
    return sorted({_any_request(topic) if "/request/" in topic else topic for topic in topics})


def _any_request(topic: str) -> str:
    service, _name, caller = topic.rsplit("/", 2)
    return f"{service}/.../{caller}"
