"""A worker: a server of the real API, which can be killed and started again."""

import signal
from contextlib import suppress
from pathlib import Path
from threading import Event

from tests.conftest import Product
from tests.support.client import Client


class RuleBroken(AssertionError):
    """A response, or its absence, that the contract does not allow."""


class Worker:
    """A server in a process of its own."""

    def __init__(self, folder: Path, token: str, settings: dict[str, str]) -> None:
        self.product = Product(folder, **settings)
        self.client = Client(self.product.url, token)
        self.up = Event()
        self.long_operation = ""  # that it is busy with: "renaming", "deletion" or none
        self.kills = 0

    def start(self) -> None:
        """Start it. Try again if another process took its port, or if the issuer was too slow."""
        for _ in range(3):
            with suppress(AssertionError):
                self.product.start()
                if self.client.get("/movies").status == 200:
                    self.up.set()
                    return
            self.product.stop(signal.SIGKILL)
        raise RuleBroken(f"{self.product.url} does not start: {self.product.log_text()[-2_000:]}")

    def kill(self) -> None:
        # In this order, so that a user who gets no response sees that it was killed.
        self.up.clear()
        self.kills += 1
        self.product.stop(signal.SIGKILL)
