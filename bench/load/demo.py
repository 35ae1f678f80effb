"""The titles and names of the demo data, of which the invented ones are made."""

import functools
import json

from dev.machine import PROJECT


@functools.cache
def titles() -> list[str]:
    """Return the titles of the demo movies."""
    return [movie["title"] for movie in _demo()["movies"]]


@functools.cache
def words() -> list[str]:
    """Return the words of the titles and of the actors' names."""
    names = titles() + [actor["name"] for actor in _demo()["actors"]]
    return [word for name in names for word in name.split()]


def _demo() -> dict[str, list[dict[str, str]]]:
    file = PROJECT / "dev" / "local" / "demo.json"
    demo: dict[str, list[dict[str, str]]] = json.loads(file.read_text(encoding="utf-8"))
    return demo
