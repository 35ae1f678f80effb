"""`make run`: a DynamoDB, an issuer, demo data and the API, on this machine, until Ctrl-C."""

import contextlib
import logging
import os
import signal
import sys
import threading
import time
from types import FrameType

from chalice.app import Chalice
from chalice.config import Config

from chalicelib.permissions import AGENCY_ROLES
from dev import machine
from dev.local import engine, issuer
from dev.machine import LOCAL, PROJECT, say, stop

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def main() -> None:
    began = time.monotonic()
    port = _port()
    taken = machine.read_json("running.json").get("url", "another port")
    with (
        machine.lock(
            LOCAL / "lock", f"it is running already, on {taken}; stop that one with Ctrl-C first"
        ),
        contextlib.ExitStack() as parts,
    ):
        for number in SIGNALS:
            signal.signal(number, _interrupt)
        if not machine.is_free(port):
            stop(f"port {port} is taken; choose another one: make run PORT={port + 1}")
        try:
            _run(port, parts, began)
        except KeyboardInterrupt:
            for number in SIGNALS:
                signal.signal(number, signal.SIG_IGN)  # a second Ctrl-C would lose what is saved
            say("\nStopping; what was written is kept ...")
        finally:
            (LOCAL / "running.json").unlink(missing_ok=True)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _port() -> int:
    port = os.environ.get("PORT") or "8000"
    if not port.isascii() or not port.isdigit() or not 1 <= int(port) <= 65_535:
        stop("PORT is a number from 1 to 65535")
    return int(port)


def _run(port: int, parts: contextlib.ExitStack, began: float) -> None:
    usual = machine.settings()
    settings = dict(usual)
    foreign_issuer = bool(os.environ.get("AUTH_ISSUER"))
    if not os.environ.get("DYNAMODB_URL"):
        url = parts.enter_context(engine.running(machine.port_of(settings["DYNAMODB_URL"])))
        settings["DYNAMODB_URL"] = url
    if not foreign_issuer:
        issuer_port = machine.free_port(machine.port_of(settings["AUTH_ISSUER"]))
        settings["AUTH_ISSUER"] = f"http://127.0.0.1:{issuer_port}/"
        parts.enter_context(issuer.running(issuer_port))
    os.environ.update(settings)

    # Only now, because the settings are read when these are imported.
    try:
        from app import app
        from dev.local import gateway
    except RuntimeError as error:
        stop(str(error))
    _prepare_table(settings)

    logging.basicConfig(format="%(message)s", level=logging.WARNING, stream=sys.stderr)
    logging.getLogger("dev.local.gateway").setLevel(logging.INFO)
    try:
        server = gateway.create_server(app, chalice_config(app), port)
    except OSError:
        stop(f"port {port} is taken; choose another one: make run PORT={port + 1}")
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
    if moved := [f"{n}={v}" for n, v in settings.items() if v != usual[n]]:
        say(f"\nOther ports than usual: `chalice local` needs {' '.join(moved)} in its config.")
    say(f"\nThe casting API is on {url}, after {time.monotonic() - began:.1f} s; Ctrl-C stops it.")
    while True:
        signal.pause()


def _prepare_table(settings: dict[str, str]) -> None:
    from pynamodb.exceptions import PynamoDBException

    from chalicelib.errors import ApiError
    from chalicelib.store.table import Item
    from dev.local import seed

    unfinished = LOCAL / "seeding.json"
    try:
        if not Item.exists():
            Item.create_table(wait=True)
            machine.write_json(unfinished.name, {})
        if unfinished.exists():
            seed.load()
            unfinished.unlink()
    except (PynamoDBException, ApiError, ValueError) as error:
        reason = type(error).__name__
        stop(f"the DynamoDB at {settings['DYNAMODB_URL']} cannot be used ({reason})")


def chalice_config(app: Chalice) -> Config:
    return Config(
        chalice_stage="local",
        user_provided_params={"chalice_app": app, "project_dir": str(PROJECT)},
        config_from_disk=machine.config(),
    )


def _greet(url: str, settings: dict[str, str], foreign_issuer: bool) -> None:
    if foreign_issuer:
        say(f"Tokens come from {settings['AUTH_ISSUER']}, for {settings['AUTH_AUDIENCE']}.")
    else:
        say("A token for each role, good for a day (make token ROLE=... gives others):")
        for role, (name, _) in AGENCY_ROLES.items():
            token = issuer.mint(role, settings["AUTH_ISSUER"], settings["AUTH_AUDIENCE"])
            say(f"\n# {name}\ncurl {url}/movies -H 'Authorization: Bearer {token}'")
    say(f"\nTo read the contract and to try it with a token: {url}/docs")


if __name__ == "__main__":
    main()
