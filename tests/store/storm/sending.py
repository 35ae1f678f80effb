"""Requests that are sent again until the response is definite."""

import math
import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any

from chalicelib.errors import AlreadyCast, NeededTooFew, PartClosed, PartFull, StillEngaged
from tests.store.storm.fields import Fields
from tests.store.storm.state import State
from tests.store.storm.worker import RuleBroken, Worker
from tests.support.client import ApiResponse

REASONS = {
    error.detail: error.__name__
    for error in (AlreadyCast, NeededTooFew, PartClosed, PartFull, StillEngaged)
}
"""The names of conflicts in the statistics, by the detail of the response."""

DISCARDED = 0.05
"""The share of responses to writes that are discarded, as if they had been lost."""

MOST_ATTEMPTS = 100
"""Of one request, until its response is definite."""

RESTART_SECONDS = 120
"""The longest time until a killed worker is back."""


@dataclass(frozen=True)
class Outcome:
    """A definite response. `done` and `lost` are those of `Write`."""

    response: ApiResponse
    sent: float
    """When the first attempt was sent."""
    last_sent: float
    ended: float
    done: int
    lost: int

    @property
    def status(self) -> int:
        return self.response.status


class Sender:
    """Sends the requests of one user to one worker."""

    def __init__(self, state: State, worker: Worker) -> None:
        self.state, self.worker = state, worker
        self.operation = ""  # whose requests are sent
        self.chance = random.Random()  # noqa: S311 -- no secret

    def begin(self, operation: str, chance: random.Random) -> None:
        """Begin an operation, which draws from this source."""
        self.operation, self.chance = operation, chance

    def send(
        self,
        method: str,
        path: str,
        body: Fields | None = None,
        *,
        expected: frozenset[int],
        headers: Mapping[str, str] | None = None,
        long: str = "",
    ) -> Outcome:
        """Send a request until its response is definite. Raise RuleBroken if it is not expected.

        `long` names a renaming or deletion that needs several transactions.
        """
        headers = dict(headers or {})
        self.worker.long_operation = long
        if long:
            self.state.notify()
        sent, done, lost, may_arrive_late = time.monotonic(), 0, 0, False
        for _ in range(MOST_ATTEMPTS):
            kills = self.worker.kills
            self._wait_for_worker()
            last_sent = time.monotonic()
            try:
                response = self.worker.client.call(method, path, body, headers)
            except (OSError, HTTPException) as error:
                self._count_unanswered(error, kills, long)
                lost += 1
                may_arrive_late = may_arrive_late or isinstance(error, TimeoutError)
                continue
            ended = time.monotonic()
            self._count_response(response)
            allowed = expected | {412} if "If-Match" in headers else expected
            if _asks_for_retry(response):
                lost += 1
            elif response.status not in allowed:
                raise RuleBroken(self._description(method, path, body, headers, response))
            elif method != "GET" and self.chance.random() < DISCARDED:
                lost += 1
                self._count_discarded()
            elif response.status == 202:
                done += 1
                headers.pop("If-Match", None)  # it was right, and the operation must be finished
            elif response.status == 412 and lost and method == "PATCH":
                headers.pop("If-Match")  # the change may have begun, and must be finished
            else:
                done += response.status in (200, 201)
                if long and done:
                    self._count_long(long)
                # A request that timed out may still be done later.
                ended = math.inf if may_arrive_late else ended
                return Outcome(response, sent, last_sent, ended, done, lost)
            time.sleep(random.uniform(0, 0.1))  # noqa: S311 -- no secret
        raise RuleBroken(
            f"{self.operation}: no definite response to {method} {path} in {MOST_ATTEMPTS} attempts"
        )

    def _wait_for_worker(self) -> None:
        if not self.worker.up.wait(RESTART_SECONDS):
            url = self.worker.product.url
            raise RuleBroken(f"{self.operation}: {url} is not back after {RESTART_SECONDS} s")

    def _count_response(self, response: ApiResponse) -> None:
        if _asks_for_retry(response):
            reason = " (retry)"
        elif response.status in (409, 422):
            reason = f" ({REASONS.get(response['detail'], 'WrongTransition')})"
        else:
            reason = ""
        with self.state.changed:
            self.state.statistics.responses[f"{response.status}{reason}"] += 1

    def _count_unanswered(self, error: Exception, kills: int, long: str) -> None:
        with self.state.changed:
            self.state.statistics.unanswered += 1
        if long:
            self._count_long(f"interrupted {long}")
        if kills == self.worker.kills and not isinstance(error, TimeoutError):
            message = f"{self.operation}: {error!r} from a worker that was not killed"
            raise RuleBroken(message) from error

    def _count_discarded(self) -> None:
        with self.state.changed:
            self.state.statistics.discarded += 1

    def _count_long(self, name: str) -> None:
        with self.state.changed:
            self.state.statistics.long[name] += 1

    def _description(
        self, method: str, path: str, body: Any, headers: Any, response: ApiResponse
    ) -> str:
        traceback = self.worker.product.log_text().rpartition("Traceback")[2][-4_000:]
        cause = f"\n{traceback}" if response.status >= 500 else ""
        return f"{self.operation}: {method} {path} {body} {headers} returned {response}{cause}"


def _asks_for_retry(response: ApiResponse) -> bool:
    return response.status in (409, 503) and "retry-after" in response.headers
