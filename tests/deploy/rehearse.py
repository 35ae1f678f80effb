"""`make rehearse`: practise a bad night on an emulated AWS, with the commands of a real one.

Each step shows the command of a real night and what to look at, runs it, and checks the outcome. In
a terminal, it waits for Enter before each step; YES=1 does not wait. Nothing is sent to AWS.
"""

import contextlib
import json
import os
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.permissions import AGENCY_ROLES
from dev import machine
from dev.machine import PROJECT
from tests.support.checkout import Checkout
from tests.support.client import Client
from tests.support.cloud import Cloud, TlsIssuer
from tests.support.deployment import STAGES, Live, Site, live_stage
from tests.support.forwarding import Forwarding, serve

WAY = "stack"
STAGE = STAGES[WAY]
SOURCE = "chalicelib/routes/movies.py"
MISTAKE = ("all_to_json(MovieRole, page.items)", "all_to_json(MovieRole, page.roles)")
"""A mistake that the hook of a gradual deployment does not find: it shows no movie."""
TITLE = "The Rehearsal"
ALARM = f"casting-{STAGE}-server-errors"


FAILURES = (OSError, subprocess.SubprocessError, BotoCoreError, ClientError)
"""What a request or a command raises if it fails."""


class Unexpected(Exception):
    """The outcome of a step is not what it should be."""


class Step(NamedTuple):
    """A step of the rehearsal. `run` returns its outcome, or raises Unexpected."""

    title: str
    command: str
    """The command of a real night."""
    look: str
    """What to look at."""
    run: Callable[[], str]


class Address:
    """A stage at an https URL that ends in its name, as API Gateway's own URLs do."""

    def __init__(self, live: Live, certificate: Path) -> None:
        emulator = urlsplit(live.url)

        class Handler(Forwarding):
            host = emulator.netloc

            def target(self) -> str:
                return emulator.path + self.path.removeprefix(f"/{live.stage}")

        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(certificate)
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.socket = tls.wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False
        )
        serve(self._server)
        self.url = f"https://127.0.0.1:{self._server.server_port}/{live.stage}"

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class Rehearsal:
    """The steps, and what one of them leaves to the next. The checkout becomes a git repository."""

    def __init__(self, site: Site, issuer: TlsIssuer) -> None:
        self.site = site
        self.cloud = site.cloud
        self.issuer = issuer
        self.live: Live
        self.movie = ""
        shutil.copy(PROJECT / ".gitignore", site.checkout.folder)
        self.git("init", "--quiet")
        self.good = self.commit("Deploy this")

    def git(self, *arguments: str) -> str:
        """Run git in the checkout. Return its output."""
        folder = self.site.checkout.folder
        author = ("-c", "user.name=Rehearsal", "-c", "user.email=rehearsal@agency.example")
        command = ["git", *author, "-c", "commit.gpgsign=false", *arguments]
        return subprocess.run(
            command, cwd=folder, check=True, stdout=subprocess.PIPE, text=True
        ).stdout.strip()

    def commit(self, subject: str) -> str:
        """Commit all files. Return the commit."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", subject)
        return self.git("rev-parse", "HEAD")

    @property
    def producer(self) -> Client:
        return self.live.as_("producer")

    def make(self, module: str, **environment: str) -> str:
        """Run what a make target runs, and show its output. Return the output."""
        process = self.site.checkout.start_new(
            f"dev.deploy.{module}",
            STAGE=STAGE,
            COMMIT="",  # the repository has it
            PYTHONUNBUFFERED="1",
            **self.site.environment,
            **environment,
        )
        assert process.stdout is not None
        output = ""
        with process:
            try:
                for line in process.stdout:
                    print(f"    {line}", end="", flush=True)
                    output += line
            except BaseException:
                os.killpg(process.pid, signal.SIGKILL)
                raise
        if process.returncode:
            raise Unexpected(f"make {module} ended with status {process.returncode}")
        return output

    def expect(self, status: int, path: str) -> None:
        """Send a GET as an Executive Producer, and check its status."""
        response = self.producer.get(path)
        machine.say(f"    GET {path} returns {response.status}")
        if response.status != status:
            raise Unexpected(f"GET {path} should return {status}")

    def expect_commit(self, commit: str) -> None:
        """Check which commit runs."""
        if self.live.as_("nobody").get("/")["commit"] != commit:
            raise Unexpected(f"GET / should show the commit {commit}")

    def deploy(self) -> str:
        output = self.make("stack")
        self.live = live_stage(WAY, output, self.cloud, self.issuer)
        self.expect(200, "/health")
        self.expect_commit(self.good)
        return f"{STAGE} is deployed, and GET / shows its commit."

    def seed(self) -> str:
        self.movie = f"/movies/{self.producer.new_movie(TITLE)}"
        actor = self.producer.new_actor()
        self.producer.new_role(self.movie.rpartition("/")[2], actor)
        self.expect(200, self.movie)
        return f"The table has the movie {TITLE!r} with a role."

    def smoke(self) -> str:
        tokens = {role.upper(): self.issuer.token(role) for role in AGENCY_ROLES}
        address = Address(self.live, self.issuer.certificate)
        with contextlib.closing(address):
            self.make("smoke", URL=address.url, REQUESTS_CA_BUNDLE=str(self.issuer.ca), **tokens)
        return "No check of the deployed API failed."

    def break_it(self) -> str:
        source = self.site.checkout.folder / SOURCE
        text = source.read_text()
        if MISTAKE[0] not in text:
            raise Unexpected(f"{SOURCE} has no {MISTAKE[0]} any more: choose another mistake")
        source.write_text(text.replace(*MISTAKE))
        broken = self.commit("Show the roles of a movie differently")
        self.make("stack")
        self.expect_commit(broken)
        self.expect(200, "/health")
        self.expect(500, self.movie)
        return "A route returns 500, although the deployment succeeded and /health returns 200."

    def see_alarm(self) -> str:
        alarms = self.cloud.client("cloudwatch").describe_alarms(AlarmNames=[ALARM])["MetricAlarms"]
        if [alarm["MetricName"] for alarm in alarms] != ["5XXError"]:
            raise Unexpected(f"there should be an alarm {ALARM} of the metric 5XXError")
        lines = [json.loads(line) for line in self._log() if line.startswith("{")]
        failed = [line for line in lines if line.get("server_errors") == 1]
        traced = [line for line in lines if "traceback" in line]
        if not failed or not traced:
            raise Unexpected("the log should have a line with server_errors: 1, and a traceback")
        shown = ("request_id", "method", "route", "status", "server_errors")
        machine.say(f"    {json.dumps({name: failed[-1][name] for name in shown})}")
        machine.say(f"    {traced[-1]['traceback'].splitlines()[-1]}")
        return (
            "The log has the failed request, its cause, and the value of our metric server_errors."
            f" {ALARM} watches 5XXError of API Gateway, which the emulator does not count. So the"
            " alarm does not fire here."
        )

    def _log(self) -> list[str]:
        return self.cloud.logs(self.live.function).splitlines()

    def roll_back(self) -> str:
        self.make("rollback")
        self.expect_commit(self.good)
        self.expect(200, self.movie)
        return "The release before runs again, and the route returns 200."

    def restore(self) -> str:
        moment = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        time.sleep(1)  # the deletion comes after this second
        deleted = self.producer.delete(self.movie)
        machine.say(
            f"    DELETE {self.movie} returns {deleted.status}: the mistake, after {moment}"
        )
        self.expect(404, self.movie)
        self.git("checkout", "--quiet", self.good)
        self.make("restore", TIME=moment)
        self.expect_commit(self.good)
        self.expect(200, self.movie)
        if self.producer.get(self.movie)["movie"]["title"] != TITLE:
            raise Unexpected(f"{self.movie} should have the title {TITLE!r}")
        return "The deleted movie is in the new table, and the stage uses it."

    def undeploy(self) -> str:
        output = self.make("undeploy", CONFIRM=STAGE)
        functions = self.cloud.client("lambda").list_functions()["Functions"]
        if functions:
            raise Unexpected("no function should be left")
        tables = self.cloud.client("dynamodb").list_tables()["TableNames"]
        kept = [table for table in tables if f"Its table {table} is kept" in output]
        if len(kept) != 1 or len(tables) != 2:
            raise Unexpected(f"the old and the new table should be left, not {tables}")
        return f"The API is removed. The tables {' and '.join(sorted(tables))} are left."

    def steps(self) -> list[Step]:
        """Return the steps, in their order."""
        stack = f"make stack STAGE={STAGE}"
        return [
            Step(
                "Deploy the stage",
                stack,
                "its last lines: the URL of the API. With gradual_deployment, it takes five"
                " minutes more, and CodeDeploy calls the hook. The emulator has no CodeDeploy.",
                self.deploy,
            ),
            Step(
                "Add a movie with a role",
                "none. The agency's data exists.",
                "the movie, which the next steps break, lose and restore",
                self.seed,
            ),
            Step(
                "Check the deployed API",
                "make smoke URL=https://ID.execute-api.REGION.amazonaws.com/prod",
                "the last line: 0 failed. With tokens in ASSISTANT, DIRECTOR and PRODUCER, no check"
                " that needs one is skipped.",
                self.smoke,
            ),
            Step(
                "Deploy a commit with a mistake",
                stack,
                "the deployment succeeds. Neither the hook nor /health uses the broken route.",
                self.break_it,
            ),
            Step(
                "Find the cause of the alarm",
                "in Logs Insights, log group /aws/lambda/casting-prod:\n"
                "    filter server_errors = 1 | fields request_id, method, route, status\n"
                '    filter request_id = "..." | fields level, message, traceback',
                f"{ALARM} in CloudWatch. Its runbook is in docs/operations.md, Server errors.",
                self.see_alarm,
            ),
            Step(
                "Roll back",
                f"make rollback STAGE={STAGE}",
                "its last lines: the release and the commit that run now",
                self.roll_back,
            ),
            Step(
                "Restore the table after somebody deleted the movie",
                "git checkout COMMIT, the one that runs, because it is deployed again\n"
                f"    make restore STAGE={STAGE} TIME=<when the data was right last>",
                "the name of the new table, and 'is in use again'. Clients get 429 meanwhile."
                " On AWS, it takes about half an hour, and TIME is at least five minutes ago.",
                self.restore,
            ),
            Step(
                "Remove the stage",
                f"make undeploy STAGE={STAGE} CONFIRM={STAGE}",
                "the last line: the table is kept",
                self.undeploy,
            ),
        ]


def walk(steps: list[Step], asks: bool) -> None:
    """Run the steps. Exit with one sentence at the first one whose outcome is unexpected."""
    seconds = 0.0
    for number, step in enumerate(steps, 1):
        machine.say(f"\nStep {number} of {len(steps)}: {step.title}")
        machine.say(f"  Command of a real night: {step.command}")
        machine.say(_wrapped("Look at", step.look))
        if asks:
            input("  Press Enter to run it. ")
        started = time.monotonic()
        try:
            outcome = step.run()
        # The clients of the tests assert that a request succeeds.
        except (Unexpected, AssertionError, *FAILURES) as error:
            machine.fail(f"step {number} failed ({step.title}): {error}")
        took = time.monotonic() - started
        seconds += took
        machine.say(_wrapped(f"Outcome ({took:.0f} s)", outcome))
    machine.say(f"\nAll {len(steps)} steps succeeded, in {seconds:.0f} s.")


def _wrapped(label: str, sentences: str) -> str:
    return textwrap.fill(
        f"{label}: {sentences}", 100, initial_indent="  ", subsequent_indent="    "
    )


@contextlib.contextmanager
def rehearsal(folder: Path, built: Checkout | None = None) -> Iterator[Rehearsal]:
    """Start the emulator and the issuer, and copy the project. Stop everything at the end.

    With `built`, it is a copy of that checkout, which has built a package already.
    """
    with contextlib.ExitStack() as at_end:
        issuer = at_end.enter_context(contextlib.closing(TlsIssuer(folder)))
        cloud = Cloud(folder, issuer.ca)
        at_end.callback(cloud.stop)
        checkout = Checkout(folder / "casting", built)
        checkout.set(STAGE, AUTH_ISSUER=issuer.url)
        yield Rehearsal(Site(checkout, cloud), issuer)


def main() -> None:
    if os.environ.get("YES", "") not in ("", "0", "1"):
        machine.fail("YES must be 1, to run all steps without waiting for Enter")
    asks = sys.stdin.isatty() and os.environ.get("YES") != "1"
    machine.say(
        f"This rehearses a bad night of {STAGE}. AWS is emulated on this machine. Ctrl+C ends it."
    )
    if shutil.which("git") is None:
        machine.fail("git was not found: install it, because prod is deployed from a commit")
    try:
        with contextlib.ExitStack() as at_end:
            folder = at_end.enter_context(tempfile.TemporaryDirectory(prefix="casting-rehearsal-"))
            rehearsed = at_end.enter_context(rehearsal(Path(folder)))
            # A second Ctrl+C must not leave anything behind.
            at_end.callback(signal.signal, signal.SIGINT, signal.SIG_IGN)
            walk(rehearsed.steps(), asks)
    except (AssertionError, *FAILURES) as error:
        machine.fail(f"the emulated AWS cannot be set up: {error}")
    except (KeyboardInterrupt, EOFError):
        machine.say("\nThe rehearsal was stopped. Nothing of it is left on this machine.")
        sys.exit(130)


if __name__ == "__main__":
    main()
