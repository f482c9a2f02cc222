"""One connection to a broker: aiomqtt's client with what it lacks, made and subscribed as the hub's brokers want it.

What a broker can do to a connection is settled here: the reason code of every acknowledgement, an end that nobody
announces, no delay on the socket. Never here: what is done once the connection is gone.
"""

import asyncio
import socket
from collections.abc import Callable, Coroutine
from typing import Any

import aiomqtt
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from services.runtime.bus import (
    ConnectionLost,
    Incoming,
    Login,
    NotConnected,
    Outgoing,
    PublishRefused,
    Subscription,
    publish_packet,
)
from services.runtime.bus.buffered_socket import BufferedSocket

REFUSED = 0x80
NO_SUBSCRIBERS = 0x10
MAX_INFLIGHT = 500
SESSION_EXPIRY_S = 10
WILL_DELAY_S = 5


class Client(aiomqtt.Client):
    """aiomqtt's client with what it lacks: codes of PUBACK, messages without a queue, session present, large reads.

    They override private methods of aiomqtt 2.5 and paho 2.2, which are pinned; tests prove that they are called.
    """

    def __init__(self, login: Login, *, will: Outgoing | None, keepalive_s: int, clean_start: bool) -> None:
        properties = _new_properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = SESSION_EXPIRY_S
        super().__init__(
            login.host,
            login.port,
            username=login.username,
            password=login.password,
            identifier=login.client_id,
            protocol=aiomqtt.ProtocolVersion.V5,
            clean_start=clean_start,
            properties=properties,
            keepalive=keepalive_s,
            max_inflight_messages=MAX_INFLIGHT,
            socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
            will=_will(will),
        )
        self.unacknowledged: dict[int, tuple[str, asyncio.Future[bool] | None]] = {}
        self.refused: Callable[[str, int], None] = lambda _topic, _code: None
        self.session_present = False
        """Whether the broker held a session of this client id; it is asked so only without a clean start."""
        open_socket = self._client._create_socket  # noqa: SLF001 - paho has no public way to bring one's own socket
        self._client._create_socket = lambda: BufferedSocket(open_socket())  # type: ignore[method-assign, arg-type] # noqa: SLF001
        self._client._handle_publish = self._take_publish  # type: ignore[method-assign] # noqa: SLF001
        self._client._handle_pubackcomp = self._take_acknowledgement  # type: ignore[method-assign, assignment] # noqa: SLF001
        self._send_waiting = self._client._update_inflight  # noqa: SLF001
        self._client._update_inflight = self._send_what_waits  # type: ignore[method-assign] # noqa: SLF001
        self._early: list[Incoming] = []
        self._on_incoming: Callable[[Incoming], None] = self._early.append

    def _on_connect(self, client: Any, userdata: Any, flags: Any, reason_code: Any, properties: Any = None) -> None:
        self.session_present = flags.session_present
        super()._on_connect(client, userdata, flags, reason_code, properties)

    def _on_socket_register_write(self, client: Any, userdata: Any, sock: Any) -> None:  # noqa: ARG002 - aiomqtt's shape
        """Watch at once for the moment to write.

        aiomqtt asks for it a moment later; a connection that broke has closed its socket by then, and the loop would
        watch a number that is no socket's, or another one's already.
        """
        if self._connected.done():
            self._watch_writable(sock)
        else:  # paho connects in another thread
            self._loop.call_soon_threadsafe(self._watch_writable, sock)

    def _watch_writable(self, sock: socket.socket) -> None:
        if sock.fileno() >= 0:
            self._loop.add_writer(sock.fileno(), self._write)

    def _write(self) -> None:
        """Write what waits; an error ends the connection."""
        try:
            self._client.loop_write()
        except Exception as error:  # noqa: BLE001 - as aiomqtt does: whoever uses the connection is told of it
            if not self._disconnected.done():
                self._disconnected.set_exception(error)

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

    def _take_acknowledgement(self, _kind: str) -> MQTTErrorCode:
        """Read a PUBACK packet in paho's place; there is no PUBCOMP, for all that is sent has QoS 1."""
        paho = self._client
        try:
            mid, code = publish_packet.decode_acknowledgement(bytes(paho._in_packet["packet"]))  # noqa: SLF001
        except publish_packet.MalformedPacket:
            return MQTTErrorCode.MQTT_ERR_PROTOCOL
        if mid not in paho._out_messages:  # noqa: SLF001 - it was acknowledged before
            return MQTTErrorCode.MQTT_ERR_SUCCESS
        return paho._do_on_publish(mid, code, None)  # type: ignore[arg-type] # noqa: SLF001 - only read by ``_on_publish``

    def _send_what_waits(self) -> MQTTErrorCode:
        """Send what waits because too much was under way; paho looks through all that is, whether or not any waits."""
        paho = self._client
        if len(paho._out_messages) == paho._inflight_messages:  # noqa: SLF001 - what is under way, and what of it is sent
            return MQTTErrorCode.MQTT_ERR_SUCCESS
        return self._send_waiting()

    def _on_publish(self, client: Any, userdata: Any, mid: int, reason_code: Any, properties: Any) -> None:
        topic, waiting = self.unacknowledged.pop(mid, ("", None))
        code = number_of(reason_code)
        if code >= REFUSED:
            self.refused(topic, code)
        if waiting is not None and not waiting.done():
            if code >= REFUSED:
                waiting.set_exception(PublishRefused(topic, code))
            else:
                waiting.set_result(code != NO_SUBSCRIBERS)
        super()._on_publish(client, userdata, mid, reason_code, properties)

    async def subscribe_to(self, wanted: list[Subscription]) -> list[tuple[str, int]]:
        """Subscribe, and return the topics that this login may not read, each with the broker's reason code."""
        if not wanted:
            return []
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
        codes = [number_of(code) for code in await self.subscribe(filters)]
        return [(each.topic, code) for each, code in zip(wanted, codes, strict=True) if code >= REFUSED]

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


def number_of(code: Any) -> int:
    """A reason code as it is on the wire."""
    return code.value if isinstance(code, ReasonCode) else int(code)


def _new_properties(packet: int) -> Properties:
    return Properties(packet)  # type: ignore[no-untyped-call] # paho's constructor has no annotations


def _properties(message: Outgoing) -> Properties | None:
    return publish_packet.encode_properties(
        response_topic=message.response_topic,
        correlation=message.correlation,
        expiry_s=message.expiry_s,
        user=message.properties,
    )


def _will(message: Outgoing | None) -> aiomqtt.Will | None:
    if message is None:
        return None
    properties = _new_properties(PacketTypes.WILLMESSAGE)
    properties.WillDelayInterval = WILL_DELAY_S
    if message.expiry_s is not None:
        properties.MessageExpiryInterval = message.expiry_s
    return aiomqtt.Will(message.topic, message.payload, 1, message.retain, properties)
