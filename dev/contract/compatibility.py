"""What breaks clients: `docs/generated/openapi.json` compared with `docs/released/openapi.json`.

A request breaks where it is narrowed (what was taken is refused), an answer where it is widened
(it may be what no client was told of), and either where something goes away or something more is
needed. What clients must expect anyway breaks nothing: further members, further failures (all have
one form), 304 (who gets it has asked for it). A further success does break them. The names of
schemas are nobody's promise: what a generator makes of them may change with any version.
"""

import json
import math
import re
from collections.abc import Callable, Container, Iterator
from pathlib import Path
from typing import Any, Literal, NamedTuple, cast

from dev import machine

RELEASED = machine.PROJECT / "docs" / "released" / "openapi.json"
NOW = machine.PROJECT / "docs" / "generated" / "openapi.json"
CHANGELOG = machine.PROJECT / "CHANGELOG.md"

Node = dict[str, Any]


class Change(NamedTuple):
    """A breaking change, as its announcement tells it."""

    operation: str
    what: str


class Verdict(NamedTuple):
    """Whether a schema allows less than before, and whether it allows more; it can be both."""

    narrower: bool
    wider: bool


NARROWER, WIDER = Verdict(True, False), Verdict(False, True)

Difference = tuple[tuple[str, ...], str, Verdict]
"""Below which properties, what, and what it means for what is allowed."""

Direction = Literal["narrower", "wider"]
"""The verdict that breaks clients: narrower where they send, wider where they receive."""

# -- Schemas: what each keyword allows. None is a keyword that is not there.

Rule = Callable[[Any, Any], Verdict]


def _bound(sign: int, nothing: float) -> Rule:
    """Make the rule of a lower (1) or upper (-1) bound, which is `nothing` where there is none."""

    def judge(old: float | None, new: float | None) -> Verdict:
        was, now = (sign * (nothing if bound is None else bound) for bound in (old, new))
        return Verdict(now > was, now < was)

    return judge


def _condition(old: Any, new: Any) -> Verdict:
    """Judge what allows less where it is there, and something else where it differs."""
    differ = _bare(old) != _bare(new)
    return Verdict(differ and new is not None, differ and old is not None)


def _values(old: list[Any] | None, new: list[Any] | None) -> Verdict:
    if old is None or new is None:
        return _condition(old, new)
    was, now = ({json.dumps(value) for value in values} for values in (old, new))
    return Verdict(not was <= now, not now <= was)


def _default(old: Any, new: Any) -> Verdict:
    # Who sends without it gets something else; where there was none, nothing was promised.
    return Verdict(old is not None and old != new, False)


def _further(old: Node | bool | None, new: Node | bool | None) -> Verdict:
    was, now = (True if schema is None else schema for schema in (old, new))
    found = [verdict for _, _, verdict in _differences(was, now)]
    return Verdict(any(one.narrower for one in found), any(one.wider for one in found))


def _unknown(old: Any, new: Any) -> Verdict:
    differ = _bare(old) != _bare(new)
    return Verdict(differ, differ)


NUMBERS = ("integer", "number")
KINDS = ("null", "boolean", *NUMBERS, "string", "array", "object")
RULES: dict[str, tuple[Rule, tuple[str, ...]]] = {
    "enum": (_values, KINDS),
    "default": (_default, KINDS),
    "minimum": (_bound(1, -math.inf), NUMBERS),
    "maximum": (_bound(-1, math.inf), NUMBERS),
    "exclusiveMinimum": (_bound(1, -math.inf), NUMBERS),
    "exclusiveMaximum": (_bound(-1, math.inf), NUMBERS),
    "multipleOf": (_condition, NUMBERS),
    "format": (_condition, (*NUMBERS, "string")),
    "pattern": (_condition, ("string",)),
    "minLength": (_bound(1, 0), ("string",)),
    "maxLength": (_bound(-1, math.inf), ("string",)),
    "minItems": (_bound(1, 0), ("array",)),
    "maxItems": (_bound(-1, math.inf), ("array",)),
    "uniqueItems": (lambda old, new: _condition(old or None, new or None), ("array",)),
    "minProperties": (_bound(1, 0), ("object",)),
    "maxProperties": (_bound(-1, math.inf), ("object",)),
    "additionalProperties": (_further, ("object",)),
    **dict.fromkeys(("not", "allOf", "anyOf", "if", "then", "else"), (_condition, KINDS)),
}
STRUCTURE = {"type", "const", "items", "properties", "required"}
NOTES = {"title", "summary", "description", "example", "examples", "deprecated", "bearerFormat"}


def _is_note(keyword: str) -> bool:
    return keyword in NOTES or keyword.startswith(("x-", "$comment"))


def _bare(node: Any, names: bool = False) -> Any:
    """Give a schema without what only people read; `names` says that its keys are no keywords."""
    if isinstance(node, list):
        return [_bare(part) for part in node]
    if not isinstance(node, dict):
        return node
    return {
        keyword: _bare(part, not names and keyword in ("properties", "patternProperties"))
        for keyword, part in node.items()
        if names or not _is_note(keyword)
    }


def _kind(value: Any) -> str:
    kinds = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array"}
    return "null" if value is None else kinds.get(type(value), "object")


def _alternatives(schema: Node | bool) -> dict[str, list[Node]]:
    """Give what a schema allows by the kind of value: `anyOf` and lists of types taken apart."""
    if isinstance(schema, bool):
        return _alternatives({}) if schema else {}
    found: dict[str, list[Node]] = {}
    beside = {keyword: part for keyword, part in schema.items() if keyword != "anyOf"}
    said = {keyword for keyword in beside if not _is_note(keyword)}
    parts = schema.get("anyOf", [True])
    # Where both say the same, both hold: then it stays a condition, compared as a whole.
    if all(isinstance(part, dict) and not said & part.keys() for part in parts):
        for part in parts:
            for kind, one in _alternatives({**beside, **part}).items():
                found.setdefault(kind, []).extend(one)
        return found
    types = schema.get("type", KINDS)
    types = {types} if isinstance(types, str) else {*types}
    types |= {"integer"} if "number" in types else set()
    values = [schema["const"]] if "const" in schema else schema.get("enum")
    for kind in (kind for kind in KINDS if kind in types):
        of_kind = None if values is None else [value for value in values if _kind(value) == kind]
        if of_kind != []:
            found[kind] = [{**schema, "enum": None if kind == "null" else of_kind}]
    return found


def _differences(
    old: Node | bool, new: Node | bool, place: tuple[str, ...] = ()
) -> Iterator[Difference]:
    """Judge two schemas, in all their parts."""
    if _bare(old) == _bare(new):
        return
    before, now = _alternatives(old), _alternatives(new)
    for word, some, others, verdict in (
        ("no longer", before, now, NARROWER),
        ("also", now, before, WIDER),
    ):
        if kinds := [f"`{kind}`" for kind in some if kind not in others]:
            yield place, f"{word} {', '.join(kinds)}", verdict
    for kind in (kind for kind in before if kind in now):
        if len(before[kind]) > 1 or len(now[kind]) > 1:
            # Which of them became which is anybody's guess.
            if _bare(before[kind]) != _bare(now[kind]):
                yield place, f"another choice of `{kind}`", Verdict(True, True)
            continue
        [was], [is_now] = before[kind], now[kind]
        for keyword in dict.fromkeys((*was, *is_now)):
            rule, kinds_of = RULES.get(keyword, (_unknown, KINDS))
            if kind in kinds_of and keyword not in STRUCTURE and not _is_note(keyword):
                verdict = rule(was.get(keyword), is_now.get(keyword))
                yield place, _other(keyword, was, is_now), verdict
        if kind == "array":
            yield from _differences(was.get("items", True), is_now.get("items", True), place)
        if kind == "object":
            yield from _properties(was, is_now, place)


def _properties(old: Node, new: Node, place: tuple[str, ...]) -> Iterator[Difference]:
    before, now = old.get("properties", {}), new.get("properties", {})
    had, has = set(old.get("required", ())), set(new.get("required", ()))
    took_others, takes_others = (s.get("additionalProperties") is not False for s in (old, new))
    for name in {**before, **now}:
        below = (*place, name)
        if name not in now:
            yield below, "is gone", Verdict(not takes_others, True)
        elif name not in before:
            yield below, "is new", NARROWER if took_others else WIDER
        else:
            yield from _differences(before[name], now[name], below)
    for name in sorted(has - had):
        yield (*place, name), "is required", NARROWER
    for name in sorted((had - has) & now.keys()):
        yield (*place, name), "is no longer required", WIDER


def _other(keyword: str, old: Node, new: Node) -> str:
    was, now = (
        json.dumps(node[keyword], ensure_ascii=False) if node.get(keyword) is not None else "none"
        for node in (old, new)
    )
    return f"`{keyword}` is {now}, was {was}"


# -- Operations: what a client sends, and what it gets.

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
PLACES = ("path", "query", "header", "cookie")


def breaking(old: Node, new: Node) -> list[Change]:
    """Give every change between two documents that breaks clients."""
    before, now = _written_out(old, old), _written_out(new, new)
    return list(dict.fromkeys(_changes(before, now)))


def _written_out(node: Any, document: Node, above: tuple[str, ...] = ()) -> Any:
    """Put what each `$ref` names in its place, so that it does not matter where it is written."""
    if isinstance(node, list):
        return [_written_out(part, document, above) for part in node]
    if not isinstance(node, dict):
        return node
    reference = node.get("$ref")
    if isinstance(reference, str) and reference not in above:
        found: Any = document
        for name in reference.removeprefix("#/").split("/"):
            found = found[name.replace("~1", "/").replace("~0", "~")]
        beside = {keyword: part for keyword, part in node.items() if keyword != "$ref"}
        return _written_out({**found, **beside}, document, (*above, reference))
    return {keyword: _written_out(part, document, above) for keyword, part in node.items()}


def _changes(old: Node, new: Node) -> Iterator[Change]:
    everywhere = "ANY /*"
    urls = [{one["url"] for one in document.get("servers", ())} for document in (old, new)]
    for url in sorted(urls[0] - urls[1]):
        yield Change(everywhere, f"server `{url}` is gone")
    schemes = [document.get("components", {}).get("securitySchemes", {}) for document in (old, new)]
    for name, scheme in schemes[0].items():
        if _bare(scheme) != _bare(schemes[1].get(name)):
            yield Change(everywhere, f"security scheme `{name}` is another, or gone")
            continue
        may = [one.get("x-roles", {}) for one in (scheme, schemes[1][name])]
        for role, permissions in may[0].items():
            for permission in sorted({*permissions} - {*may[1].get(role, ())}):
                yield Change(everywhere, f"the role `{role}` has lost `{permission}`")
    now = dict(_operations(new))
    for operation, was in _operations(old):
        if operation not in now:
            yield Change(operation, "is gone")
            continue
        if was != now[operation]:
            yield from (Change(operation, what) for what in _of_operation(was, now[operation]))


def _operations(document: Node) -> Iterator[tuple[str, Node]]:
    """Give the operations, with what their path and the document say for them."""
    for path, item in document["paths"].items():
        for method in (method for method in METHODS if method in item):
            found = item[method]
            parameters = [*item.get("parameters", ()), *found.get("parameters", ())]
            shared = {"security": document.get("security", []), "servers": item.get("servers")}
            yield f"{method.upper()} {path}", {**shared, **found, "parameters": parameters}


def _of_operation(old: Node, new: Node) -> Iterator[str]:
    known = ("parameters", "requestBody", "responses", "security", "externalDocs")
    yield from _others("", old, new, known)
    yield from _permissions(old["security"], new["security"])
    for place in PLACES:
        was, now = (
            {one["name"]: one for one in operation["parameters"] if one["in"] == place}
            for operation in (old, new)
        )
        yield from _members(f"{place} parameter", was, now, "narrower")
    bodies = [operation.get("requestBody") for operation in (old, new)]
    # What is in them is compared below.
    was, now = ({"body": {**body, "content": None}} if body else {} for body in bodies)
    yield from _members("the", was, now, "narrower")
    if bodies[0] and bodies[1]:
        yield from _content("body", bodies[0], bodies[1], "narrower")
    before, now = old["responses"], new["responses"]
    for status in before:
        if status not in now:
            yield f"answer `{status}` is gone"
            continue
        what, answered, answers = f"answer {status}", before[status], now[status]
        headers = [answer.get("headers", {}) for answer in (answered, answers)]
        yield from _members(f"{what}, header", headers[0], headers[1], "wider")
        yield from _content(what, answered, answers, "wider")
        yield from _others(f"{what}: ", answered, answers, ("headers", "content", "links"))
    for status in now:
        if status not in before and status[0] in "123" and status != "304":
            yield f"answer `{status}` is new"


def _members(what: str, old: Node, new: Node, direction: Direction) -> Iterator[str]:
    """Compare what has names: parameters, headers, a body."""
    for name, was in old.items():
        if name not in new:
            yield f"{what} `{name}` is gone"
            continue
        now = new[name]
        needed = [bool(one.get("required")) for one in (was, now)]
        if direction == "narrower" and needed == [False, True]:
            yield f"{what} `{name}` is required"
        if direction == "wider" and needed == [True, False]:
            yield f"{what} `{name}` is no longer required"
        yield from _schema(f"{what} `{name}`", was, now, direction)
        yield from _others(f"{what} `{name}`: ", was, now, ("required", "schema"))
    for name, one in new.items():
        if name not in old and direction == "narrower" and one.get("required"):
            yield f"{what} `{name}` is new, and required"


def _content(what: str, old: Node, new: Node, direction: Direction) -> Iterator[str]:
    """Compare what a body may be, by media type."""
    before, now = old.get("content", {}), new.get("content", {})
    for name in before:
        if name not in now:
            yield f"{what} `{name}` is gone"
            continue
        yield from _schema(what, before[name], now[name], direction)
        yield from _others(f"{what}: ", before[name], now[name], ("schema",))


def _schema(what: str, old: Node, new: Node, direction: Direction) -> Iterator[str]:
    for place, difference, verdict in _differences(
        old.get("schema", True), new.get("schema", True)
    ):
        if getattr(verdict, direction):
            where = " of ".join(f"`{name}`" for name in reversed(place))
            yield f"{what}{where and ' ' + where}: {difference}"


def _others(what: str, old: Node, new: Node, known: Container[str] = ()) -> Iterator[str]:
    """Tell what differs of that which has no rule here."""
    for keyword in dict.fromkeys((*old, *new)):
        differ = _bare(old.get(keyword)) != _bare(new.get(keyword))
        if differ and keyword not in known and not _is_note(keyword):
            yield f"{what}{_other(keyword, old, new)}"


def _permissions(old: list[Node], new: list[Node]) -> Iterator[str]:
    """Tell what a token, or nobody's request, now lacks that was enough before."""
    needed = [
        {name for scheme, scopes in choice.items() for name in (scheme, *scopes)}
        for choice in new or [{}]
    ]
    for choice in old or [{}]:
        had = {name for scheme, scopes in choice.items() for name in (scheme, *scopes)}
        if all(one - had for one in needed):
            yield f"{', '.join(f'`{name}`' for name in sorted(needed[0] - had))} is needed"


# -- Versions and announcements.


def unannounced(changes: list[Change], changelog: str) -> list[str]:
    """Give the lines that CHANGELOG.md lacks under Unreleased; more may follow on each."""
    newest = "".join(re.split(r"^## ", changelog, flags=re.MULTILINE)[1:2])
    heading, _, section = newest.partition("\n")
    bullets = re.split(r"^\* ", section, flags=re.MULTILINE)[1:] if heading == "Unreleased" else []
    told = [
        (line[1], line[2])
        for one in bullets
        if (line := re.match(r"\*\*Breaking:\*\* (.*?`): (.*)", " ".join(one.split())))
    ]
    missing: dict[str, list[str]] = {}
    for operation, what in changes:
        if not any(
            f"`{operation}`" in where and f"{said} ".startswith(f"{what}. ") for where, said in told
        ):
            missing.setdefault(what, []).append(f"`{operation}`")
    return [f"* **Breaking:** {', '.join(where)}: {what}." for what, where in missing.items()]


def main(released: Path = RELEASED, now: Path = NOW, changelog: Path = CHANGELOG) -> None:
    """Print what breaks clients; stop where it is not announced, or the version does not say so."""
    old, new, told = _document(released), _document(now), _text(changelog)
    heading = re.search(r"^## ([0-9.]+) \([0-9]{4}-[0-9]{2}-[0-9]{2}\)$", told, re.MULTILINE)
    newest, held, current = heading and heading[1], old["info"]["version"], new["info"]["version"]
    if held != newest:
        machine.stop(
            f"{machine.shown(released)} is version {held}, but the newest version in"
            f" {machine.shown(changelog)} is {newest or 'none'}: copy the released document there"
        )
    changes = breaking(old, new)
    for operation, what in changes:
        machine.say(f"{operation}: {what}")
    missing = unannounced(changes, told)
    for line in missing:
        machine.say(f"missing in {machine.shown(changelog)}, under Unreleased: {line}")
    if missing:
        machine.stop("clients break and are not told: take it back, or announce it")
    if changes and _major(current) <= _major(held):
        machine.stop(
            f"clients of {held} break, and {machine.shown(now)} is still {current}:"
            f" the next version is {_major(held) + 1}.0.0"
        )
    if old != new and held == current:
        machine.stop(
            f"{machine.shown(now)} is another contract, and still {held}: raise VERSION in"
            " chalicelib/openapi.py, once until the next release, and make contract"
        )


def _document(file: Path) -> Node:
    """Read a document; stop where it is none."""
    try:
        document = json.loads(_text(file))
        _major(document["info"]["version"])
        _written_out(document["paths"], document)
    except (ValueError, LookupError, TypeError, AttributeError):
        machine.stop(f"{machine.shown(file)} is no OpenAPI document")
    return cast(Node, document)


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        machine.stop(f"{machine.shown(file)} cannot be read: {error.strerror}")


def _major(version: str) -> int:
    return int(version.partition(".")[0])


if __name__ == "__main__":
    main()
