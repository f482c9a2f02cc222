"""A plain MQTT 5 client that tells every reason code of the broker."""

import queue
import socket
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from paho.mqtt.client import Client, MQTTMessage, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from services.hub import broker_logins, logins
from services.hub.broker import Broker

PATIENCE_S = 20.0


class Connection:
    """One MQTT 5 connection. Every answer of the broker is waited for; nothing is retried."""

    def __init__(
        self,
        port: int,
        username: str,
        password: str,
        client_id: str,
        *,
        will: tuple[str, bytes] | None = None,
    ) -> None:
        self.received: queue.SimpleQueue[MQTTMessage] = queue.SimpleQueue()
        self.ended = threading.Event()
        self.end_code: int | None = None
        self._connected: queue.SimpleQueue[int] = queue.SimpleQueue()
        self._acknowledged: queue.SimpleQueue[tuple[int, int]] = queue.SimpleQueue()
        self._subscribed: queue.SimpleQueue[list[int]] = queue.SimpleQueue()
        self._client = Client(
            CallbackAPIVersion.VERSION2, client_id=client_id, protocol=MQTTv5, reconnect_on_failure=False
        )
        self._client.username_pw_set(username, password)
        if will is not None:
            self._client.will_set(*will, qos=1)
        self._client.max_inflight_messages_set(500)
        self._client.on_connect = lambda _c, _u, _f, code, _p: self._connected.put(code.value)
        self._client.on_publish = lambda _c, _u, mid, code, _p: self._acknowledged.put((mid, code.value))
        self._client.on_subscribe = lambda _c, _u, _m, codes, _p: self._subscribed.put([code.value for code in codes])
        self._client.on_message = lambda _c, _u, message: self.received.put(message)
        self._client.on_disconnect = lambda _c, _u, _f, code, _p: self._on_end(code)
        self._client.on_socket_open = lambda _c, _u, _s: self._socket().setsockopt(
            socket.IPPROTO_TCP, socket.TCP_NODELAY, 1
        )
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        self.connect_code = self._connected.get(timeout=PATIENCE_S)

    def publish(self, *topics: str, payload: bytes = b"{}", retain: bool = False) -> list[int]:
        """Publish to each topic at QoS 1; the PUBACK codes in their order."""
        mids = [self._client.publish(topic, payload, 1, retain).mid for topic in topics]
        codes = dict(self._acknowledged.get(timeout=PATIENCE_S) for _ in mids)
        return [codes[mid] for mid in mids]

    def send(self, topic: str, payload: bytes) -> None:
        """Publish at QoS 1 and wait for nothing."""
        self._client.publish(topic, payload, 1)

    def subscribe(self, *topics: str) -> list[int]:
        """Subscribe to each filter at QoS 1; the SUBACK codes in their order."""
        self._client.subscribe([(topic, SubscribeOptions(qos=1)) for topic in topics])
        return self._subscribed.get(timeout=PATIENCE_S)

    def next_message(self) -> MQTTMessage:
        """The next message that arrives."""
        return self.received.get(timeout=PATIENCE_S)

    def drop(self) -> None:
        """Cut the connection without a word, so that the broker sends the will."""
        self._socket().shutdown(socket.SHUT_RDWR)
        assert self.ended.wait(PATIENCE_S)

    def close(self) -> None:
        """Say goodbye and end the client's thread."""
        self._client.disconnect()
        self._client.loop_stop()

    def _socket(self) -> socket.socket:
        opened = self._client.socket()
        assert isinstance(opened, socket.socket)
        return opened

    def _on_end(self, code: ReasonCode) -> None:
        self.end_code = code.value
        self.ended.set()


class Connect(Protocol):
    """Opens connections that the test closes by itself at its end."""

    def __call__(
        self,
        broker: Broker,
        made: logins.Credentials,
        *,
        client_id: str = "",
        password: str = "",
        will: tuple[str, bytes] | None = None,
    ) -> Connection:
        """Connect as a login, with another client id or password if given."""
        ...


Control = Callable[[Broker, Path], broker_logins.SendControl]
"""Gives what sends control messages, as the hub, to the broker of that data directory."""
