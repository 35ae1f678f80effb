"""The certificates of Amazon's authorities, among those of certifi."""

import re
from pathlib import Path

import certifi

from chalicelib.store.client import AMAZON_ROOTS

LABEL = "Amazon Root CA|Starfield Services Root Certificate Authority - G2"
"""The authorities that sign the certificates of AWS (Amazon Trust Services)."""


def files() -> dict[Path, str]:
    """Return the text of the file with these certificates."""
    text, pem = Path(certifi.where()).read_text(), r"-+BEGIN[^-]*-+\n[^-]*-+END[^-]*-+"
    roots = re.findall(rf'^# Label: "((?:{LABEL})[^"]*)"\n(?:# .*\n)*({pem})', text, re.MULTILINE)
    return {AMAZON_ROOTS: "".join(f"# {label}\n{root}\n" for label, root in roots)}
