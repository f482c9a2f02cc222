"""What a service's process does between the fork and the service itself.

The parent it is forked from has the services' modules loaded and runs nothing. Never here: who is
forked and when (``supervisor.py``). This module is loaded in every service; it stays small.
"""

import ctypes
import os
import runpy
import signal
import subprocess
import sys
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

# linux/prctl.h
PR_SET_PDEATHSIG: Final = 1
PR_SET_NAME: Final = 15
MOST_INHERITED: Final = 4096
"""Above every descriptor that a fork server has open: a few for itself and one for each child."""


def serve(service: str, environment: dict[str, str], output: Connection) -> None:
    """Become ``python -m services.{service}``, with this environment and all it says going to ``output``.

    The process ends with the hub: Linux kills it with the parent it was forked from, and that
    parent ends when nobody but a hub that is gone held it.
    """
    _end_with_parent()
    ctypes.CDLL(None).prctl(PR_SET_NAME, service.encode())  # what top and ps show
    os.setsid()  # a Ctrl+C at the hub's terminal is the hub's to handle
    for standard in (1, 2):
        os.dup2(output.fileno(), standard)
    output.close()
    _let_go()
    os.environ.clear()
    os.environ.update(environment)
    runpy.run_module(f"services.{service}", run_name="__main__", alter_sys=True)


def prepare(data: Path, services: tuple[str, ...]) -> None:
    """Have the store's keys and run the services' pending migrations; the exit code is 1 when that failed and was told.

    It is done here because the hub's own process needs none of what it takes.
    """
    from services.hub import keys  # noqa: PLC0415 - see above
    from services.runtime import run  # noqa: PLC0415

    _end_with_parent()
    try:
        keys.ensure_keys(data)
        run.bring_up_to_date(data, services)
    except keys.KeyDamaged as error:
        print(f"tillwire: {error}", file=sys.stderr)  # noqa: T201 - it has no log yet
        sys.exit(1)
    except subprocess.CalledProcessError:
        sys.exit(1)


def _end_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _let_go() -> None:
    """Close what came along; among it is the pipe by which the fork server sees that nobody needs it any more."""
    os.closerange(3, MOST_INHERITED)
