"""One real broker for all tests of a file."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ports import kept_port
from tests.services.runtime.brokers import Mosquitto


@pytest.fixture(scope="module")
def mosquitto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    """A real broker without logins, on a port of its own; killed at the end."""
    folder: Path = tmp_path_factory.mktemp("mosquitto")
    with kept_port() as port:
        broker = Mosquitto(folder, port)
        broker.start()
        yield broker
        broker.kill()
