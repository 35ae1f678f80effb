"""`make scale`: measure what search and filters read, on the local engine.

It writes ACTORS invented actors (100 and 1,000 without it) with their index entries. Then it walks
lists and combinations of filters to the end, and prints how many requests they send and how many
entries they read. It checks that each walk finds every match once. It measures no times.
"""

import os
import random
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from chalicelib.store.items import Actor
    from chalicelib.store.table import Item

SIZES = (100, 1_000)
PAGE = 20
COMBINATIONS = 100

SYLLABLES = "anberbochidaelfagorhenijakalaminoperasatouviwayazoszekov"
HAN = "千尋太郎花子山田中村森林小川石井美香健一"
LANGUAGES = {"US": "en", "PL": "pl", "DE": "de", "FR": "fr", "ES": "es", "TR": "tr", "JP": "ja"}
WEIGHTS = (40, 15, 10, 10, 10, 5, 10)  # of these countries
SKILLS = [f"skill {number}" for number in range(300)]
UNIONS = ("SAG-AFTRA", "Equity", "ACTRA")

Filters = dict[str, Any]

SINGLE: tuple[Filters, ...] = (
    {"gender": "female"},
    {"language": ["en"]},
    {"skill": ["skill 0"]},
    {"skill": ["skill 299"]},
    {"playing_age": (30, 40)},
    {"playing_age": (70, 80)},
    {"search": "an"},
    {"search": "anbo"},
    {"active": True},
    {"available": ("2027-05-01", "2027-05-31")},
)
COMBINED: tuple[Filters, ...] = (
    {"gender": "female", "language": ["en"]},
    {"gender": "female", "playing_age": (30, 40)},
    {"search": "an", "country": "PL"},
    {"country": "PL", "language": ["tr"]},
    {"skill": ["driving", "child"]},  # both are common, and almost exclude each other
    {
        "gender": "female",
        "playing_age": (30, 40),
        "language": ["pl"],
        "skill": ["skill 3"],
        "union": ["SAG-AFTRA"],
        "available": ("2027-05-01", "2027-05-31"),
    },
)


class Sent(NamedTuple):
    """A request that was sent."""

    operation: str
    scanned: int


class Walk(NamedTuple):
    """The pages of a list, from the first to the last."""

    matches: int
    first: list[Sent]
    worst: int
    """The most requests of one page."""

    pages: int
    short: int
    """Pages with fewer items than PAGE, although another one follows."""

    sent: list[Sent]


def main() -> None:
    sizes = [int(os.environ["ACTORS"])] if os.environ.get("ACTORS") else SIZES
    with tempfile.TemporaryDirectory(prefix="casting-scale-") as folder:
        # The engine keeps its data apart from those of `make run`.
        os.environ["LOCAL_DIR"] = folder
        # Not at the top of the file: these read their settings when they are imported.
        from dev import machine
        from dev.local import engine

        os.environ.update(machine.settings())
        with engine.running() as url:
            os.environ["DYNAMODB_URL"] = url
            from chalicelib.store.table import Item

            for number in sizes:
                Item.create_table(wait=True)
                _measure(_write(number))
                Item.delete_table()


def _write(number: int) -> "list[Actor]":
    """Write this many actors and their entries, and print how large these are."""
    from chalicelib.store import entries, table
    from chalicelib.store.items import Actor
    from chalicelib.store.table import Item

    chance = random.Random(number)  # noqa: S311 -- no secret
    actors: list[Actor] = []
    counts: list[int] = []
    actor_sizes: list[int] = []
    entry_sizes: list[int] = []
    with Item.batch_write() as batch:
        for index in range(number):
            actor_id = f"{index:016}"
            key = (Actor.partition(actor_id), "#")
            actor = table.new_item(Actor, key, actor_id, None)
            actor.set(**_fields(chance))
            actor.set(**actor.listed(), indexed=actor.claims(), recorded_from=1)
            card = entries.card_of(actor).attributes()
            own = [entries.Entry(*key, id=actor_id, **card) for key in entries.keys_of(actor)]
            for item in (actor, *own):
                batch.save(item)
            actors.append(actor)
            counts.append(len(own))
            actor_sizes.append(_size(actor))
            entry_sizes += map(_size, own)
    print(f"\n{number:,} actors\n")
    for name, values in (
        ("entries per actor", counts),
        ("bytes per entry", entry_sizes),
        ("bytes per actor, without entries", actor_sizes),
    ):
        mean, most = statistics.mean(values), max(values)
        print(f"{name}: mean {mean:.1f}, max {most}")
    return actors


def _fields(chance: random.Random) -> dict[str, Any]:
    """Return the fields of an invented actor."""
    country = chance.choices(list(LANGUAGES), WEIGHTS)[0]
    if country == "JP":
        name = "".join(chance.choices(HAN, k=4))
    else:
        words = [_word(chance) for _ in range(chance.choice((2, 2, 3)))]
        name = " ".join(words).title()
    youngest = max(4, min(75, round(chance.gauss(32, 13))))
    spoken = {LANGUAGES[country], *chance.sample(list(LANGUAGES.values()), chance.randint(0, 2))}
    # A few skills are common, and most are rare.
    ranks = [int(chance.paretovariate(0.8)) - 1 for _ in range(chance.randint(2, 8))]
    skills = {SKILLS[min(rank, len(SKILLS) - 1)] for rank in ranks}
    if youngest < 16:
        skills.add("child")
    if chance.random() < (0.002 if youngest < 16 else 0.5):
        skills.add("driving")
    blocked = {"from": "2027-05-10", "to": "2027-05-20", "kind": "blocked"}
    return {
        "name": name,
        "gender": chance.choices(("female", "male", "non-binary"), (49, 49, 2))[0],
        "playing_age_min": youngest,
        "playing_age_max": youngest + chance.choice((5, 8, 10, 12, 15)),
        "languages": dict.fromkeys(sorted(spoken), "fluent"),
        "skills": sorted(skills),
        "unions": [chance.choice(UNIONS)] if chance.random() < 0.5 else None,
        "base_country": country,
        "availability": [blocked] if chance.random() < 0.3 else None,
    }


def _word(chance: random.Random) -> str:
    places = [chance.randrange(0, len(SYLLABLES) - 1) for _ in range(chance.randint(2, 4))]
    return "".join(SYLLABLES[place : place + 2] for place in places)


def _size(item: "Item") -> int:
    """Return the bytes of an item, as the documentation of DynamoDB counts them."""
    return sum(len(name) + _bytes(value) for name, value in item.serialize().items())


def _bytes(raw: dict[str, Any]) -> int:
    ((kind, value),) = raw.items()
    if kind == "M":
        return 3 + sum(len(name) + 1 + _bytes(part) for name, part in value.items())
    if kind == "L":
        return 3 + sum(1 + _bytes(part) for part in value)
    if kind == "SS":
        return 3 + sum(1 + len(text.encode()) for text in value)
    return 1 if kind in ("BOOL", "NULL") else len(value.encode())


def _measure(actors: "Sequence[Actor]") -> None:
    """Walk lists to the end, and print what was sent."""
    print(
        "\n| criteria | matches | requests and entries of the first page | most requests of a page"
        " | pages | short pages | entries read per match |\n|---|---|---|---|---|---|---|"
    )
    for filters in (*SINGLE, *COMBINED):
        print(_row(_named(filters), _walk(actors, filters)))
    chance = random.Random(1)  # noqa: S311 -- no secret
    walks = [_walk(actors, _combination(actors, chance)) for _ in range(COMBINATIONS)]
    firsts = [walk.first for walk in walks]
    print(f"\n{COMBINATIONS} random combinations of 2 to 4 filters that somebody matches:\n")
    for name, values in (
        ("requests of the first page", [len(sent) for sent in firsts]),
        ("entries read for the first page", [_scanned(sent) for sent in firsts]),
        ("most requests of a page", [walk.worst for walk in walks]),
    ):
        values.sort()
        middle, high = values[len(values) // 2], values[len(values) * 95 // 100]
        print(f"{name}: median {middle}, 95th percentile {high}, max {values[-1]}")
    print(f"combinations with a short page: {sum(walk.short > 0 for walk in walks)}")


def _named(filters: Filters) -> str:
    return ", ".join(f"{name} {value}" for name, value in filters.items()) or "no filter"


def _row(name: str, walk: Walk) -> str:
    operations = [sent.operation for sent in walk.first]
    cells = (
        name,
        f"{walk.matches:,}",
        f"{len(operations)}, {_scanned(walk.first):,}",
        walk.worst,
        f"{walk.pages:,}",
        f"{walk.short:,}",
        f"{_scanned(walk.sent) / max(walk.matches, 1):.2f}",
    )
    return f"| {' | '.join(map(str, cells))} |"


def _scanned(sent: Sequence[Sent]) -> int:
    return sum(request.scanned for request in sent)


def _combination(actors: "Sequence[Actor]", chance: random.Random) -> Filters:
    """Return 2 to 4 filters that a random actor matches."""
    actor = chance.choice(actors)
    known: Filters = {
        "gender": actor.gender,
        "country": actor.base_country,
        "language": [chance.choice(list(actor.languages))],
        "skill": [chance.choice(actor.skills)],
        "union": actor.unions,
        "playing_age": (actor.playing_age_min, actor.playing_age_max),
        "search": actor.name[:3],
    }
    names = [name for name, value in known.items() if value]
    return {name: known[name] for name in chance.sample(names, chance.randint(2, 4))}


def _walk(actors: "Sequence[Actor]", filters: Filters) -> Walk:
    """Read all pages of a list. Stop if it does not have every match once."""
    from chalicelib.store import actors as actor_store

    found: list[str] = []
    pages: list[list[Sent]] = []
    short, last = 0, None
    for sent in _recorded():
        page = actor_store.find(filters, None, after=last, limit=PAGE)
        found += [actor.id for actor in page.items]
        pages.append(sent)
        last = page.last
        if last is None:
            break
        short += len(page.items) < PAGE
    wanted = sorted(actor.id for actor in actors if _matches(actor, filters))
    if sorted(found) != wanted:
        sys.exit(f"{_named(filters)}: found {len(found)}, expected {len(wanted)}")
    every = [request for sent in pages for request in sent]
    return Walk(len(found), pages[0], max(map(len, pages)), len(pages), short, every)


def _recorded() -> Iterator[list[Sent]]:
    """Yield lists that get the requests which are sent until the next one is taken."""
    from chalicelib.store.table import connection

    sent: list[Sent] = []

    def record(model: Any, parsed: dict[str, Any], **_: Any) -> None:
        sent.append(Sent(model.name, parsed.get("ScannedCount", 0)))

    events = connection.connection.client.meta.events
    events.register("after-call.dynamodb", record, unique_id="casting-scale")
    try:
        while True:
            yield sent
            sent = []
    finally:
        events.unregister("after-call.dynamodb", unique_id="casting-scale")


def _matches(actor: "Actor", filters: Filters) -> bool:
    """Compare an actor with filters, without the store."""
    from chalicelib.store.text import search_words

    ages, days = filters.get("playing_age"), filters.get("available")
    return (
        all(value in (actor.languages or ()) for value in filters.get("language", ()))
        and all(value in (actor.skills or ()) for value in filters.get("skill", ()))
        and all(value in (actor.unions or ()) for value in filters.get("union", ()))
        and filters.get("gender", actor.gender) == actor.gender
        and filters.get("country", actor.base_country) == actor.base_country
        and (
            ages is None or (ages[0] <= actor.playing_age_max and ages[1] >= actor.playing_age_min)
        )
        and (days is None or not actor.availability)
        and all(
            any(start.startswith(word) for start in actor.starts())
            for word in search_words(filters.get("search", ""))
        )
    )


if __name__ == "__main__":
    main()
