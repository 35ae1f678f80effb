"""A person at the console, in a real browser."""

import base64
import hashlib
import json
import os
import re
import secrets
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Locator, Page, expect

from dev.machine import PROJECT
from tests.support import node

REFUSED = re.compile(r"Failed to load resource: the server responded with a status of [45]\d\d")
"""What Chromium itself writes to the console after each response that is no success."""

NAMES = {
    "assistant": "Casting Assistant",
    "director": "Casting Director",
    "producer": "Executive Producer",
}

AXE_OPTIONS = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]},
    "resultTypes": ["violations"],
}


def token(local_folder: Path, role: str, ttl: int = 3_600) -> str:
    """Return a token of a running product's own issuer, as `make token` prints it."""
    environment = {**os.environ, "LOCAL_DIR": str(local_folder), "ROLE": role, "TTL": str(ttl)}
    environment.pop("AUTH_ISSUER", None)
    done = subprocess.run(
        [sys.executable, "-m", "dev.local.issuer"],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


class Person:
    """Somebody who works in the console. `problems` are what the browser complained of.

    Afterwards, somebody else can use the same browser window with `start_signed_in`, unless
    `is_reusable` is false.
    """

    def __init__(self, browser: Browser, url: str, **changes: Any) -> None:
        self.url = url
        options = {"viewport": {"width": 1_280, "height": 800}, "locale": "en-GB", **changes}
        self.context: BrowserContext = browser.new_context(**options)
        self.context.set_default_timeout(15_000)
        self.problems: list[str] = []
        self.requests: list[str] = []
        self.context.on("page", self._watch)
        self.page: Page = self.context.new_page()
        self.scheme = ""
        self.is_reusable = not changes

    def _watch(self, page: Page) -> None:
        page.on("console", self._note)
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("request", lambda request: self.requests.append(f"{request.method} {request.url}"))

    def _note(self, message: Any) -> None:
        if message.type in ("error", "warning") and not REFUSED.match(message.text):
            self.problems.append(message.text)

    def sign_in(self, role: str, at: str = "/") -> "Person":
        """Sign in on the local issuer's page, and wait for the screen."""
        self.page.goto(f"{self.url}/console#{at}")
        self.page.get_by_role("button", name="Sign in").click()
        self.page.get_by_role("button", name=NAMES[role], exact=True).click()
        expect(self.page.get_by_role("navigation", name="Main")).to_be_visible()
        self.settle()
        return self

    def start_signed_in(self, role: str, at: str = "/") -> "Person":
        """Show a screen to somebody whom the local issuer has just sent back to the console.

        This is `sign_in` without the issuer's page, and without the load of the console before it.
        """
        page = self.context.request.get(f"{self.url}/console").text()
        settings = dict(re.findall(r'name="casting-([a-z-]+)" content="([^"]*)"', page))
        issuer, client_id = settings["issuer"], settings["client-id"]
        verifier, state = secrets.token_urlsafe(32), secrets.token_hex(16)
        digest = hashlib.sha256(verifier.encode()).digest()
        request = {
            "client_id": client_id,
            "redirect_uri": f"{self.url}/console",
            "scope": "openid profile",
        }
        chooser = self.context.request.get(
            f"{issuer}authorize",
            params={
                **request,
                "audience": settings["audience"],
                "response_type": "code",
                "code_challenge_method": "S256",
                "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
                "state": state,
            },
        ).text()
        (transaction,) = re.findall(r'name="transaction" value="([^"]+)"', chooser)
        answer = self.context.request.post(
            f"{issuer}authorize",
            form={"transaction": transaction, "role": role},
            headers={"Origin": issuer.rstrip("/")},
            max_redirects=0,
        )
        # What oidc-client-ts keeps of a sign-in that is under way.
        under_way = {
            **request,
            "id": state,
            "created": int(time.time()),
            "request_type": "si:r",
            "data": f"#{at}",
            "authority": issuer,
            "code_verifier": verifier,
            "extraTokenParams": {},
        }
        # A page of the console's origin without the console, which forgets the last person.
        self.page.goto(f"{self.url}/health")
        self.page.evaluate(
            "([state, value]) => sessionStorage.setItem(`oidc.${state}`, value)",
            [state, json.dumps(under_way)],
        )
        self.page.goto(answer.headers["location"])
        expect(self.page.get_by_role("navigation", name="Main")).to_be_visible()
        self.settle()
        return self

    def go(self, path: str) -> None:
        """Show another screen, and wait until it has loaded."""
        self.page.evaluate("path => { location.hash = path }", path)
        self.page.wait_for_url(re.compile(re.escape("#" + path)))
        self.settle()

    def settle(self) -> None:
        """Wait until nothing is loading."""
        expect(self.page.get_by_role("heading", level=1)).to_be_visible()
        expect(self.page.get_by_role("status", name="Loading")).to_have_count(0)

    def button(self, name: str | re.Pattern[str]) -> Locator:
        return self.page.get_by_role("button", name=name)

    def dialog(self, name: str | re.Pattern[str]) -> Locator:
        return self.page.get_by_role("dialog", name=name)

    def says(self, text: str | re.Pattern[str]) -> None:
        """Wait for a note or a sentence on the screen."""
        expect(self.page.get_by_text(text).first).to_be_visible()

    def axe(self) -> list[str]:
        """Return the findings of axe on this screen (WCAG 2.1 AA)."""
        if not self.page.evaluate("'axe' in window"):
            # Not a script of the page: its policy allows none from elsewhere.
            self.page.evaluate((node.MODULES / "axe-core" / "axe.min.js").read_text())
        # What fades in has another contrast until it is there.
        self.page.evaluate(
            "() => Promise.all(document.getAnimations().map(each => each.finished.catch(() => 0)))"
        )
        violations = self.page.evaluate(
            "options => axe.run(document, options).then(found => found.violations)", AXE_OPTIONS
        )
        return [
            f"{violation['id']}: {affected['target']} {affected['failureSummary']}"
            for violation in violations
            for affected in violation["nodes"]
        ]

    def set_time(self, now: datetime) -> None:
        """Set the browser's clock."""
        self.page.clock.set_system_time(now)
        self.is_reusable = False  # Playwright cannot set it back

    def leave(self) -> None:
        """Leave the browser window to somebody else, who finds nothing of this person in it."""
        for page in self.context.pages:
            page.unroute_all()
            if page is not self.page:
                page.close()
        self.context.set_offline(False)
        self.page.goto(f"{self.url}/health")
        self.problems.clear()
        self.requests.clear()

    def close(self) -> None:
        self.context.close()
