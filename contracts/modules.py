"""Where the messages of a service stand: one module, or a folder of them and of further folders."""

import importlib
import pkgutil
from types import ModuleType


def modules_of(owner: str) -> list[ModuleType]:
    """The contract modules of a service, in the order of their names, a folder's own before those in it."""
    return _with_inner(importlib.import_module(f"contracts.{owner}"))


def _with_inner(whole: ModuleType) -> list[ModuleType]:
    names = sorted(each.name for each in pkgutil.iter_modules(getattr(whole, "__path__", ())))
    inner = (importlib.import_module(f"{whole.__name__}.{name}") for name in names)
    return [whole, *(module for each in inner for module in _with_inner(each))]
