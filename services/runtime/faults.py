"""Where a bug is, as logs and tables may keep it. Never here: what becomes of the message that met it."""

import traceback
from pathlib import Path

LIBRARIES = "/site-packages/"
PROJECT = str(Path(__file__).parents[2]) + "/"
"""Where our own code lies; a library's lines tell nothing of a bug of ours, and its path is this machine's."""


def fault_of(error: BaseException) -> str:
    """Where a bug is: its kind and the lines it passed. Its own words are left out, for they may quote a customer."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if frame.filename.startswith(PROJECT) and LIBRARIES not in frame.filename]
    lines = [f"{frame.filename.removeprefix(PROJECT)}:{frame.lineno} {frame.name}" for frame in own[-8:]]
    return f"{type(error).__name__} at " + " > ".join(lines)
