"""Logs for machines and people: one line of key=value pairs an entry, ids and codes only, never personal data.

A payload, a name, a token or a PIN is never given to a log; what is logged is chosen at the
call by name. The format is logfmt, which journald and every log tool read.
"""

import json
import logging
import sys
import time
from typing import Any

_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:/+@")


def _quoted(value: object) -> str:
    text = str(value)
    if text and _PLAIN.issuperset(text):
        return text
    return json.dumps(text)  # ASCII alone: no line break or terminal code of any kind gets through


class _Logfmt(logging.Formatter):
    converter = staticmethod(time.gmtime)

    def format(self, record: logging.LogRecord) -> str:
        fields: dict[str, Any] = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%SZ"),
            "level": record.levelname.lower(),
            "from": record.name,
            "event": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        line = " ".join(f"{key}={_quoted(value)}" for key, value in fields.items())
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return line


class Log:
    """A logger whose every value is named."""

    def __init__(self, name: str) -> None:
        self._logger = logging.getLogger(f"tillwire.{name}")

    def info(self, event: str, **fields: object) -> None:
        """Note something that belongs to normal work."""
        self._logger.info(event, extra={"fields": fields})

    def warning(self, event: str, **fields: object) -> None:
        """Note something that a person should look at some day."""
        self._logger.warning(event, extra={"fields": fields})

    def error(self, event: str, *, exc_info: BaseException | None = None, **fields: object) -> None:
        """Note something that a person should look at now; a bug comes with its traceback."""
        self._logger.error(event, exc_info=exc_info, extra={"fields": fields})


def start_logging(level: str = "INFO") -> None:
    """Send all logs to standard error, where systemd and the hub pick them up."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Logfmt())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("tillwire").setLevel(level)
    logging.getLogger("aiosqlite").setLevel(logging.WARNING)  # it tells statements with what is in them
