"""The console: the agency's web application, served by the API itself."""

import html
import re
from pathlib import Path
from string import Template
from typing import Annotated

from chalice.app import Blueprint, Response
from msgspec import Meta

from chalicelib.errors import ConsoleFileNotFound
from chalicelib.http.answers import asset, html_page
from chalicelib.http.request import url_prefix
from chalicelib.http.views import answers, public, unlisted
from chalicelib.settings import AUTH_AUDIENCE, AUTH_ISSUER, CONSOLE_CLIENT_ID

console = Blueprint(__name__)

FILES = Path(__file__).parent.parent / "console"
"""What `dev/console.py` builds from console/. It is in the package, but not in git."""

MEDIA_TYPES = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8"}

_FILE = re.compile(r"[A-Za-z0-9_-]{1,100}\.(?P<suffix>css|js)")

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        # Mantine sets sizes and positions in style attributes.
        "style-src 'self' 'unsafe-inline'",
        # Headshots and posters are at any https address.
        "img-src 'self' data: https:",
        f"connect-src 'self' {'/'.join(AUTH_ISSUER.split('/')[:3])}",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)

NOT_BUILT = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>The console is not built</title>
<h1>The console is not built</h1>
<p>The API works. Its console is built by <code>make run</code> and <code>make package</code>, which
need the npm registry once. Their output says why the build failed.
"""


@console.route("/console", methods=["GET"])
@public
@answers(html_page)
def get_console() -> Response:
    """Show the console, in which the agency's people work."""
    try:
        page = (FILES / "index.html").read_text(encoding="utf-8")
    except FileNotFoundError:
        return html_page(NOT_BUILT, POLICY)
    settings = {
        "api": url_prefix(),
        "issuer": AUTH_ISSUER,
        "audience": AUTH_AUDIENCE,
        "client_id": CONSOLE_CLIENT_ID or "",
    }
    escaped = {name: html.escape(value) for name, value in settings.items()}
    # A new deployment has other files, so the page itself is always read again.
    headers = {"Cache-Control": "no-cache", "Referrer-Policy": "no-referrer"}
    return html_page(Template(page).substitute(escaped), POLICY, headers)


@console.route("/console/{file}", methods=["GET"])
@public
@unlisted
@answers(asset, ConsoleFileNotFound)
def get_console_file(file: Annotated[str, Meta(examples=["index-Bq3vT0yL.js"])]) -> Response:
    """Return a file of the console. Its name has a hash of its content, so it never changes."""
    name = _FILE.fullmatch(file)
    if not name:
        raise ConsoleFileNotFound()
    try:
        content = (FILES / file).read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConsoleFileNotFound() from None
    return asset(content, MEDIA_TYPES[name["suffix"]])
