"""`make pictures`: the pictures of docs/pictures/, of the demo data in a real browser."""

import tempfile
from pathlib import Path

from dev.machine import PROJECT, say, shown
from tests.conftest import Product
from tests.support import browser, desk
from tests.support.client import Client
from tests.support.desk import Person

PICTURES = PROJECT / "docs" / "pictures"

SCREENS = {
    "board": "/parts/{part}",
    "triage": "/parts/{part}/triage?status=callback",
    "breakdown": "/movies/{movie}",
    "actors": "/actors?gender=female&playing_age=30-40&language=pl&skill=riding",
    "avail": "/parts/{part}/avail",
    "actor": "/actors/{actor}/availability",
}


def main() -> None:
    """Write a picture of each screen."""
    PICTURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder, browser.started() as chromium:
        product = Product(Path(folder) / "local").start()
        try:
            api = Client(product.url, desk.token(product.folder, "producer"))
            places = places_of(api)
            person = Person(chromium, product.url, viewport={"width": 1_280, "height": 720})
            person.sign_in("director")
            for name, path in SCREENS.items():
                person.go(path.format(**places))
                person.page.screenshot(path=PICTURES / f"{name}.png")
                say(f"{shown(PICTURES / name)}.png")
        finally:
            product.stop()


def places_of(api: Client) -> dict[str, str]:
    """Return the ids of the demo data that the pictures show."""
    (movie,) = api.get("/movies", search="The Amber Riders")["movies"]
    parts = api.get(f"/movies/{movie['id']}/parts")["parts"]
    part = max(parts, key=lambda each: each["candidate_count"])
    (candidate, *_) = api.get(f"/parts/{part['id']}/candidates", status="callback")["candidates"]
    return {"movie": movie["id"], "part": part["id"], "actor": candidate["actor_id"]}


if __name__ == "__main__":
    main()
