"""The bus: one MQTT 5 connection that is built anew after every fault.

The only room that knows aiomqtt and paho. What a broker can do to a client is settled here:
connecting, subscribing and reading the answers, the reason code of every acknowledgement,
takeovers, and no delay on the socket. What messages mean is for ``dispatch`` and ``followers``.
"""

import asyncio
import socket
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Protocol

import aiomqtt
from aiomqtt.exceptions import MqttConnectError
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from services.runtime import publish_packet
from services.runtime.log import Log

SESSION_TAKEN_OVER = 0x8E
UNSPECIFIED = 0x80
"""What paho calls a connection that ended without a DISCONNECT from the broker."""
REFUSED = 0x80
NO_SUBSCRIBERS = 0x10
MAX_INFLIGHT = 500
READ_AT_ONCE = 65536
LARGEST_PAYLOAD = 4_000_000
"""The hub's broker ends the connection of whoever sends a packet over 4 MiB."""
STEADY_AFTER_S = 5.0
SESSION_EXPIRY_S = 10
WILL_DELAY_S = 5
TAKEOVERS_TO_STOP = 3
TAKEOVER_WINDOW_S = 60.0
SHORT_LIFE_S = 1.0
"""Two that fight for a login end each other's connections sooner than this."""
STRANGER_PATIENCE_S = 2.0
BACKOFF_S = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0)


@dataclass(frozen=True, slots=True)
class Incoming:
    """A message as it came from the broker."""

    topic: str
    payload: bytes
    retained: bool = False
    response_topic: str | None = None
    correlation: bytes | None = None
    expiry_s: int | None = None
    properties: dict[str, str] | None = None


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message for the broker; everything goes out with QoS 1. An empty payload clears what is retained."""

    topic: str
    payload: bytes
    retain: bool = False
    response_topic: str | None = None
    correlation: bytes | None = None
    expiry_s: int | None = None
    properties: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Subscription:
    """A topic filter.

    ``retained`` is False where what is retained must not be replayed, ``own`` where this
    client's own messages are not wanted back.
    """

    topic: str
    retained: bool
    own: bool = True


class NotConnected(Exception):
    """There is no connection to the broker now; nothing was sent."""


class ConnectionLost(Exception):
    """The connection went away before the broker acknowledged; the message may have arrived or not."""


class PublishRefused(Exception):
    """The broker took the message and refused it: this login may not publish there."""

    def __init__(self, topic: str, code: int) -> None:
        super().__init__(f"the broker refused a message to {topic} with code 0x{code:02x}")


class MessageTooLarge(Exception):
    """The message is larger than the broker takes from anyone; it would end the connection, so it is not sent."""

    def __init__(self, message: "Outgoing") -> None:
        super().__init__(f"a message of {len(message.payload)} bytes to {message.topic}")


class TakenOver(Exception):
    """Another process uses this login; two cannot share it, so this one stops."""


class LoginRefused(Exception):
    """The broker does not know this login or its password; make the login anew."""


class Listener(Protocol):
    """Who works with the connection."""

    def subscriptions(self) -> list[Subscription]:
        """What to subscribe to on every connect."""
        ...

    async def on_connected(self) -> None:
        """The connection stands and the subscriptions are in force."""
        ...

    def on_message(self, message: Incoming) -> None:
        """A message came; must not block."""
        ...

    def on_disconnected(self) -> None:
        """The connection is gone; a new one is being made."""
        ...


class Bus(Protocol):
    """What every service and tool does with a broker."""

    async def run(self, listener: Listener) -> None:
        """Stay connected until cancelled; raises ``TakenOver`` or ``LoginRefused`` when that is no use."""
        ...

    def post(self, message: Outgoing) -> None:
        """Send without waiting; a refusal is logged, and nothing is sent when not connected or too large."""
        ...

    def send(self, message: Outgoing) -> "asyncio.Future[bool]":
        """Send now; the future is done when the broker has acknowledged, and tells whether anybody listens.

        It fails with ``ConnectionLost`` (it may have arrived or not) or ``PublishRefused``
        (this login may not publish there).

        Raises:
            NotConnected: nothing was sent.
            MessageTooLarge: nothing was sent, and never will be.
        """
        ...


@dataclass(frozen=True, slots=True)
class Login:
    """How to reach the broker and as whom."""

    host: str
    port: int
    username: str
    password: str
    client_id: str


def prove_size(message: Outgoing) -> None:
    """Check that a message is not larger than the broker takes.

    Raises:
        MessageTooLarge: it is.
    """
    if len(message.payload) > LARGEST_PAYLOAD:
        raise MessageTooLarge(message)


def _seen(waiting: asyncio.Future[bool]) -> None:
    """Look at a future's error, so that asyncio does not complain of one that nobody awaits."""
    if not waiting.cancelled():
        waiting.exception()


def _number(code: Any) -> int:
    return code.value if isinstance(code, ReasonCode) else int(code)


class BufferedSocket(socket.socket):
    """A socket that is read in large pieces and handed out in the small ones that paho asks for.

    paho reads a packet with three or more calls, the first two for one byte each. Every call into
    the kernel also lets go of the interpreter, and the writer's thread is quick to take it.
    aiomqtt reads on as long as ``pending`` says so, as it does for TLS sockets.
    """

    def __init__(self, plain: socket.socket) -> None:
        super().__init__(plain.family, plain.type, plain.proto, fileno=plain.detach())
        self._read = b""
        self._taken = 0

    def recv(self, size: int, flags: int = 0) -> bytes:
        """The next bytes, at most so many; none when the other side is gone."""
        if self._taken == len(self._read):
            self._read, self._taken = super().recv(READ_AT_ONCE, flags), 0
        piece = self._read[self._taken : self._taken + size]
        self._taken += len(piece)
        return piece

    def pending(self) -> int:
        """More than 0 when a read would not wait: for bytes, or for the connection's end.

        The kernel is asked, too. libuv tells only once of a connection that was reset, even when bytes from
        before are still to be read, and uvloop then watches it no more: who does not read up to the end in
        that one call learns of it from the keepalive, half a minute later.
        """
        if self._taken < len(self._read):
            return len(self._read) - self._taken
        try:
            super().recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return 0
        except OSError:
            return 1  # the read that follows finds the connection closed
        return 1


class _Client(aiomqtt.Client):
    """aiomqtt's client with what it lacks: codes of PUBACK, messages without a queue, session present, large reads.

    They override private methods of aiomqtt 2.5 and paho 2.2, which are pinned; tests prove that they are called.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.unacknowledged: dict[int, tuple[str, asyncio.Future[bool] | None]] = {}
        self.refused: Callable[[str, int], None] = lambda _topic, _code: None
        self.session_present = False
        """Whether the broker held a session of this client id; it is asked so only without a clean start."""
        open_socket = self._client._create_socket  # noqa: SLF001 - paho has no public way to bring one's own socket
        self._client._create_socket = lambda: BufferedSocket(open_socket())  # type: ignore[method-assign, arg-type] # noqa: SLF001
        self._client._handle_publish = self._take_publish  # type: ignore[method-assign] # noqa: SLF001
        self._send_waiting = self._client._update_inflight  # noqa: SLF001
        self._client._update_inflight = self._send_what_waits  # type: ignore[method-assign] # noqa: SLF001
        self._early: list[Incoming] = []
        self._on_incoming: Callable[[Incoming], None] = self._early.append

    def _on_connect(self, client: Any, userdata: Any, flags: Any, reason_code: Any, properties: Any = None) -> None:
        self.session_present = flags.session_present
        super()._on_connect(client, userdata, flags, reason_code, properties)

    def _take_publish(self) -> MQTTErrorCode:
        """Read a PUBLISH packet in paho's place, hand it over and acknowledge it."""
        paho = self._client
        arrived = paho._in_packet  # noqa: SLF001 - where paho puts the packet that it asks to be handled
        try:
            read = publish_packet.decode(arrived["command"], bytes(arrived["packet"]))
        except publish_packet.MalformedPacket:
            return MQTTErrorCode.MQTT_ERR_PROTOCOL
        self._on_incoming(
            Incoming(
                topic=read.topic,
                payload=read.payload,
                retained=read.retained,
                response_topic=read.response_topic,
                correlation=read.correlation,
                expiry_s=read.expiry_s,
                properties=read.user,
            )
        )
        return MQTTErrorCode.MQTT_ERR_SUCCESS if read.mid is None else paho._send_puback(read.mid)  # noqa: SLF001

    def _send_what_waits(self) -> MQTTErrorCode:
        """Send what waits because too much was under way; paho looks through all that is, whether or not any waits."""
        paho = self._client
        if len(paho._out_messages) == paho._inflight_messages:  # noqa: SLF001 - what is under way, and what of it is sent
            return MQTTErrorCode.MQTT_ERR_SUCCESS
        return self._send_waiting()

    def _on_publish(self, client: Any, userdata: Any, mid: int, reason_code: Any, properties: Any) -> None:
        topic, waiting = self.unacknowledged.pop(mid, ("", None))
        code = _number(reason_code)
        if code >= REFUSED:
            self.refused(topic, code)
        if waiting is not None and not waiting.done():
            if code >= REFUSED:
                waiting.set_exception(PublishRefused(topic, code))
            else:
                waiting.set_result(code != NO_SUBSCRIBERS)
        super()._on_publish(client, userdata, mid, reason_code, properties)

    def listen(self, on_message: Callable[[Incoming], None]) -> None:
        """Hand over what came since the subscription, then all that comes."""
        self._on_incoming = on_message
        for message in self._early:
            on_message(message)
        self._early.clear()

    def send(self, message: Outgoing, waiting: asyncio.Future[bool] | None) -> None:
        """Hand a message to paho and remember who waits for its acknowledgement."""
        info = self._client.publish(message.topic, message.payload, 1, message.retain, _properties(message))
        if info.rc != MQTTErrorCode.MQTT_ERR_SUCCESS:
            raise NotConnected
        self.unacknowledged[info.mid] = (message.topic, waiting)

    async def unless_lost(self, work: Coroutine[Any, Any, None]) -> None:
        """Do some work, and leave off as soon as the connection is gone; raises what ended it.

        aiomqtt waits for a SUBACK until its timeout, even when the connection is gone.
        """
        task = asyncio.create_task(work)
        try:
            await asyncio.wait((task, self._disconnected), return_when=asyncio.FIRST_COMPLETED)
            if not task.done():
                await self.until_lost()
                raise ConnectionLost  # the broker said goodbye
        finally:
            if not task.done():
                task.cancel()
                await asyncio.wait((task,))
        task.result()

    async def until_lost(self) -> None:
        """Wait until the connection is gone; raises what ended it."""
        await asyncio.shield(self._disconnected)

    def give_up(self) -> None:
        """Tell everyone who waits that the connection is gone."""
        for _topic, waiting in self.unacknowledged.values():
            if waiting is not None and not waiting.done():
                waiting.set_exception(ConnectionLost())
        self.unacknowledged.clear()


def _new_properties(packet: int) -> Properties:
    return Properties(packet)  # type: ignore[no-untyped-call] # paho's constructor has no annotations


def _properties(message: Outgoing) -> Properties | None:
    return publish_packet.encode_properties(
        response_topic=message.response_topic,
        correlation=message.correlation,
        expiry_s=message.expiry_s,
        user=message.properties,
    )


class MqttBus:
    """The bus over a real broker."""

    def __init__(self, login: Login, log: Log, *, will: Outgoing | None = None, keepalive_s: int = 15) -> None:
        self._login = login
        self._log = log
        self._will = will
        self._keepalive_s = keepalive_s
        self._client: _Client | None = None

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
                if _number(error.rc) in (0x86, 0x87):  # bad user name or password, not authorised
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

    def _new_client(self, *, clean_start: bool) -> _Client:
        properties = _new_properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = SESSION_EXPIRY_S
        client = _Client(
            self._login.host,
            self._login.port,
            username=self._login.username,
            password=self._login.password,
            identifier=self._login.client_id,
            protocol=aiomqtt.ProtocolVersion.V5,
            clean_start=clean_start,
            properties=properties,
            keepalive=self._keepalive_s,
            max_inflight_messages=MAX_INFLIGHT,
            socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
            will=_will(self._will),
        )
        client.refused = lambda topic, code: self._log.error("publish-refused", topic=topic, code=hex(code))
        return client

    async def _subscribe(self, client: _Client, listener: Listener) -> None:
        wanted = listener.subscriptions()
        if not wanted:
            return
        filters = [
            (
                each.topic,
                SubscribeOptions(
                    qos=1,
                    noLocal=not each.own,
                    retainAsPublished=True,
                    retainHandling=SubscribeOptions.RETAIN_SEND_ON_SUBSCRIBE
                    if each.retained
                    else SubscribeOptions.RETAIN_DO_NOT_SEND,
                ),
            )
            for each in wanted
        ]
        codes = await client.subscribe(filters)
        for each, code in zip(wanted, codes, strict=True):
            if _number(code) >= REFUSED:
                self._log.error("subscription-refused", topic=each.topic, code=hex(_number(code)))


def _is_takeover(code: Any, up_for_s: float) -> bool:
    """Whether another client with this client id ended the connection.

    Mosquitto says so since 2.0.15 (its issue 2607); 2.0.11 of Debian 12 just closes the socket, as a broker
    that is killed does. After that the next connect asks whether the broker still holds a session: one that
    was killed does not, one that the other client is connected to does.
    """
    if not isinstance(code, ReasonCode):
        return False
    return code.value == SESSION_TAKEN_OVER or (code.value == UNSPECIFIED and up_for_s < SHORT_LIFE_S)


def _will(message: Outgoing | None) -> aiomqtt.Will | None:
    if message is None:
        return None
    properties = _new_properties(PacketTypes.WILLMESSAGE)
    properties.WillDelayInterval = WILL_DELAY_S
    if message.expiry_s is not None:
        properties.MessageExpiryInterval = message.expiry_s
    return aiomqtt.Will(message.topic, message.payload, 1, message.retain, properties)


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
