"""Where the messages of a service stand: one module, or a folder of them."""

import importlib
import pkgutil
from types import ModuleType


def modules_of(owner: str) -> list[ModuleType]:
    """The contract modules of a service, in the order of their names, a folder's own first."""
    whole = importlib.import_module(f"contracts.{owner}")
    names = sorted(each.name for each in pkgutil.iter_modules(getattr(whole, "__path__", ())))
    return [whole, *(importlib.import_module(f"{whole.__name__}.{name}") for name in names)]
