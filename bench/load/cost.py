"""`make cost`: write docs/cost.md, what a month costs.

The figures of a request are those of docs/load.json. Everything else that the arithmetic needs is
in the tables at the top of this file.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from bench.load import scene, shards
from bench.load.markdown import table
from bench.load.results import JSON
from dev.machine import PROJECT, say, shown

DOCUMENT = PROJECT / "docs" / "cost.md"

GB = 1_000_000_000
MILLION = 1_000_000


class Price(NamedTuple):
    """A price in US dollars."""

    dollars: float
    of: float
    """The number of units that cost this much."""

    unit: str
    file: str
    """The file of the price list that has it."""


PRICES = {
    "lambda requests": Price(0.20, MILLION, "requests", "AWSLambda"),
    "lambda arm64": Price(0.0000133334, 1, "GB-s", "AWSLambda"),
    "lambda x86_64": Price(0.0000166667, 1, "GB-s", "AWSLambda"),
    "api gateway": Price(3.70, MILLION, "requests", "AmazonApiGateway"),
    "dynamodb reads": Price(0.1525, MILLION, "units", "AmazonDynamoDB"),
    "dynamodb writes": Price(0.7625, MILLION, "units", "AmazonDynamoDB"),
    "dynamodb storage": Price(0.306, 1, "GB", "AmazonDynamoDB"),
    "dynamodb backup": Price(0.2448, 1, "GB", "AmazonDynamoDB"),
    "logs": Price(0.63, 1, "GB", "AmazonCloudWatch"),
    "log storage": Price(0.0324, 1, "GB", "AmazonCloudWatch"),
    "metrics": Price(0.30, 1, "metrics", "AmazonCloudWatch"),
    "alarms": Price(0.10, 1, "alarms", "AmazonCloudWatch"),
    "dashboard": Price(3.00, 1, "dashboards", "AmazonCloudWatch"),
    "transfer": Price(0.09, 1, "GB", "AWSDataTransfer"),
    "x-ray": Price(5.00, MILLION, "traces", "AWSXRay"),
}
"""Of eu-central-1, first tier, without the free tier and taxes."""

PRICES_AS_OF = "August 2026"
PRICE_LIST = "https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws/index.json"

MEMORY_GB = 1.0  # `lambda_memory_size` in .chalice/config.json
CPU_FACTOR = 1_769 / 1_024
"""With 1,769 MB, a function has one CPU, as here. With less, the same work takes longer."""

CALL_MS = 5  # of a request to DynamoDB
AUTHORIZER_MS = 10
COLD_START_MS = 1_000  # billed, too
LOG_BYTES = 2_000  # of a request: its line, Lambda's own three and that of the access log
LOG_MONTHS = 3  # `log_retention_in_days` of prod
HEADER_BYTES = 800  # of a response
COMPRESSED = 0.25  # of the bytes of a response that API Gateway has compressed
TRACES_PER_SECOND, TRACED = 1, 0.05  # X-Ray's default: the first of each second, and 5 %
METRICS, ALARMS, DASHBOARDS = 8, 15, 1  # .chalice/operations.yaml

MOVIE_BYTES, ACTOR_BYTES = 4_000, 6_000
"""With entries, indexes and DynamoDB's 100 bytes for each item (docs/scale.md)."""

HISTORY_BYTES = 500  # of one write

READ_UNITS_OF_WRITES = {"rate a candidate": 5.0, "change a movie": 1.0}
"""The units of the read with which these writes begin. All other units of theirs are writes."""

READS = {
    "list": 30,
    "next page": 20,
    "search": 25,
    "filter": 10,
    "movie with roles": 10,
    "actor": 5,
}

Mix = Mapping[str, int]


class Profile(NamedTuple):
    """Who uses the API for a month, and how much."""

    name: str
    requests: float
    arithmetic: str
    mix: Mix
    active_seconds: float
    """The seconds of the month in which requests are sent."""

    peak: float
    """How many times more requests the busiest minute has than an average one."""

    authorized: float
    """The share of requests for which the authorizer is called: the others use its cache."""

    cold: float
    """The share of requests that start a function."""

    movies: int
    actors: int


WORKING = 21 * 8 * 3_600
PROFILES = (
    Profile("an agency of 10 people", 10 * 500 * 21, "10 people × 500 requests × 21 days",
            scene.MIX, WORKING, 5, 0.5, 0.05, 5_000, 20_000),
    Profile("a studio of 1,000 people", 1_000 * 500 * 21, "1,000 people × 500 requests × 21 days",
            scene.MIX, WORKING, 5, 0.5, 0.005, 50_000, 200_000),
    Profile("a public catalogue", MILLION * 730, "10⁶ requests × 730 hours",
            READS, 730 * 3_600, 3, 0.001, 0.0001, 1_000_000, 1_000_000),
)  # fmt: skip

Figures = dict[str, dict[str, float]]


class Item(NamedTuple):
    """A line of the bill."""

    name: str
    price: str
    amount: float
    arithmetic: str

    @property
    def dollars(self) -> float:
        price = PRICES[self.price]
        return self.amount / price.of * price.dollars


def figures_of(report: Mapping[str, Any]) -> Figures:
    """Return the figures of each kind of request: those of the product with the largest table."""
    return {
        row["kind"]: row["movies"][max(row["movies"], key=int)]
        for row in report["requests"]
        if row["target"] == "make run"
    }


def shares(mix: Mix) -> dict[str, float]:
    """Return how often each request is sent. A next page and a change also read before."""
    counts = dict(mix)
    counts["list"] = counts.get("list", 0) + counts.get("next page", 0)
    counts[scene.READ_BEFORE_CHANGE] = counts.get("change a movie", 0)
    total = sum(counts.values())
    return {kind: number / total for kind, number in counts.items() if number}


def mean(profile: Profile, figures: Figures, name: str) -> float:
    """Return a figure of the average request."""
    return sum(share * figures[kind][name] for kind, share in shares(profile.mix).items())


def units(profile: Profile, figures: Figures) -> tuple[float, float]:
    """Return the read units and the write units of the average request."""
    of_kinds = shares(profile.mix)
    total = mean(profile, figures, "capacity")
    writes = sum(
        of_kinds[kind] * (figures[kind]["capacity"] - read)
        for kind, read in READ_UNITS_OF_WRITES.items()
        if kind in of_kinds
    )
    return total - writes, writes


def write_share(profile: Profile) -> float:
    return sum(shares(profile.mix).get(kind, 0) for kind in READ_UNITS_OF_WRITES)


def traces(profile: Profile) -> float:
    """Return the requests of a month that X-Ray records."""
    rate = profile.requests / profile.active_seconds
    first = min(rate, TRACES_PER_SECOND)
    return (first + TRACED * (rate - first)) * profile.active_seconds


def bill(profile: Profile, figures: Figures, processor: str) -> list[Item]:
    """Return the lines of a month's bill."""
    requests = profile.requests
    cpu, calls = (mean(profile, figures, name) for name in ("cpu_alone", "calls"))
    milliseconds = cpu * CPU_FACTOR + calls * CALL_MS
    cold = profile.cold * COLD_START_MS
    authorized = profile.authorized * AUTHORIZER_MS
    gb_seconds = requests * (milliseconds + cold + authorized) / 1_000 * MEMORY_GB
    reads, writes = units(profile, figures)
    changes = requests * write_share(profile)
    stored = (
        profile.movies * MOVIE_BYTES + profile.actors * ACTOR_BYTES + 12 * changes * HISTORY_BYTES
    ) / GB
    sent = mean(profile, figures, "bytes") * COMPRESSED + HEADER_BYTES
    logs = requests * LOG_BYTES / GB
    return [
        Item("API Gateway", "api gateway", requests, f"{requests:,.0f} requests"),
        Item(
            "Lambda, requests",
            "lambda requests",
            requests * (1 + profile.authorized),
            f"{requests:,.0f} × (1 + {profile.authorized:g} for the authorizer)",
        ),
        Item(
            f"Lambda, {processor}",
            f"lambda {processor}",
            gb_seconds,
            f"{requests:,.0f} × ({milliseconds:.1f} + {cold:g} for cold starts"
            f" + {authorized:g} for the authorizer) ms × {MEMORY_GB:g} GB",
        ),
        Item("DynamoDB, reads", "dynamodb reads", requests * reads,
             f"{requests:,.0f} × {reads:.2f} units"),
        Item("DynamoDB, writes", "dynamodb writes", requests * writes,
             f"{requests:,.0f} × {writes:.2f} units"),
        Item(
            "DynamoDB, storage",
            "dynamodb storage",
            stored,
            f"{profile.movies:,} × {MOVIE_BYTES:,} + {profile.actors:,} × {ACTOR_BYTES:,}"
            f" + 12 months × {changes:,.0f} changes × {HISTORY_BYTES} bytes",
        ),
        Item("DynamoDB, continuous backup", "dynamodb backup", stored, f"{stored:.2f} GB"),
        Item("CloudWatch, logs", "logs", logs, f"{requests:,.0f} × {LOG_BYTES:,} bytes"),
        Item("CloudWatch, stored logs", "log storage", logs * LOG_MONTHS,
             f"{logs:.1f} GB × {LOG_MONTHS} months"),
        Item("CloudWatch, metrics", "metrics", METRICS, f"{METRICS} metrics"),
        Item("CloudWatch, alarms", "alarms", ALARMS, f"{ALARMS} alarms"),
        Item("CloudWatch, dashboard", "dashboard", DASHBOARDS, f"{DASHBOARDS} dashboard"),
        Item("Data transfer", "transfer", requests * sent / GB,
             f"{requests:,.0f} × {sent:,.0f} bytes"),
        Item("X-Ray", "x-ray", traces(profile), f"{traces(profile):,.0f} traces"),
    ]  # fmt: skip


def total(items: list[Item]) -> float:
    return sum(item.dollars for item in items)


# --- Hot partitions


class Partition(NamedTuple):
    """A list whose entries are in one partition, and what one page reads of it."""

    kind: str
    name: str
    units: float

    @property
    def pages(self) -> float:
        """The pages a second that it allows."""
        return shards.READ_LIMIT / self.units


def partitions(figures: Figures) -> list[Partition]:
    """Return the lists that all callers share. Of a search, the movies are in other partitions."""

    def entries(kind: str) -> float:
        return figures[kind]["capacity"] - scene.PAGE

    return [
        Partition("list", "`MOVIES` of `gsi1` or `gsi2`", figures["list"]["capacity"]),
        Partition("search", "`MOVIES?search`", entries("search")),
        Partition("filter", "one, such as `MOVIES?genre=drama`", entries("filter")),
        Partition("two filters", "two, such as `MOVIES?status=released`", entries("two filters")),
    ]


def peak(profile: Profile) -> float:
    """Return the requests a second of the busiest minute."""
    return profile.requests / profile.active_seconds * profile.peak


# --- The document


def document(report: Mapping[str, Any]) -> str:
    """Return the text of docs/cost.md."""
    figures = figures_of(report)
    template = (PROJECT / "bench" / "load" / "cost.template.md").read_text(encoding="utf-8")
    values = {
        "as_of": PRICES_AS_OF,
        "price_list": PRICE_LIST,
        "date": report["run"]["date"],
        "machine": report["run"]["machine"],
        "totals": _totals(figures),
        "bills": "\n\n".join(_bills(figures)),
        "prices": _prices(),
        "assumptions": _assumptions(),
        "requests": _requests(figures),
        "partitions": _partitions(figures),
        "peaks": _peaks(figures),
        "lists": shards.lists(),
        "caches": shards.caches(),
        "cache_seconds": shards.CACHE_SECONDS,
        "next_page": f"{shards.NEXT_PAGE:.0%}",
        "half_list": _half(figures, "list"),
        "half_search": _half(figures, "search"),
        "cpu_factor": f"{CPU_FACTOR:.2f}",
        "call_ms": CALL_MS,
        "cold_start_ms": f"{COLD_START_MS:,}",
        "authorizer_ms": AUTHORIZER_MS,
        "log_bytes": f"{LOG_BYTES:,}",
        "log_months": LOG_MONTHS,
        "compressed": f"{COMPRESSED:.0%}",
        "header_bytes": HEADER_BYTES,
        "traced": f"{TRACED:.0%}",
        "history_bytes": HISTORY_BYTES,
    }
    for name, value in values.items():
        template = template.replace(f"${name}$", str(value))
    return template


def _half(figures: Figures, kind: str) -> str:
    """Return half of the pages a second that the partition of a list allows."""
    (pages,) = (p.pages for p in partitions(figures) if p.kind == kind)
    return f"{pages / 2:,.0f}"


def _dollars(amount: float) -> str:
    return f"${amount:,.2f}" if amount < 1_000 else f"${amount:,.0f}"


def _totals(figures: Figures) -> str:
    rows = []
    for profile in PROFILES:
        arm, x86 = (total(bill(profile, figures, name)) for name in ("arm64", "x86_64"))
        each = f"${arm / profile.requests * MILLION:,.2f}"
        rows.append((profile.name, f"{profile.requests:,.0f}", _dollars(arm), _dollars(x86), each))
    return table(("", "requests", "arm64", "x86_64", "a million requests (arm64)"), rows)


def _bills(figures: Figures) -> Iterator[str]:
    for profile in PROFILES:
        items = bill(profile, figures, "arm64")
        rows = [
            (
                item.name,
                item.arithmetic,
                f"{item.amount:,.0f} {PRICES[item.price].unit}"
                if item.amount >= 10
                else f"{item.amount:.3g} {PRICES[item.price].unit}",
                _dollars(item.dollars),
            )
            for item in items
        ]
        rows.append(("**Total**", "", "", f"**{_dollars(total(items))}**"))
        heading = f"### {profile.name[0].upper()}{profile.name[1:]}"
        yield f"{heading}\n\n{profile.arithmetic} = {profile.requests:,.0f} requests."
        yield table(("", "arithmetic", "amount", "dollars"), rows)


def _prices() -> str:
    return table(
        ("price", "dollars", "for", "file"),
        (
            (
                name,
                f"{price.dollars:.10f}".rstrip("0").rstrip("."),
                f"{price.of:,.0f} {price.unit}",
                f"`{price.file}`",
            )
            for name, price in PRICES.items()
        ),
    )


def _assumptions() -> str:
    def row(name: str, *values: Any) -> tuple[Any, ...]:
        return (name, *values)

    return table(
        ("", *(profile.name for profile in PROFILES)),
        [
            row("requests", *(profile.arithmetic for profile in PROFILES)),
            row("mix", *(_mix(profile.mix) for profile in PROFILES)),
            row("hours with requests", *(f"{p.active_seconds / 3_600:.0f}" for p in PROFILES)),
            row("busiest minute ÷ average", *(f"{p.peak:g}" for p in PROFILES)),
            row("requests that call the authorizer", *(f"{p.authorized:.1%}" for p in PROFILES)),
            row("requests with a cold start", *(f"{p.cold:.2%}" for p in PROFILES)),
            row("movies, actors", *(f"{p.movies:,}, {p.actors:,}" for p in PROFILES)),
        ],
    )


def _mix(mix: Mix) -> str:
    return "that of [load.md](load.md)" if mix is scene.MIX else "reads only"


def _requests(figures: Figures) -> str:
    return table(
        ("request", "read units", "write units", "CPU ms", "requests to DynamoDB", "bytes"),
        (
            (
                kind,
                f"{READ_UNITS_OF_WRITES.get(kind, row['capacity']):.1f}",
                f"{row['capacity'] - READ_UNITS_OF_WRITES.get(kind, row['capacity']):.1f}",
                f"{row['cpu_alone']:.1f}",
                f"{row['calls']:.1f}",
                f"{row['bytes']:,.0f}",
            )
            for kind, row in figures.items()
        ),
    )


def _partitions(figures: Figures) -> str:
    return table(
        ("page", "partition", "units a page", "most pages a second"),
        ((p.kind, p.name, f"{p.units:.1f}", f"{p.pages:,.0f}") for p in partitions(figures)),
    )


def _peaks(figures: Figures) -> str:
    hottest, *_ = partitions(figures)
    rows = []
    for profile in PROFILES:
        of_kinds = shares(profile.mix)
        pages = peak(profile) * (of_kinds["list"] + of_kinds["next page"])
        used = pages / hottest.pages
        limit = f"{peak(profile) / used:,.0f}"
        rows.append((profile.name, f"{peak(profile):,.1f}", f"{pages:,.1f}", f"{used:.1%}", limit))
    return table(
        ("", "requests/s, busiest minute", "pages/s of a list", "of the partition's limit")
        + ("requests/s at the limit",),
        rows,
    )


def main() -> None:
    report = json.loads(JSON.read_text(encoding="utf-8"))
    DOCUMENT.write_text(document(report), encoding="utf-8")
    say(f"{shown(DOCUMENT)}: written")


if __name__ == "__main__":
    main()
