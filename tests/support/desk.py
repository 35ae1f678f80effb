"""A person at the console, in a real browser."""

import os
import re
import subprocess
import sys
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

AXE_RULES = {"runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}}


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
    """Somebody who works in the console. `problems` are what the browser complained of."""

    def __init__(self, browser: Browser, url: str, **options: Any) -> None:
        self.url = url
        options = {"viewport": {"width": 1_280, "height": 800}, "locale": "en-GB", **options}
        self.context: BrowserContext = browser.new_context(**options)
        self.context.set_default_timeout(15_000)
        self.problems: list[str] = []
        self.requests: list[str] = []
        self.context.on("page", self._watch)
        self.page: Page = self.context.new_page()
        self.scheme = ""

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
        # Not a script of the page: its policy allows none from elsewhere.
        self.page.evaluate((node.MODULES / "axe-core" / "axe.min.js").read_text())
        # What fades in has another contrast until it is there.
        self.page.evaluate(
            "() => Promise.all(document.getAnimations().map(each => each.finished.catch(() => 0)))"
        )
        found = self.page.evaluate("rules => axe.run(document, rules)", AXE_RULES)
        return [
            f"{violation['id']}: {affected['target']} {affected['failureSummary']}"
            for violation in found["violations"]
            for affected in violation["nodes"]
        ]

    def close(self) -> None:
        self.context.close()
