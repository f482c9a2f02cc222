"""One shop scene, played over MQTT by a register with a login of its own, and told step by step.

Belongs here: the login, the clients and the printer that it is played with. Never here: the scene (``scene.py``).
"""

from pathlib import Path

from services.hub import broker_logins, logins
from services.hub.client import connected
from services.hub.demo.scene import Played, Scene
from services.hub.demo.stage import DemoFailed, Narrate, Stage, Step
from services.hub.running_hub import DEMO_REGISTER, RunningHub
from services.hub.terminal import changing_logins
from services.hub.virtual_printer import VirtualPrinter


async def play(data: Path, narrate: Narrate) -> Played:
    """Play the scene on the hub that runs on a data directory.

    Args:
        data: the hub's data directory; whoever plays must be able to read the store's keys in it.
        narrate: told of each step.

    Raises:
        NoHub: none runs there.
        DemoFailed: something of the scene did not happen.
        Refused: a service refused a step.
        NoAnswer: a service did not answer.
    """
    async with changing_logins(data) as (hub, send_control):
        if hub.demo_printer_port is None:
            raise DemoFailed("this hub's shop has printers of its own and expects none of the demo's")
        made = await _login(data, hub, send_control)
        narrate(Step(f"The register {DEMO_REGISTER} has a login of its own.", hub.topics.privates_for(DEMO_REGISTER)))
        try:
            watching = (hub.topics.privates_for(DEMO_REGISTER),)
            async with (
                VirtualPrinter(hub.demo_printer_port) as printer,
                connected(hub.login(logins.own_credentials(data, "hub")), hub.topics) as administrator,
                connected(hub.login(made), hub.topics, watching=watching) as till,
            ):
                return await Scene(Stage(hub, narrate, administrator, till), data, printer).play()
        except OSError as error:
            raise DemoFailed(f"the printer's port {hub.demo_printer_port} is taken: {error.strerror}") from error
        finally:
            await broker_logins.cut_off_login(data, DEMO_REGISTER, send_control)


async def _login(data: Path, hub: RunningHub, send_control: broker_logins.SendControl) -> logins.Credentials:
    """Have a login for the demo's register; one that an interrupted demo left makes way."""
    if any(each.username == DEMO_REGISTER for each in logins.list_logins(data).logins):
        await broker_logins.cut_off_login(data, DEMO_REGISTER, send_control)
    return await broker_logins.add_login(data, hub.topics, DEMO_REGISTER, "register", send_control)
