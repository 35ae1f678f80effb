"""What breaks clients: compare `docs/generated/openapi.json` with `docs/released/openapi.json`.

A request breaks if it is narrowed: the API rejects what it accepted before. A response breaks if it
is widened: it may contain what clients do not expect. Both break if a part is removed or if more is
required. A new success breaks clients, too.

Clients must always expect new members, new failures (all have the same envelope) and 304 (only in
response to their own condition). The names of schemas may change with any version.
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
    """A breaking change: the operation, and the sentence that announces it."""

    operation: str
    sentence: str


class Verdict(NamedTuple):
    """Whether a schema allows less than before, and whether it allows more. Both are possible."""

    narrower: bool
    wider: bool


NARROWER, WIDER = Verdict(True, False), Verdict(False, True)

Difference = tuple[tuple[str, ...], str, Verdict]
"""The path of properties to the difference, its description, and its verdict."""

Direction = Literal["narrower", "wider"]
"""The verdict that breaks clients: narrower in requests, wider in responses."""

# -- Schemas: one rule per keyword. Its arguments are None if the keyword is missing.

Rule = Callable[[Any, Any], Verdict]


def _bound(sign: int, default: float) -> Rule:
    """Return the rule of a lower bound (sign 1) or an upper bound (sign -1)."""

    def judge(old: float | None, new: float | None) -> Verdict:
        was, now = (sign * (default if bound is None else bound) for bound in (old, new))
        return Verdict(now > was, now < was)

    return judge


def _condition(old: Any, new: Any) -> Verdict:
    """Judge a keyword that only restricts: adding it narrows, removing it widens."""
    differ = _without_notes(old) != _without_notes(new)
    return Verdict(differ and new is not None, differ and old is not None)


def _values(old: list[Any] | None, new: list[Any] | None) -> Verdict:
    """Judge a list of allowed values."""
    if old is None or new is None:
        return _condition(old, new)
    was, now = ({json.dumps(value) for value in values} for values in (old, new))
    return Verdict(not was <= now, not now <= was)


def _default(old: Any, new: Any) -> Verdict:
    """Judge a default. A new default breaks nothing: none was promised before."""
    return Verdict(old is not None and old != new, False)


def _additional_properties(old: Node | bool | None, new: Node | bool | None) -> Verdict:
    """Judge `additionalProperties`, which is a schema."""
    was, now = (True if schema is None else schema for schema in (old, new))
    verdicts = [verdict for _, _, verdict in _differences(was, now)]
    return Verdict(any(v.narrower for v in verdicts), any(v.wider for v in verdicts))


def _unknown(old: Any, new: Any) -> Verdict:
    """Judge a keyword without a rule: any difference narrows and widens."""
    differ = _without_notes(old) != _without_notes(new)
    return Verdict(differ, differ)


NUMBERS = ("integer", "number")
TYPES = ("null", "boolean", *NUMBERS, "string", "array", "object")
RULES: dict[str, tuple[Rule, tuple[str, ...]]] = {
    "enum": (_values, TYPES),
    "default": (_default, TYPES),
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
    "additionalProperties": (_additional_properties, ("object",)),
    **dict.fromkeys(("not", "allOf", "anyOf", "if", "then", "else"), (_condition, TYPES)),
}
STRUCTURE = {"type", "const", "items", "properties", "required"}
NOTES = {"title", "summary", "description", "example", "examples", "deprecated", "bearerFormat"}


def _is_note(keyword: str) -> bool:
    """Return whether a keyword is only for human readers."""
    return keyword in NOTES or keyword.startswith(("x-", "$comment"))


def _without_notes(node: Any, names: bool = False) -> Any:
    """Return a schema without its notes. `names` means that its keys are names, not keywords."""
    if isinstance(node, list):
        return [_without_notes(part) for part in node]
    if not isinstance(node, dict):
        return node
    return {
        keyword: _without_notes(part, not names and keyword in ("properties", "patternProperties"))
        for keyword, part in node.items()
        if names or not _is_note(keyword)
    }


def _type_of(value: Any) -> str:
    """Return the JSON type of a value."""
    json_types = {bool: "boolean", int: "integer", float: "number", str: "string", list: "array"}
    return "null" if value is None else json_types.get(type(value), "object")


def _alternatives(schema: Node | bool) -> dict[str, list[Node]]:
    """Return the schemas that a schema allows, by JSON type. Split `anyOf` and lists of types."""
    if isinstance(schema, bool):
        return _alternatives({}) if schema else {}
    alternatives: dict[str, list[Node]] = {}
    siblings = {keyword: part for keyword, part in schema.items() if keyword != "anyOf"}
    sibling_keywords = {keyword for keyword in siblings if not _is_note(keyword)}
    parts = schema.get("anyOf", [True])
    # If `anyOf` and its siblings share a keyword, both apply. Then `anyOf` is compared as a whole.
    if all(isinstance(part, dict) and not sibling_keywords & part.keys() for part in parts):
        for part in parts:
            for json_type, schemas in _alternatives({**siblings, **part}).items():
                alternatives.setdefault(json_type, []).extend(schemas)
        return alternatives
    types = schema.get("type", TYPES)
    types = {types} if isinstance(types, str) else {*types}
    types |= {"integer"} if "number" in types else set()
    values = [schema["const"]] if "const" in schema else schema.get("enum")
    for json_type in (name for name in TYPES if name in types):
        of_type = None if values is None else [v for v in values if _type_of(v) == json_type]
        if of_type != []:
            enum = None if json_type == "null" else of_type
            alternatives[json_type] = [{**schema, "enum": enum}]
    return alternatives


def _differences(
    old: Node | bool, new: Node | bool, place: tuple[str, ...] = ()
) -> Iterator[Difference]:
    """Yield the differences between two schemas and all their parts."""
    if _without_notes(old) == _without_notes(new):
        return
    before, now = _alternatives(old), _alternatives(new)
    for words, some, others, verdict in (
        ("no longer allows", before, now, NARROWER),
        ("now allows", now, before, WIDER),
    ):
        if names := [f"`{json_type}`" for json_type in some if json_type not in others]:
            yield place, f"{words} {', '.join(names)}", verdict
    for json_type in (name for name in before if name in now):
        if len(before[json_type]) > 1 or len(now[json_type]) > 1:
            # Nothing says which old alternative corresponds to which new one.
            if _without_notes(before[json_type]) != _without_notes(now[json_type]):
                yield place, f"the alternatives for `{json_type}` changed", Verdict(True, True)
            continue
        [was], [is_now] = before[json_type], now[json_type]
        for keyword in dict.fromkeys((*was, *is_now)):
            rule, keyword_types = RULES.get(keyword, (_unknown, TYPES))
            if json_type in keyword_types and keyword not in STRUCTURE and not _is_note(keyword):
                verdict = rule(was.get(keyword), is_now.get(keyword))
                yield place, _changed_value(keyword, was, is_now), verdict
        if json_type == "array":
            yield from _differences(was.get("items", True), is_now.get("items", True), place)
        if json_type == "object":
            yield from _properties(was, is_now, place)


def _properties(old: Node, new: Node, place: tuple[str, ...]) -> Iterator[Difference]:
    """Yield the differences between the properties of two objects."""
    before, now = old.get("properties", {}), new.get("properties", {})
    was_required, is_required = (set(schema.get("required", ())) for schema in (old, new))
    was_open, is_open = (s.get("additionalProperties") is not False for s in (old, new))
    for name in {**before, **now}:
        below = (*place, name)
        if name not in now:
            yield below, "was removed", Verdict(not is_open, True)
        elif name not in before:
            yield below, "was added", NARROWER if was_open else WIDER
        else:
            yield from _differences(before[name], now[name], below)
    for name in sorted(is_required - was_required):
        yield (*place, name), "is now required", NARROWER
    for name in sorted((was_required - is_required) & now.keys()):
        yield (*place, name), "is no longer required", WIDER


def _changed_value(keyword: str, old: Node, new: Node) -> str:
    """Return the sentence for a keyword whose value changed."""
    was, now = (
        json.dumps(node[keyword], ensure_ascii=False) if node.get(keyword) is not None else "none"
        for node in (old, new)
    )
    return f"`{keyword}` changed from {was} to {now}"


# -- Operations: what clients send and receive.

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
PLACES = ("path", "query", "header", "cookie")


def breaking(old: Node, new: Node) -> list[Change]:
    """Return all changes between two documents that break clients."""
    before, now = _resolved(old, old), _resolved(new, new)
    return list(dict.fromkeys(_changes(before, now)))


def _resolved(node: Any, document: Node, above: tuple[str, ...] = ()) -> Any:
    """Replace each `$ref` by its target. So it does not matter where a schema is written."""
    if isinstance(node, list):
        return [_resolved(part, document, above) for part in node]
    if not isinstance(node, dict):
        return node
    reference = node.get("$ref")
    if isinstance(reference, str) and reference not in above:
        target: Any = document
        for name in reference.removeprefix("#/").split("/"):
            target = target[name.replace("~1", "/").replace("~0", "~")]
        siblings = {keyword: part for keyword, part in node.items() if keyword != "$ref"}
        return _resolved({**target, **siblings}, document, (*above, reference))
    return {keyword: _resolved(part, document, above) for keyword, part in node.items()}


def _changes(old: Node, new: Node) -> Iterator[Change]:
    """Yield the breaking changes between two documents without references."""
    everywhere = "ANY /*"
    urls = [{server["url"] for server in document.get("servers", ())} for document in (old, new)]
    for url in sorted(urls[0] - urls[1]):
        yield Change(everywhere, f"server `{url}` was removed")
    schemes = [document.get("components", {}).get("securitySchemes", {}) for document in (old, new)]
    for name, scheme in schemes[0].items():
        if _without_notes(scheme) != _without_notes(schemes[1].get(name)):
            yield Change(everywhere, f"security scheme `{name}` was changed or removed")
            continue
        old_roles, new_roles = (s.get("x-roles", {}) for s in (scheme, schemes[1][name]))
        for role, permissions in old_roles.items():
            for permission in sorted({*permissions} - {*new_roles.get(role, ())}):
                yield Change(everywhere, f"role `{role}` lost the permission `{permission}`")
    now = dict(_operations(new))
    for operation, was in _operations(old):
        if operation not in now:
            yield Change(operation, "was removed")
            continue
        if was != now[operation]:
            for sentence in _operation_changes(was, now[operation]):
                yield Change(operation, sentence)


def _operations(document: Node) -> Iterator[tuple[str, Node]]:
    """Yield the operations with the parameters, servers and security that they inherit."""
    for path, item in document["paths"].items():
        for method in (method for method in METHODS if method in item):
            operation = item[method]
            parameters = [*item.get("parameters", ()), *operation.get("parameters", ())]
            shared = {"security": document.get("security", []), "servers": item.get("servers")}
            yield f"{method.upper()} {path}", {**shared, **operation, "parameters": parameters}


def _operation_changes(old: Node, new: Node) -> Iterator[str]:
    """Yield the breaking changes of one operation."""
    known = ("parameters", "requestBody", "responses", "security", "externalDocs")
    yield from _other_changes("", old, new, known)
    yield from _permission_changes(old["security"], new["security"])
    for place in PLACES:
        was, now = (
            {p["name"]: p for p in operation["parameters"] if p["in"] == place}
            for operation in (old, new)
        )
        yield from _named_changes(f"{place} parameter", was, now, "narrower")
    bodies = [operation.get("requestBody") for operation in (old, new)]
    # Their content is compared below.
    was, now = ({"body": {**body, "content": None}} if body else {} for body in bodies)
    yield from _named_changes("request", was, now, "narrower")
    if bodies[0] and bodies[1]:
        yield from _content_changes("body", bodies[0], bodies[1], "narrower")
    before, now = old["responses"], new["responses"]
    for status in before:
        if status not in now:
            yield f"response `{status}` was removed"
            continue
        part, old_response, new_response = f"response {status}", before[status], now[status]
        headers = [response.get("headers", {}) for response in (old_response, new_response)]
        yield from _named_changes(f"{part}, header", headers[0], headers[1], "wider")
        yield from _content_changes(part, old_response, new_response, "wider")
        yield from _other_changes(
            f"{part}: ", old_response, new_response, ("headers", "content", "links")
        )
    for status in now:
        if status not in before and status[0] in "123" and status != "304":
            yield f"response `{status}` was added"


def _named_changes(part: str, old: Node, new: Node, direction: Direction) -> Iterator[str]:
    """Yield the breaking changes of parts with names: parameters, headers, the body."""
    for name, was in old.items():
        if name not in new:
            yield f"{part} `{name}` was removed"
            continue
        now = new[name]
        required = [bool(node.get("required")) for node in (was, now)]
        if direction == "narrower" and required == [False, True]:
            yield f"{part} `{name}` is now required"
        if direction == "wider" and required == [True, False]:
            yield f"{part} `{name}` is no longer required"
        yield from _schema_changes(f"{part} `{name}`", was, now, direction)
        yield from _other_changes(f"{part} `{name}`: ", was, now, ("required", "schema"))
    for name, node in new.items():
        if name not in old and direction == "narrower" and node.get("required"):
            yield f"{part} `{name}` was added and is required"


def _content_changes(part: str, old: Node, new: Node, direction: Direction) -> Iterator[str]:
    """Yield the breaking changes of a body, by media type."""
    before, now = old.get("content", {}), new.get("content", {})
    for name in before:
        if name not in now:
            yield f"{part} `{name}` was removed"
            continue
        yield from _schema_changes(part, before[name], now[name], direction)
        yield from _other_changes(f"{part}: ", before[name], now[name], ("schema",))


def _schema_changes(part: str, old: Node, new: Node, direction: Direction) -> Iterator[str]:
    """Yield the breaking changes of a schema."""
    for place, difference, verdict in _differences(
        old.get("schema", True), new.get("schema", True)
    ):
        if getattr(verdict, direction):
            where = " of ".join(f"`{name}`" for name in reversed(place))
            yield f"{part}{where and ' ' + where}: {difference}"


def _other_changes(part: str, old: Node, new: Node, known: Container[str] = ()) -> Iterator[str]:
    """Yield the changes of all keywords that have no rule here."""
    for keyword in dict.fromkeys((*old, *new)):
        differ = _without_notes(old.get(keyword)) != _without_notes(new.get(keyword))
        if differ and keyword not in known and not _is_note(keyword):
            yield f"{part}{_changed_value(keyword, old, new)}"


def _permission_changes(old: list[Node], new: list[Node]) -> Iterator[str]:
    """Yield the scheme or permission that a request needs now and did not need before."""
    required = [
        {name for scheme, scopes in choice.items() for name in (scheme, *scopes)}
        for choice in new or [{}]
    ]
    for choice in old or [{}]:
        sufficient = {name for scheme, scopes in choice.items() for name in (scheme, *scopes)}
        if all(names - sufficient for names in required):
            missing = ", ".join(f"`{name}`" for name in sorted(required[0] - sufficient))
            yield f"now requires {missing}"


# -- Versions and announcements.


def unannounced(changes: list[Change], changelog: str) -> list[str]:
    """Return the lines that are missing in CHANGELOG.md under Unreleased.

    A bullet announces a change if it begins with the line. More text may follow.
    """
    newest = "".join(re.split(r"^## ", changelog, flags=re.MULTILINE)[1:2])
    heading, _, section = newest.partition("\n")
    bullets = re.split(r"^\* ", section, flags=re.MULTILINE)[1:] if heading == "Unreleased" else []
    announced = [
        (line[1], line[2])
        for bullet in bullets
        if (line := re.match(r"\*\*Breaking:\*\* (.*?`): (.*)", " ".join(bullet.split())))
    ]
    missing: dict[str, list[str]] = {}
    for operation, sentence in changes:
        if not any(
            f"`{operation}`" in operations and f"{text} ".startswith(f"{sentence}. ")
            for operations, text in announced
        ):
            missing.setdefault(sentence, []).append(f"`{operation}`")
    return [
        f"* **Breaking:** {', '.join(operations)}: {sentence}."
        for sentence, operations in missing.items()
    ]


def main(released: Path = RELEASED, now: Path = NOW, changelog: Path = CHANGELOG) -> None:
    """Print the breaking changes. Exit if one is not announced, or if the version is too low."""
    old, new, announcements = _document(released), _document(now), _text(changelog)
    form = r"^## ([0-9.]+) \([0-9]{4}-[0-9]{2}-[0-9]{2}\)$"
    heading = re.search(form, announcements, re.MULTILINE)
    newest, released_version, version = (
        heading and heading[1],
        old["info"]["version"],
        new["info"]["version"],
    )
    if released_version != newest:
        machine.fail(
            f"{machine.shown(released)} is version {released_version}, but the newest version in"
            f" {machine.shown(changelog)} is {newest or 'missing'}. Copy that version's contract"
            f" to {machine.shown(released)}."
        )
    changes = breaking(old, new)
    for operation, sentence in changes:
        machine.say(f"{operation}: {sentence}")
    missing = unannounced(changes, announcements)
    for line in missing:
        machine.say(f"Add to {machine.shown(changelog)}, under Unreleased: {line}")
    if missing:
        machine.fail(
            f"{machine.shown(changelog)} does not announce all breaking changes."
            " Add the lines above, or revert the changes."
        )
    if changes and _major(version) <= _major(released_version):
        machine.fail(
            f"the changes break clients of {released_version}, but {machine.shown(now)} is version"
            f" {version}. The next version must be {_major(released_version) + 1}.0.0."
        )
    if old != new and released_version == version:
        machine.fail(
            f"{machine.shown(now)} differs from the released contract, but is also version"
            f" {version}. Raise VERSION in chalicelib/contract/document.py (once per release)"
            " and run make generate."
        )


def _document(file: Path) -> Node:
    """Read an OpenAPI document. Exit if it is not one."""
    try:
        document = json.loads(_text(file))
        _major(document["info"]["version"])
        _resolved(document["paths"], document)
    except (ValueError, LookupError, TypeError, AttributeError):
        machine.fail(f"{machine.shown(file)} is not an OpenAPI document.")
    return cast(Node, document)


def _text(file: Path) -> str:
    """Read a file. Exit if that fails."""
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        machine.fail(f"cannot read {machine.shown(file)}: {error.strerror}.")


def _major(version: str) -> int:
    return int(version.partition(".")[0])


if __name__ == "__main__":
    main()
