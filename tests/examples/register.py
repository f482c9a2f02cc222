"""A whole register in plain paho-mqtt: sign on, two items by barcode, cash, the receipt's number.

It needs nothing of Tillwire but what ``contracts/README.md`` says: copy it and go on from here.

    REGISTER_PASSWORD=... REGISTER_PIN=... python3 register.py --login till-1 --staff-id ...
"""

import argparse
import json
import os
import queue
import secrets
import socket
import sys
import time
import uuid
from typing import Any

from paho.mqtt.client import Client, MQTTMessage, MQTTv5
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

NOT_FINAL = ("busy", "unavailable", "internal-error", "expired")
TRIES = 20
PAUSE_S = 0.5


def new_id() -> str:
    """A UUID of version 7: milliseconds, then chance."""
    milliseconds = time.time_ns() // 1_000_000
    return str(
        uuid.UUID(int=milliseconds << 80 | 7 << 76 | secrets.randbits(12) << 64 | 2 << 62 | secrets.randbits(62))
    )


class Register:
    """One login at one store; asks a service for one thing at a time."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.root, self.login, self.patience_s = f"tillwire/v1/{options.store}", options.login, options.patience
        self.token = ""
        self.replies: dict[str, queue.SimpleQueue[dict[str, Any]]] = {}
        self.refusals: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self.client = client = Client(CallbackAPIVersion.VERSION2, options.client_id or self.login, protocol=MQTTv5)
        client.username_pw_set(self.login, os.environ["REGISTER_PASSWORD"])
        client.on_socket_open = without_delay
        client.on_connect = self.on_connect
        client.on_subscribe = lambda _client, _data, _mid, codes, _properties: self.refusals.put(codes[0])
        client.on_message = self.on_reply
        client.connect(options.host, options.port)
        client.loop_start()
        if (refusal := self.refusals.get(timeout=self.patience_s)).is_failure:
            sys.exit(f"the broker refused {self.login}: {refusal}")

    def on_connect(self, client: Client, _data: Any, _flags: Any, code: Any, _properties: Any) -> None:
        """Subscribe to the replies anew after every connect: the broker may have forgotten everything."""
        if code.is_failure:
            self.refusals.put(code)
        else:
            client.subscribe(f"{self.root}/reply/{self.login}/+", qos=1)

    def on_reply(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        """Hand a reply to the request that waits for it, if one does."""
        waiting = self.replies.get(getattr(message.properties, "CorrelationData", b"").decode().partition("/")[0])
        if waiting is not None:
            waiting.put(json.loads(message.payload))

    def ask(self, service: str, name: str, **fields: Any) -> dict[str, Any]:
        """Send a request again and again under one id until its answer is final; a rejection ends the program."""
        message_id = new_id()
        waiting = self.replies[message_id] = queue.SimpleQueue()
        for attempt in range(TRIES):
            properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
            properties.ResponseTopic = f"{self.root}/reply/{self.login}/{service}"
            properties.CorrelationData = f"{message_id}/{attempt}".encode()
            properties.MessageExpiryInterval = self.patience_s
            properties.UserProperty = [("id", message_id), *([("token", self.token)] if self.token else [])]
            topic = f"{self.root}/request/{service}/{name}/{self.login}"
            self.client.publish(topic, json.dumps(fields), qos=1, properties=properties)
            try:
                reply = waiting.get(timeout=self.patience_s)
            except queue.Empty:
                tell(f"{name}: no answer, asking again with the same id")
                continue
            if reply.get("type") != "rejected":
                return reply
            if reply["code"] not in NOT_FINAL:
                sys.exit(f"{name} was rejected, {reply['code']}: {reply['message']} {reply['details'] or ''}")
            tell(f"{name}: {reply['code']}, asking again with the same id")
            time.sleep(PAUSE_S)
        sys.exit(f"{service} gave no final answer to {name}")


def without_delay(_client: Client, _data: Any, connection: Any) -> None:
    """Send at once; without it a request may wait 40 ms for Nagle's algorithm."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def tell(sentence: str) -> None:
    """Tell the person at the register."""
    sys.stderr.write(sentence + "\n")
    sys.stderr.flush()


def main() -> None:
    """Sell the items and print one line: receipt number, total, change, currency."""
    parser = argparse.ArgumentParser(description="Sell some items for cash. Password and PIN: REGISTER_PASSWORD, _PIN.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=1884)
    parser.add_argument("--store", default="store")
    parser.add_argument("--login", default="till-1")
    parser.add_argument("--client-id", help="the login if left out")
    parser.add_argument("--patience", type=int, default=5, help="whole seconds to wait before asking again")
    parser.add_argument("--cash", type=int, default=2000, help="what the customer hands over, in cents")
    who = parser.add_mutually_exclusive_group(required=True)
    who.add_argument("--staff-id")
    who.add_argument("--badge")
    parser.add_argument("barcodes", nargs="*", default=["2000000000015", "2000000000022"])
    options = parser.parse_args()

    register = Register(options)
    person = {"badge": options.badge} if options.badge else {"staff_id": options.staff_id}
    register.token = register.ask("staff", "sign-on", pin=os.environ["REGISTER_PIN"], **person)["token"]

    sale_id = new_id()
    register.ask("checkout", "open-sale", sale_id=sale_id)
    for barcode in options.barcodes:
        register.ask("checkout", "add-line-item", sale_id=sale_id, line_item_id=new_id(), item=barcode)
    sale = register.ask("checkout", "check-sale", sale_id=sale_id, tender_kind="cash")
    if sale["decision"]["outcome"] == "block":
        sys.exit(f"the store wants more first: {[item['code'] for item in sale['decision']['items']]}")
    register.ask("checkout", "add-tender", sale_id=sale_id, tender_id=new_id(), kind="cash", amount=options.cash)
    sale = register.ask("checkout", "complete-sale", sale_id=sale_id)

    totals = sale["totals"]
    sys.stdout.write(f"{sale['receipt_number']} {totals['total']} {totals['change']} {sale['currency']}\n")
    register.client.disconnect()


if __name__ == "__main__":
    main()
