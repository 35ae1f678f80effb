"""The documentation page at `/docs`: Swagger UI, loaded from a CDN with pinned hashes.

The function's package contains only this module and the page's own three files.
A pasted access token stays in the page's memory. The Content-Security-Policy allows requests to
this API only. Importing this module reads the files, so only the view of `/docs` imports it.
"""

import base64
import hashlib
from pathlib import Path
from string import Template

VERSION = "5.35.0"
"""The version of swagger-ui-dist. tests/contract/package.json pins the same one."""

SOURCE = f"https://cdn.jsdelivr.net/npm/swagger-ui-dist@{VERSION}/"

SCRIPT, STYLE = "swagger-ui-bundle.js", "swagger-ui.css"

INTEGRITY = {
    SCRIPT: "sha384-gjRm0bEPMeTmMh5jT2cHccIwCUZSTd8YC+j0d0sXw0MdGEfScduGpSyF3ZSSLkX9",
    STYLE: "sha384-WlYgdmXYOOBWL5apwjDEZwN+U3HmXSSu5R6V5aGxEcf7z+KuRNwBhoxKVN1i3D5I",
}
"""Subresource Integrity: the browser rejects a file that has another hash."""


def _read(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


_SCRIPT, _STYLE = _read("page.js"), _read("page.css")


def _csp_hash(text: str) -> str:
    """Return the Content-Security-Policy source that allows this inline text."""
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


POLICY = "; ".join(
    (
        "default-src 'none'",
        f"script-src {SOURCE}{SCRIPT} {_csp_hash(_SCRIPT)}",
        f"style-src {SOURCE}{STYLE} {_csp_hash(_STYLE)}",
        "img-src data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)

HTML = Template(_read("page.html")).substitute(
    version=VERSION,
    source=SOURCE,
    style_url=SOURCE + STYLE,
    style_integrity=INTEGRITY[STYLE],
    style=_STYLE,
    script_url=SOURCE + SCRIPT,
    script_integrity=INTEGRITY[SCRIPT],
    script=_SCRIPT,
)
