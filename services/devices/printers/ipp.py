"""Requests to a print server and its answers, as IPP 1.1 writes them (RFC 8010, RFC 8011). Never here: rules.

Only what a raw job needs: asking after a printer, sending a job, asking after it, taking it back.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum

_VERSION = b"\x01\x01"
_OPERATION_GROUP, _END = 0x01, 0x03
_INTEGER, _BOOLEAN, _ENUM = 0x21, 0x22, 0x23
_KEYWORD, _URI, _CHARSET, _LANGUAGE, _NAME, _MIME = 0x44, 0x45, 0x47, 0x48, 0x42, 0x49
_LARGEST_ANSWER = 1_000_000
_SUCCESSFUL = 0x00FF


class Operation(IntEnum):
    """What is asked (RFC 8011, section 4.4)."""

    CREATE_JOB = 0x0005
    SEND_DOCUMENT = 0x0006
    CANCEL_JOB = 0x0008
    GET_JOB = 0x0009
    GET_PRINTER = 0x000B


class IppRefused(Exception):
    """The server answered, and not with what was asked for."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered: its status and its attributes, numbers and words as text."""

    status: int
    attributes: dict[str, tuple[str, ...]]

    def number(self, name: str) -> int:
        """An attribute that is a number, or raises ``IppRefused``."""
        text = self.attributes.get(name, ("",))[0]
        if not text.lstrip("-").isdigit():
            raise IppRefused(f"the answer has no {name}")
        return int(text)


@dataclass(frozen=True, slots=True)
class Server:
    """A print server, and the queue on it that is meant."""

    host: str
    port: int
    queue: str

    async def ask(
        self, operation: Operation, *, job: int | None = None, document: bytes = b"", name: str = ""
    ) -> Answer:
        """Send one request over a connection of its own.

        Raises:
            OSError: the server is not there.
            IppRefused: it answered something else, or refused.
        """
        body = _request(operation, f"ipp://{self.host}:{self.port}/printers/{self.queue}", job, name) + document
        head = (
            f"POST /printers/{self.queue} HTTP/1.1\r\nHost: {self.host}:{self.port}\r\n"
            f"Content-Type: application/ipp\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        reader, writer = await asyncio.open_connection(self.host, self.port, limit=_LARGEST_ANSWER)
        try:
            writer.write(head.encode("ascii") + body)
            await writer.drain()
            answer = read_answer(await _http_body(reader))
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError) as error:
            raise IppRefused(f"no answer that IPP knows: {error}") from error
        finally:
            writer.close()
        if answer.status > _SUCCESSFUL:
            raise IppRefused(f"{operation.name} was refused with status {answer.status:#06x}")
        return answer


def _request(operation: Operation, printer: str, job: int | None, name: str) -> bytes:
    attributes = [
        (_CHARSET, "attributes-charset", b"utf-8"),
        (_LANGUAGE, "attributes-natural-language", b"en"),
        (_URI, "printer-uri", printer.encode()),
    ]
    if job is not None:
        attributes.append((_INTEGER, "job-id", job.to_bytes(4, "big")))
    attributes.append((_NAME, "requesting-user-name", b"tillwire"))
    if operation is Operation.CREATE_JOB:
        attributes.append((_NAME, "job-name", name.encode()))
    if operation is Operation.SEND_DOCUMENT:
        # Raw: CUPS hands the bytes on as they are.
        attributes.append((_MIME, "document-format", b"application/vnd.cups-raw"))
        attributes.append((_BOOLEAN, "last-document", b"\x01"))
    coded = b"".join(
        bytes([kind]) + len(key).to_bytes(2, "big") + key.encode() + len(value).to_bytes(2, "big") + value
        for kind, key, value in attributes
    )
    return (
        _VERSION
        + operation.to_bytes(2, "big")
        + b"\x00\x00\x00\x01"
        + bytes([_OPERATION_GROUP])
        + coded
        + bytes([_END])
    )


def read_answer(body: bytes) -> Answer:
    """Read an IPP response.

    Raises:
        ValueError: it is cut off.
    """
    if len(body) < 8:
        raise ValueError("a response of IPP has at least 8 bytes")
    attributes: dict[str, tuple[str, ...]] = {}
    last = ""
    for kind, key, value in _attributes(body[8:]):
        last = key or last
        text = str(int.from_bytes(value, "big", signed=True)) if kind in (_INTEGER, _ENUM, _BOOLEAN) else value.decode()
        attributes[last] = (*(attributes.get(last, ()) if not key else ()), text)
    return Answer(int.from_bytes(body[2:4], "big"), attributes)


def _attributes(rest: bytes) -> Iterator[tuple[int, str, bytes]]:
    """Kind, name and value of each; a further value of the one before has no name. Groups are not told apart."""
    place = 0

    def take(length: int) -> bytes:
        nonlocal place
        if place + length > len(rest):
            raise ValueError("an attribute is cut off")
        place += length
        return rest[place - length : place]

    while True:
        tag = take(1)[0]
        if tag == _END:
            return
        if tag < 0x10:
            continue
        key = take(int.from_bytes(take(2), "big"))
        value = take(int.from_bytes(take(2), "big"))
        # Dates, ranges and collections are not asked for; what is no text is kept as it may be read.
        yield tag, key.decode(errors="replace"), value if tag in (_INTEGER, _ENUM, _BOOLEAN) else _readable(value)


def _readable(value: bytes) -> bytes:
    return value.decode(errors="replace").encode()


async def _http_body(reader: asyncio.StreamReader) -> bytes:
    """The body of an HTTP response with status 200."""
    while True:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        status = head.partition(" ")[2][:3]
        if status != "100":
            break
    if status != "200":
        raise IppRefused(f"the server answered HTTP {status}")
    fields = {
        name.strip().lower(): text.strip() for name, _, text in (line.partition(":") for line in head.split("\r\n"))
    }
    if fields.get("transfer-encoding", "").lower() == "chunked":
        body = b""
        while size := int((await reader.readuntil(b"\r\n")).partition(b";")[0], 16):
            if len(body) + size > _LARGEST_ANSWER:
                raise ValueError("the answer is too long")
            body += await reader.readexactly(size)
            await reader.readexactly(2)
        return body
    if "content-length" in fields:
        return await reader.readexactly(min(int(fields["content-length"]), _LARGEST_ANSWER))
    return await reader.read(_LARGEST_ANSWER)
