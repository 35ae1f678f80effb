"""The generated file `docs/generated/table.md`: the indexes, and the attributes of each item."""

from collections.abc import Iterator
from pathlib import Path

from dev import machine

FILE = machine.GENERATED / "table.md"

INTRODUCTION = """
# Indexes and items

This file is generated from the code by `make generate`. [The table](../table.md) explains the keys,
the requests, and what keeps the table consistent.
""".strip()


def files() -> dict[Path, str]:
    """Return the file and its text. The settings must be in the environment."""
    return {FILE: "\n\n".join([INTRODUCTION, *_indexes(), *_items()]) + "\n"}


def _indexes() -> Iterator[str]:
    from chalicelib.store.table import INDEXES

    yield "## Indexes"
    yield "Each index projects all attributes."
    rows = [f"| `{name}` | `{name}pk` | `{name}sk` | {use} |" for name, use in INDEXES.items()]
    header = ["| index | partition key | sort key | purpose |", "| --- | --- | --- | --- |"]
    yield "\n".join([*header, *rows])


def _items() -> Iterator[str]:
    from chalicelib.store.resource import Resource
    from chalicelib.store.table import Item
    from dev.table import integrity  # noqa: F401 -- it imports the class of every item

    shared = set(Item.get_attributes())
    yield "## Items"
    yield (
        "Every item has "
        + ", ".join(f"`{attribute.attr_name}`" for attribute in Item.get_attributes().values())
        + "."
    )
    classes = Item.kind.get_registered_subclasses(Item)
    ours = [c for c in classes if c.__module__.startswith("chalicelib.")]  # not those of tests
    kinds = {Item.kind.get_discriminator(c): c for c in ours}
    for kind, item_type in sorted(kinds.items()):
        yield f"### {kind}"
        yield str(item_type.__doc__).strip().partition("\n")[0]
        if issubclass(item_type, Resource):
            orders = ", ".join(f"`{f}` (`{o.index}`)" for f, o in item_type.orders.items())
            yield f"Stored at `{item_type.prefix}<id>` / `#`." + (
                f" The list `{item_type.collection}` is sorted by {orders}." if orders else ""
            )
        own = [a for name, a in item_type.get_attributes().items() if name not in shared]
        rows = [f"| `{a.attr_name}` | {a.attr_type} | {'no' if a.null else 'yes'} |" for a in own]
        yield "\n".join(["| attribute | type | always set |", "| --- | --- | --- |", *rows])
