"""The bus over a real broker: one MQTT 5 connection that is built anew after every fault.

Which end of a connection is whose doing is decided here: a fault, a takeover, a login that is refused. Never here: what
goes over the wire.
"""

import asyncio
from typing import Any

import aiomqtt
from aiomqtt.exceptions import MqttConnectError
from paho.mqtt.reasoncodes import ReasonCode

from services.runtime.bus import (
    BACKOFF_S,
    ConnectionLost,
    Listener,
    Login,
    LoginRefused,
    MessageTooLarge,
    NotConnected,
    Outgoing,
    TakenOver,
    prove_size,
)
from services.runtime.bus.client import Client, number_of
from services.runtime.log import Log

SESSION_TAKEN_OVER = 0x8E
UNSPECIFIED = 0x80
"""What paho calls a connection that ended without a DISCONNECT from the broker."""
STEADY_AFTER_S = 5.0
TAKEOVERS_TO_STOP = 3
TAKEOVER_WINDOW_S = 60.0
SHORT_LIFE_S = 1.0
"""Two that fight for a login end each other's connections sooner than this."""
STRANGER_PATIENCE_S = 2.0


class MqttBus:
    """The bus over a real broker."""

    def __init__(self, login: Login, log: Log, *, will: Outgoing | None = None, keepalive_s: int = 15) -> None:
        self._login = login
        self._log = log
        self._will = will
        self._keepalive_s = keepalive_s
        self._client: Client | None = None

    async def run(self, listener: Listener) -> None:
        """Stay connected until cancelled; raises ``TakenOver`` or ``LoginRefused`` when that is no use."""
        failures = 0
        takeovers: list[float] = []
        loop = asyncio.get_running_loop()
        while True:
            client = self._new_client(clean_start=not takeovers)
            up_since = loop.time()
            try:
                async with client:
                    if not client.session_present:
                        takeovers.clear()  # the broker was away; nobody took this login over
                    await client.unless_lost(self._subscribe(client, listener))
                    self._client = client
                    up_since = loop.time()
                    client.listen(listener.on_message)
                    await client.unless_lost(listener.on_connected())
                    await client.until_lost()
            except MqttConnectError as error:
                if number_of(error.rc) in (0x86, 0x87):  # bad user name or password, not authorised
                    raise LoginRefused(self._login.username) from error
                self._log.warning("broker-refused", code=str(error.rc))
            except (aiomqtt.MqttError, OSError, NotConnected, ConnectionLost) as error:
                code = getattr(error, "rc", None)
                self._log.warning("broker-lost", reason=type(error).__name__, code=str(code))
                now = loop.time()
                if now - up_since > STEADY_AFTER_S:
                    failures = 0
                if _is_takeover(code, now - up_since):
                    takeovers = [at for at in takeovers if at > now - TAKEOVER_WINDOW_S] + [now]
                else:
                    takeovers.clear()
            finally:
                was_up, self._client = self._client is not None, None
                client.give_up()
                if was_up:
                    listener.on_disconnected()
            if len(takeovers) >= TAKEOVERS_TO_STOP:
                raise TakenOver(self._login.client_id)
            await asyncio.sleep(BACKOFF_S[min(failures, len(BACKOFF_S) - 1)])
            failures += 1

    def post(self, message: Outgoing) -> None:
        """Send without waiting; a refusal is logged, and nothing is sent when not connected."""
        if self._client is not None:
            try:
                prove_size(message)
                self._client.send(message, None)
            except NotConnected:
                self._log.info("not-sent", topic=message.topic)
            except MessageTooLarge:
                self._log.error("message-too-large", topic=message.topic, bytes=len(message.payload))

    def send(self, message: Outgoing) -> asyncio.Future[bool]:
        """Send now; the future is done when the broker has acknowledged, and tells whether anybody listens."""
        prove_size(message)
        if self._client is None:
            raise NotConnected
        waiting: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        waiting.add_done_callback(_seen)
        self._client.send(message, waiting)
        return waiting

    def _new_client(self, *, clean_start: bool) -> Client:
        client = Client(self._login, will=self._will, keepalive_s=self._keepalive_s, clean_start=clean_start)
        client.refused = lambda topic, code: self._log.error("publish-refused", topic=topic, code=hex(code))
        return client

    async def _subscribe(self, client: Client, listener: Listener) -> None:
        for topic, code in await client.subscribe_to(listener.subscriptions()):
            self._log.error("subscription-refused", topic=topic, code=hex(code))


def _is_takeover(code: Any, up_for_s: float) -> bool:
    """Whether another client with this client id ended the connection.

    Mosquitto says so since 2.0.15 (its issue 2607); 2.0.11 of Debian 12 just closes the socket, as a broker
    that is killed does. After that the next connect asks whether the broker still holds a session: one that
    was killed does not, one that the other client is connected to does.
    """
    if not isinstance(code, ReasonCode):
        return False
    return code.value == SESSION_TAKEN_OVER or (code.value == UNSPECIFIED and up_for_s < SHORT_LIFE_S)


def _seen(waiting: asyncio.Future[bool]) -> None:
    """Look at a future's error, so that asyncio does not complain of one that nobody awaits."""
    if not waiting.cancelled():
        waiting.exception()


async def refuses_strangers(host: str, port: int) -> bool | None:
    """Whether the broker there refuses a login that nobody has; None while nothing there speaks MQTT."""
    stranger = aiomqtt.Client(
        host,
        port,
        identifier="is-it-up",
        username="is-it-up",
        password="no login has two words",  # noqa: S106 - meant to be refused
        protocol=aiomqtt.ProtocolVersion.V5,
        timeout=STRANGER_PATIENCE_S,
    )
    try:
        async with stranger:
            return False
    except MqttConnectError:
        return True
    except (aiomqtt.MqttError, OSError):
        return None
