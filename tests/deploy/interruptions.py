"""Interrupted deployments: `make interrupt` stops one after each request that it sends to AWS.

Afterwards the same command runs again, and must end with one API that works.
"""

import contextlib
import os
import signal
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from http.server import ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from tests.support.checkout import Checkout
from tests.support.cloud import Cloud, TlsIssuer
from tests.support.deployment import STAGES, Live, Site, live_stage
from tests.support.forwarding import Forwarding, serve


class Interruption:
    """A proxy of AWS that kills a process after AWS has handled a certain request."""

    def __init__(self, cloud: Cloud, after: Callable[[str], bool]) -> None:
        interruption, at = self, urlsplit(cloud.url).netloc
        self.die: Callable[[], None] = lambda: None

        class Handler(Forwarding):
            protocol_version = "HTTP/1.1"
            host = at

            def handle(self) -> None:
                with contextlib.suppress(ConnectionError):  # of the killed process
                    super().handle()

            def has_responded(self, body: bytes) -> None:
                if after(f"{self.command} {self.path} {body.decode('latin-1')}&"):
                    interruption.die()

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        serve(self.server)

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def dies(
    cloud: Cloud,
    site: Site,
    way: str,
    after: Callable[[str], bool],
    target: str = "",
    **environment: str,
) -> bool:
    """Run `make <way>`, and kill it after a certain request. Return whether it came to that."""
    interruption = Interruption(cloud, after)
    site.forget(way)
    try:
        process = site.checkout.start(
            f"dev.deploy.{target or way}",
            STAGE=STAGES[way],
            CONFIRM=STAGES[way],
            **{**site.environment, **environment, "AWS_ENDPOINT_URL": interruption.url},
        )
        interruption.die = lambda: os.killpg(process.pid, signal.SIGKILL)
        output, _ = process.communicate(timeout=120)
        assert process.returncode in (0, -9), output
        return process.returncode == -9
    finally:
        interruption.close()


def nth(count: int, *parts: str) -> Callable[[str], bool]:
    """Return a condition: the nth request with all of these texts in its line or its body."""
    seen: list[str] = []

    def is_it(request: str) -> bool:
        if all(part in request for part in parts):
            seen.append(request)
            return len(seen) == count
        return False

    return is_it


def works(live: Live) -> bool:
    producer = live.as_("producer")
    movie_id = producer.new_movie("Still here")
    return (
        producer.get(f"/movies/{movie_id}").status == 200
        and live.as_("nobody").get("/nowhere")["message"] == "resource not found"
    )


def every(way: str, folder: Path) -> int:
    """Kill a deployment after its first request, after its second, and so on. Return how many.

    Each starts with an account without the stage, but with its table.
    """
    issuer = TlsIssuer(folder)
    cloud = Cloud(folder, issuer.ca)
    checkout = Checkout(folder / "casting")
    for stage in STAGES.values():
        checkout.set(stage, AUTH_ISSUER=issuer.url)
    site = Site(checkout, cloud)
    try:
        site.make(way, way)
        for count in range(1, 1_000):
            site.make("undeploy", way)
            if not dies(cloud, site, way, nth(count, "")):
                return count - 1
            live = live_stage(way, site.make(way, way), cloud, issuer)
            apis = cloud.client("apigateway").get_rest_apis()["items"]
            assert len(apis) == 1, f"request {count}: {apis}"
            assert works(live), f"request {count}"
            assert "othing has changed" in site.make(way, way), f"request {count}"
            print(f"{way}: killed after request {count}, then run again to its end", flush=True)
        return 1_000
    finally:
        cloud.stop()
        issuer.close()


def every_restore(way: str, folder: Path, step: int = 1) -> int:
    """Kill a restore after its first request, and so on, and run it to its end. Return how many."""
    issuer = TlsIssuer(folder)
    cloud = Cloud(folder, issuer.ca)
    checkout = Checkout(folder / "casting")
    checkout.set(STAGES[way], AUTH_ISSUER=issuer.url)
    site = Site(checkout, cloud)
    try:
        live = live_stage(way, site.make(way, way), cloud, issuer)
        api = {"restApiId": live.api_id, "stageName": live.stage}
        limits = cloud.client("apigateway").get_stage(**api)["methodSettings"]
        for count in range(1, 1_000, step):
            moment = datetime.now(UTC).isoformat(timespec="seconds")
            if not dies(cloud, site, way, nth(count, ""), "restore", TIME=moment):
                return count - 1
            site.make("restore", way, TIME=moment)
            restored = cloud.client("apigateway").get_stage(**api)["methodSettings"]
            assert restored == limits, f"request {count}"
            assert works(live), f"request {count}"
            print(f"restore of {way}: killed after request {count}, then continued", flush=True)
        return 1_000
    finally:
        cloud.stop()
        issuer.close()


def main() -> None:
    for way in STAGES:
        with tempfile.TemporaryDirectory() as folder:
            print(
                f"{way}: {every(way, Path(folder))} interruptions, each recovered from", flush=True
            )
        with tempfile.TemporaryDirectory() as folder:
            count = every_restore(way, Path(folder))
            print(f"restore of {way}: {count} interruptions, each recovered from", flush=True)


if __name__ == "__main__":
    main()
