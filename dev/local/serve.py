"""`make run`: DynamoDB, a token issuer, demo data and the API on this machine, until Ctrl+C."""

import contextlib
import logging
import os
import signal
import sys
import threading
import time
from types import FrameType
from typing import Any, NoReturn

from chalice.app import Chalice
from chalice.config import Config

from chalicelib.permissions import AGENCY_ROLES
from dev import console, machine
from dev.local import engine, issuer, sign_in
from dev.machine import LOCAL, PROJECT, fail, say

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main() -> None:
    """Serve the API on PORT until Ctrl+C, and then save the data."""
    started_at = time.monotonic()
    port = _port()
    last = machine.read_json("running.json")
    with (
        machine.lock(
            LOCAL / "lock",
            f"the API is already running at {last.get('url', 'another port')}."
            " Press Ctrl+C there to stop it first.",
        ),
        contextlib.ExitStack() as servers,
    ):
        for number in SIGNALS:
            signal.signal(number, _interrupt)
        if not machine.is_free(port):
            _fail_port_in_use(port)
        try:
            # After a crash, the same issuer: its tokens are still accepted.
            issuer_url = None if last.get("foreign_issuer") else last.get("issuer")
            _run(port, servers, started_at, issuer_url)
        except KeyboardInterrupt:
            say("\nStopping and saving the data ...")
        finally:
            (LOCAL / "running.json").unlink(missing_ok=True)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)  # a second Ctrl+C would stop the saving
    raise KeyboardInterrupt


def _port() -> int:
    port = os.environ.get("PORT") or "8000"
    if not port.isascii() or not port.isdigit() or not 1 <= int(port) <= 65_535:
        fail("PORT must be a number from 1 to 65535.")
    return int(port)


def _fail_port_in_use(port: int) -> NoReturn:
    fail(f"port {port} is in use. Choose another port: make run PORT={port + 1}")


def _run(
    port: int, servers: contextlib.ExitStack, started_at: float, issuer_url: str | None
) -> None:
    configured = machine.settings()
    settings = dict(configured)
    foreign_issuer = bool(os.environ.get("AUTH_ISSUER"))
    try:
        console.build()
    except console.BuildFailed as error:
        say(f"The console cannot be built, so /console only says so. {error}")
    if not os.environ.get("DYNAMODB_URL"):
        url = servers.enter_context(engine.running(machine.port_of(settings["DYNAMODB_URL"])))
        settings["DYNAMODB_URL"] = url
    if not foreign_issuer:
        issuer_port = machine.free_port(machine.port_of(issuer_url or settings["AUTH_ISSUER"]))
        settings["AUTH_ISSUER"] = f"http://127.0.0.1:{issuer_port}/"
        address = f"http://127.0.0.1:{port}/console"
        servers.enter_context(
            sign_in.running(
                issuer_port,
                sign_in.Client(settings["CONSOLE_CLIENT_ID"], settings["AUTH_AUDIENCE"], address),
            )
        )
    os.environ.update(settings)

    # Imported only now: these modules read the settings when they are imported.
    try:
        from app import app
        from dev.local import gateway
    except RuntimeError as error:
        fail(str(error))
    _prepare_table(settings)

    logging.basicConfig(format="%(message)s", level=logging.WARNING, stream=sys.stderr)
    logging.getLogger("dev.local.gateway").setLevel(logging.INFO)
    try:
        server = gateway.create_server(app, chalice_config(app), port)
    except OSError:
        _fail_port_in_use(port)
    url = f"http://127.0.0.1:{port}"
    machine.write_json(
        "running.json",
        {
            "url": url,
            "issuer": settings["AUTH_ISSUER"],
            "audience": settings["AUTH_AUDIENCE"],
            "foreign_issuer": foreign_issuer,
            "dynamodb": settings["DYNAMODB_URL"],
            "table": settings["TABLE_NAME"],
        },
    )
    threading.Thread(target=server.serve_forever, daemon=True).start()
    _greet(url, settings, foreign_issuer)
    if changed := [
        f"{name}={value}" for name, value in settings.items() if value != configured[name]
    ]:
        say(
            "\nSome default ports are in use. To run `chalice local`, set in .chalice/config.json:"
            f" {' '.join(changed)}"
        )
    seconds = time.monotonic() - started_at
    say(
        f"\nThe casting API is running at {url} (started in {seconds:.1f} s). Press Ctrl+C to stop."
    )
    while True:
        signal.pause()


def _prepare_table(settings: dict[str, str]) -> None:
    from pynamodb.exceptions import PynamoDBException

    from chalicelib.errors import ApiError
    from chalicelib.store import entries
    from chalicelib.store.table import Item
    from dev.local import seed

    unfinished = LOCAL / "seeding.json"
    try:
        if not Item.exists():
            Item.create_table(wait=True)
            entries.note_complete()
            machine.write_json(unfinished.name, {})
        _check_indexes(settings, Item.describe_table())
        if unfinished.exists():
            seed.load()
            unfinished.unlink()
    except (PynamoDBException, ApiError, ValueError) as error:
        reason = type(error).__name__
        fail(
            f"cannot use the DynamoDB at {settings['DYNAMODB_URL']} ({reason})."
            " Check DYNAMODB_URL, or unset it."
        )


def _check_indexes(settings: dict[str, str], table: dict[str, Any]) -> None:
    from chalicelib.store.table import INDEXES

    known = {index["IndexName"] for index in table.get("GlobalSecondaryIndexes", ())}
    if missing := INDEXES.keys() - known:
        fail(
            f"the table {settings['TABLE_NAME']} at {settings['DYNAMODB_URL']} was created without"
            f" the index {', '.join(sorted(missing))}. Run `make clean`, which deletes the local"
            " data, or use another TABLE_NAME."
        )


def chalice_config(app: Chalice) -> Config:
    """Return the configuration of the stage `local`, as `chalice local` reads it."""
    return Config(
        chalice_stage="local",
        user_provided_params={"chalice_app": app, "project_dir": str(PROJECT)},
        config_from_disk=machine.config(),
    )


def _greet(url: str, settings: dict[str, str], foreign_issuer: bool) -> None:
    say(f"The console: {url}/console\n")
    if foreign_issuer:
        say(
            f"The API accepts access tokens from {settings['AUTH_ISSUER']}"
            f" for the audience {settings['AUTH_AUDIENCE']}."
        )
    else:
        say("One access token per role, valid for 24 hours (`make token ROLE=...` prints others):")
        for role, (name, _) in AGENCY_ROLES.items():
            token = issuer.mint(role, settings["AUTH_ISSUER"], settings["AUTH_AUDIENCE"])
            say(f"\n# {name}\ncurl {url}/movies -H 'Authorization: Bearer {token}'")
    say(f"\nDocumentation, where you can try the API with a token: {url}/docs")


if __name__ == "__main__":
    main()
