"""The contract's page for people: Swagger UI, from a public network and held to its hashes.

Nothing of it is in the functions' package but this file. A token that is pasted in stays in the
page's memory, and goes to this API alone: the Content-Security-Policy lets it go nowhere else.
"""

import base64
import hashlib

VERSION = "5.35.0"
"""The version of swagger-ui-dist, as in tests/contract/package.json."""

SOURCE = f"https://cdn.jsdelivr.net/npm/swagger-ui-dist@{VERSION}/"

SCRIPT, STYLE = "swagger-ui-bundle.js", "swagger-ui.css"

INTEGRITY = {
    SCRIPT: "sha384-gjRm0bEPMeTmMh5jT2cHccIwCUZSTd8YC+j0d0sXw0MdGEfScduGpSyF3ZSSLkX9",
    STYLE: "sha384-WlYgdmXYOOBWL5apwjDEZwN+U3HmXSSu5R6V5aGxEcf7z+KuRNwBhoxKVN1i3D5I",
}
"""What a browser compares them with (Subresource Integrity), and runs nothing else."""

_START = """
const contract = location.pathname.replace(/docs\\/?$/, "openapi.json");
document.getElementById("contract").href = contract;
const styled = [...document.styleSheets].some((sheet) => sheet.href);
if (window.SwaggerUIBundle && styled) {
  document.getElementById("missing").remove();
  window.ui = SwaggerUIBundle({
    url: contract, dom_id: "#swagger-ui", deepLinking: true, tryItOutEnabled: true,
    displayRequestDuration: true, validatorUrl: null,
  });
}
"""

_LOOK = """
body { margin: 0; font-family: sans-serif; }
header, #missing { max-width: 1420px; margin: 0 auto; padding: 20px 20px 0; }
code { background: #eee; padding: 0 .3em; }
"""


def _hashed(text: str) -> str:
    return "'sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() + "'"


POLICY = "; ".join(
    (
        "default-src 'none'",
        f"script-src {SOURCE}{SCRIPT} {_hashed(_START)}",
        f"style-src {SOURCE}{STYLE} {_hashed(_LOOK)}",
        "img-src data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)

HTML = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>The casting API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="{SOURCE}{STYLE}"
  integrity="{INTEGRITY[STYLE]}" crossorigin="anonymous">
<style>{_LOOK}</style>
</head>
<body>
<header>
Press <b>Authorize</b> and paste an access token: your identity provider's, or on a developer's
machine what <code>make token ROLE=director</code> prints. It is forgotten when you leave.
</header>
<p id="missing">
This page is drawn by Swagger UI {VERSION}, which your browser has to fetch from
<code>{SOURCE}</code> with JavaScript switched on, and it did not come. Let it through, or read the
contract itself: <a id="contract" href="openapi.json">openapi.json</a>, for any tool that knows
OpenAPI 3.1.
</p>
<div id="swagger-ui"></div>
<script src="{SOURCE}{SCRIPT}"
  integrity="{INTEGRITY[SCRIPT]}" crossorigin="anonymous"></script>
<script>{_START}</script>
</body>
</html>
"""
