"""What a worker beside the bus (a scanner, a printer) is given. Never here: a worker."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from services.runtime.asking import Ask
from services.runtime.clock import Clock
from services.runtime.ids import Ids
from services.runtime.log import Log
from services.runtime.transactions import Tx, View

X = TypeVar("X", bound=Tx)
V = TypeVar("V", bound=View)
T = TypeVar("T")


@dataclass(frozen=True)
class Context(Generic[X, V]):
    """What a worker reads, writes, asks and logs with."""

    clock: Clock
    ids: Ids
    log: Log
    data: Path
    view: Callable[[], V]
    write: Callable[[Callable[[X], T]], Coroutine[Any, Any, T]]
    ask: Callable[[str], Ask]
    """Makes an ``Ask`` whose ids follow from the id given."""
