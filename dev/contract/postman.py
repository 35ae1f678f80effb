"""Generate the Postman collection and its environment from the contract: `make generate`.

Each request is named `<role>: <what>`. The role decides which token is sent. A run from top to
bottom creates one resource of each kind, calls every operation, provokes the documented errors, and
deletes the resources.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from chalicelib.limits import MAX_BODY, MAX_SKILLS
from chalicelib.permissions import AGENCY_ROLES
from chalicelib.store.text import MAX_STARTS
from dev import machine
from dev.contract.operations import JSON, Operation, Operations

COLLECTION = machine.GENERATED / "postman_collection.json"
ENVIRONMENT = machine.GENERATED / "postman_environment.json"
SCRIPTS = Path(__file__).with_name("js")
SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"

Item = dict[str, Any]


class Requests:
    """Requests for the operations of the document."""

    def __init__(self, operations: Operations) -> None:
        self.operations = operations
        self.provoked: set[str] = set()  # the errors that a request asks for
        self._summaries = Counter(o.definition["summary"] for o in operations)

    def title(self, operation: Operation) -> str:
        """Return the operation's summary, with its path if another has the same summary."""
        summary: str = operation.definition["summary"]
        is_unique = self._summaries[summary] == 1
        return summary if is_unique else f"{summary} ({operation.method} {operation.path})"

    def ask(
        self,
        operation: Operation,
        case: str = "",
        *,
        role: str = "",
        status: int = 0,
        message: str | None = None,
        **options: Any,
    ) -> Item:
        """Return a request that expects a documented response: a success, unless `status` is set.

        The role is the first that may call the operation, and the body is the example, with the ids
        of this run.
        """
        definition = operation.definition
        status = status or operation.status
        response = definition["responses"][str(status)]
        if operation.has_body:
            options.setdefault("body", self._body(operation))
        options.setdefault("ids", {name: self._id(name) for name in operation.path_parameters})
        expected = {
            "status": status,
            "headers": {
                name: _pattern(header["schema"])
                for name, header in response["headers"].items()
                if header["required"]
            },
            "schema": response.get("content", {}).get(JSON, {}).get("schema"),
            "message": message,
        }
        name = f"{role or operation.first_role()}: {case or self.title(operation)}"
        item = request(name, operation.method, operation.path, expected, **options)
        item["request"]["description"] = definition["description"]
        url, headers = item["request"]["url"], item["request"]["header"]
        sent = {parameter["key"] for parameter in (*url["query"], *headers)}
        lists = {"query": url["query"], "header": headers}
        for parameter in operation.parameters.values():
            # Disabled: for people who change the request in Postman.
            if parameter["in"] in lists and parameter["name"] not in sent:
                entry = {"key": parameter["name"], "value": "", "disabled": True}
                lists[parameter["in"]].append({**entry, "description": parameter["description"]})
        return item

    def refusal(self, operation: Operation, error: str, case: str, **options: Any) -> Item:
        """Return a request that the operation rejects with this error of the document."""
        for name, status, message in operation.errors():
            if name == error:
                self.provoked.add(error)
                case = f"{case} ({error})"
                return self.ask(operation, case, status=status, message=message, **options)
        raise ValueError(f"{operation.id} does not fail with {error}")

    def _id(self, name: str) -> str:
        """Return the variable that has an id, or an example if no operation creates one."""
        is_created = name in self.operations.creators
        return f"{{{{{name}}}}}" if is_created else self.operations.example_ids[name]

    def _body(self, operation: Operation) -> Any:
        ids = {name: self._id(name) for name in self.operations.example_ids}
        return self.operations.body_with(operation, ids)


def request(
    name: str,
    method: str,
    path: str,
    expected: dict[str, Any],
    *,
    body: Any = None,
    headers: dict[str, str] | None = None,
    query: dict[str, str] | None = None,
    ids: dict[str, str] | None = None,
    before: str = "",
    after: str = "",
) -> Item:
    """Return a request. `before` and `after` are scripts, `ids` are the values in the path."""
    steps = path.strip("/").split("/")
    in_postman = [step.replace("{", ":").rstrip("}") for step in steps]
    ids = ids or {}
    headers = {**({"Content-Type": JSON} if body is not None else {}), **(headers or {})}
    sent: dict[str, Any] = {
        "method": method,
        "header": [{"key": key, "value": value} for key, value in headers.items()],
        "url": {
            "raw": "{{baseUrl}}/" + "/".join(in_postman),
            "host": ["{{baseUrl}}"],
            "path": in_postman,
            "variable": [{"key": name, "value": value} for name, value in ids.items()],
            "query": [{"key": key, "value": value} for key, value in (query or {}).items()],
        },
    }
    if body is not None:
        raw = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
        sent["body"] = {"mode": "raw", "raw": raw, "options": {"raw": {"language": "json"}}}
    if name.startswith("nobody:"):
        sent["auth"] = {"type": "noauth"}
    events = [_event("prerequest", before + script("expect_response", EXPECTED=expected))]
    if after:
        events.append(_event("test", after))
    return {"name": name, "event": events, "request": sent, "response": []}


def script(name: str, **values: Any) -> str:
    """Return a file of js/ with its upper-case names replaced by these values, as JSON."""
    text = (SCRIPTS / f"{name}.js").read_text(encoding="utf-8")
    text = re.sub(r"^/\* global .*\n", "", text)  # only the linter needs it
    for constant, value in values.items():
        replacement = json.dumps(value).replace("\\", r"\\")  # `re` removes one level of escapes
        text = re.sub(rf"\b{constant}\b", replacement, text)
    return text


def _pattern(schema: dict[str, Any]) -> str:
    """Return a regular expression for the value of a header."""
    if "const" in schema:
        return f"^{re.escape(schema['const'])}$"
    return str(schema.get("pattern", "."))


def _event(listen: str, text: str) -> dict[str, Any]:
    lines = text.strip().split("\n")
    return {"listen": listen, "script": {"type": "text/javascript", "exec": lines}}


def collection() -> dict[str, Any]:
    """Return the collection, in format 2.1.0."""
    requests = Requests(Operations())
    every_operation = list(_every_operation(requests))
    who_may = list(_who_may(requests))
    errors = list(_errors(requests))
    others = ", ".join(sorted(requests.operations.error_names() - requests.provoked))
    folders = (
        (
            "Every operation",
            "Creates one resource of each kind, then reads and changes it.",
            every_operation,
        ),
        (
            "Who may do what",
            "Calls each operation that needs a permission, in every role. No request changes"
            " anything: ids are unused, and bodies are empty objects.",
            who_may,
        ),
        (
            "Errors",
            "Provokes the documented errors. Not provoked here or in the folder before, because a"
            f" single request cannot cause them: {others}.",
            errors,
        ),
        ("Clean up", "Deletes what the run has created.", list(_clean_up(requests))),
    )
    return {
        "info": {
            "name": "Casting",
            "description": "Generated from `openapi.json`. Run the folders from top to bottom: the"
            " first creates the resources that the others need, and the last deletes them. The"
            " environment has the API's URL and, for each role, a token or a client id and secret.",
            "schema": SCHEMA,
            "version": requests.operations.document["info"]["version"],
        },
        "auth": {"type": "bearer", "bearer": [{"key": "token", "value": "{{token}}"}]},
        "event": [
            _event("prerequest", script("login")),
            _event("test", script("check_response")),
        ],
        "item": [
            {"name": name, "description": description, "item": items}
            for name, description, items in folders
        ],
    }


def _variables(id_name: str) -> tuple[str, str]:
    """Return the names of the variables that have a resource's ETag and Idempotency-Key."""
    resource = id_name.removesuffix("_id")
    return f"{resource}_etag", f"{resource}_key"


def _every_operation(requests: Requests) -> Iterator[Item]:
    """Call each operation, but the DELETEs of `_clean_up`. Each finds the resources it needs."""
    operations = requests.operations
    for id_name, create in operations.creators.items():
        yield from _create(requests, id_name, create)
    items = {
        item.id: _variables(id_name)[0]
        for id_name, create in operations.creators.items()
        for method in ("GET", "PATCH", "PUT")
        if (item := operations.item_of(method, create))
    }
    for read in (o for o in operations if o.method == "GET"):
        if read.id not in items or "If-None-Match" not in read.parameters:
            yield requests.ask(read)
        else:
            yield requests.ask(read, after=script("keep_version", ETAG=items[read.id]))
            known = {"If-None-Match": f"{{{{{items[read.id]}}}}}"}
            case = f"{read.method} {read.path} with If-None-Match"
            yield requests.ask(read, case, status=304, headers=known)
    for change in (o for o in operations if o.method not in ("GET", "DELETE") and not o.is_create):
        if change.id in items and "If-Match" in change.parameters:
            current = {"If-Match": f"{{{{{items[change.id]}}}}}"}
            keep = script("keep_version", ETAG=items[change.id])
            case = f"{change.method} {change.path} with If-Match"
            yield requests.ask(change, case, headers=current, after=keep)
        else:
            yield requests.ask(change)
    for create in _second_creates(operations):
        # What it creates exists already.
        if delete := _delete_before(operations, create):
            case = f"{delete.method} {delete.path} before {create.method} {create.path}"
            yield requests.ask(delete, case)
        created = operations.created_id(create)
        keep = script("keep_id", ID=created) if created else ""
        yield requests.ask(create, after=keep)
    yield from _casting(requests)


def _casting(requests: Requests) -> Iterator[Item]:
    """Cast the candidate, and add what the folder `Errors` needs: `other_` resources."""
    operations = requests.operations
    create_actor, create_part = operations["create_actor"], operations["create_part"]
    add_candidates = operations["add_candidates"]
    keep_actor = script("keep_id", ID="other_actor_id")
    # Only one actor can have the external ids of the example.
    second_actor = {**create_actor.body, "imdb_id": None, "tmdb_id": None}
    case = "Add a second actor"
    yield requests.ask(create_actor, case, body=second_actor, after=keep_actor)
    keep_part = script("keep_id", ID="other_part_id")
    closed = {**create_part.body, "status": "closed"}
    yield requests.ask(create_part, "Add a part that is closed", body=closed, after=keep_part)
    keep_candidate = script(
        "keep_first",
        LIST=operations.created_list(add_candidates),
        ID="other_candidate_id",
        ETAG="other_candidate_etag",
    )
    other = {"actor_ids": ["{{other_actor_id}}"]}
    case = "Consider the second actor for the part"
    yield requests.ask(add_candidates, case, body=other, after=keep_candidate)
    yield _move(requests, "cast", "Cast the candidate")
    for_two = {**create_part.body, "needed": 2}
    keep_part = script("keep_id", ID="double_part_id")
    yield requests.ask(create_part, "Add a part for two", body=for_two, after=keep_part)
    both = {"actor_ids": ["{{actor_id}}", "{{other_actor_id}}"]}
    ids = {"part_id": "{{double_part_id}}"}
    yield requests.ask(add_candidates, "Consider both actors for it", body=both, ids=ids)
    for place, actor in (("first", "actor_id"), ("second", "other_actor_id")):
        candidate = f"{{{{double_part_id}}}}.{{{{{actor}}}}}"
        case = f"Cast the {place} actor in it"
        yield _move(requests, "cast", case, ids={"candidate_id": candidate})


def _move(requests: Requests, status: str, case: str, **options: Any) -> Item:
    """Return a request that sets a candidate's status, by somebody who may engage."""
    role = requests.operations["create_role"].first_role()
    change = requests.operations["change_candidate"]
    return requests.ask(change, case, role=role, body={"status": status}, **options)


def _create(requests: Requests, id_name: str, create: Operation) -> Iterator[Item]:
    """Create a resource and keep its id; create it again with the same Idempotency-Key."""
    etag, key = _variables(id_name)
    if members := requests.operations.created_list(create):
        keep = script("keep_first", LIST=members, ID=id_name, ETAG=etag)
        same = script("same_first", LIST=members, ID=id_name)
    else:
        keep = script("keep_id", ID=id_name) + script("keep_version", ETAG=etag)
        same = script("same_resource", ID=id_name)
    if "Idempotency-Key" not in create.parameters:
        yield requests.ask(create, after=keep)
        return
    headers = {"Idempotency-Key": f"{{{{{key}}}}}"}
    new_key = script("new_key", KEY=key)
    yield requests.ask(create, headers=headers, before=new_key, after=keep)
    case = f"{create.method} {create.path} again, with the same Idempotency-Key"
    yield requests.ask(create, case, headers=headers, after=same)


def _second_creates(operations: Operations) -> list[Operation]:
    """Return the operations that create a resource which another operation creates too."""
    creators = operations.creators.values()
    return [o for o in operations if o.is_create and o not in creators]


def _delete_before(operations: Operations, create: Operation) -> Operation | None:
    """Return the DELETE to send before a second way to create the same resource."""
    created = operations.created_id(create)
    first = operations.creators[created] if created else create
    return operations.item_of("DELETE", create) or operations.item_of("DELETE", first)


def _who_may(requests: Requests) -> Iterator[Item]:
    """Call each operation in each role, so that nothing can be created, changed or deleted."""
    for operation in requests.operations:
        permission = operation.permission
        if permission is None:
            continue
        where = f"{operation.method} {operation.path}"
        options: dict[str, Any] = {"ids": operation.unused_ids()}
        if operation.has_body:
            options["body"] = {}
        elif operation.method != "GET" and not operation.path_parameters:
            machine.fail(f"{operation.id} takes no id and no body: a request would have an effect")
        for role, agency_role in AGENCY_ROLES.items():
            error = None
            if permission not in agency_role.permissions:
                error = "PermissionMissing"
            elif operation.has_body:
                error = "InvalidBody"
            elif operation.path_parameters:
                error = operation.not_found()
            verdict = "is not allowed" if error == "PermissionMissing" else "is allowed"
            case = f"{where} {verdict}"
            if error:
                yield requests.refusal(operation, error, case, role=role, **options)
            else:
                yield requests.ask(operation, case, role=role)
        yield requests.refusal(operation, "InvalidHeader", where, role="nobody", **options)


def _errors(requests: Requests) -> Iterator[Item]:
    """Provoke each error that a single request can cause."""
    operations = requests.operations
    create_movie, list_movies = operations["create_movie"], operations["list_movies"]
    movie = create_movie.body
    twice = '{"title": "A", "title": "B", "release_date": "1942-11-26"}'
    too_large = script("large_body", SIZE=MAX_BODY + 1)
    longest_key = create_movie.parameters["Idempotency-Key"]["schema"]["maxLength"]
    for error, case, options in (
        ("BadBody", "The body is not JSON", {"body": "{"}),
        ("BadBody", "The body has a field twice", {"body": twice}),
        ("InvalidBody", "The body is not an object", {"body": []}),
        ("InvalidBody", "A required field is missing", {"body": {"title": "Casablanca"}}),
        ("InvalidBody", "A field is unknown", {"body": {**movie, "year": 1942}}),
        ("InvalidBody", "A date does not exist", {"body": {**movie, "release_date": "1942-02-30"}}),
        ("NotJson", "The media type is not JSON", {"headers": {"Content-Type": "text/plain"}}),
        ("BodyTooLarge", f"The body has more than {MAX_BODY // 1024} KiB",
         {"body": "{{large}}", "before": too_large}),
        ("BadIdempotencyKey", "The Idempotency-Key is too long",
         {"headers": {"Idempotency-Key": "k" * (longest_key + 1)}}),
        ("KeyReused", "The Idempotency-Key was used with another body",
         {"body": {**movie, "title": "X"}, "headers": {"Idempotency-Key": "{{movie_key}}"}}),
        ("ExternalIdTaken", "Another movie has this id in IMDb",
         {"body": {**movie, "imdb_id": create_movie.body["imdb_id"]}}),
    ):  # fmt: skip
        yield requests.refusal(create_movie, error, case, role="producer", **options)
    too_many = list_movies.parameters["limit"]["schema"]["maximum"] + 1
    for error, name, value in (
        ("BadLimit", "limit", str(too_many)),
        ("BadCursor", "cursor", "x"),
        ("BadSort", "sort", "length"),
    ):
        case = f"The query parameter {name} is invalid"
        yield requests.refusal(list_movies, error, case, query={name: value})
    yield from _filter_errors(requests)
    for role, error, case in (
        ("nobody", "InvalidHeader", "There is no token"),
        ("expired", "TokenExpired", "The token has expired"),
        ("foreign", "InvalidClaims", "The token is for another API"),
    ):
        yield requests.refusal(list_movies, error, case, role=role)
    missing = "The role lacks the permission"
    yield requests.refusal(create_movie, "PermissionMissing", missing, role="assistant")
    reads = [o for o in operations if o.method == "GET" and o.permission and o.path_parameters]
    for error, read in {read.not_found(): read for read in reversed(reads)}.items():
        yield requests.refusal(read, error, "The id is unknown", ids=read.unused_ids())
    cast_twice = "The actor already plays in the movie"
    yield requests.refusal(operations["create_role"], "AlreadyCast", cast_twice)
    yield from _casting_errors(requests)
    old = {"If-Match": '"4711"'}
    other = "If-Match names another version"
    yield requests.refusal(operations["change_movie"], "VersionMismatch", other, headers=old)
    no_path = {"status": 404, "message": "resource not found", "headers": {"X-Request-Id": "."}}
    yield request("nobody: The path is unknown", "GET", "/nowhere", no_path)
    named = {"X-Request-Id": ".", "Allow": "GET, POST"}
    no_method = {"status": 405, "message": "method not allowed", "headers": named}
    case = "nobody: The path has no such method (MethodNotAllowed)"
    yield request(case, "PUT", "/movies", no_method)


def _filter_errors(requests: Requests) -> Iterator[Item]:
    """Provoke the errors of search and filters, and of a resource with too many terms."""
    operations = requests.operations
    for name, error, case, query in (
        ("list_parts", "InvalidFilter", "There is no such status", {"status": "x"}),
        ("list_part_candidates", "InvalidFilter", "There is no such status", {"status": "x"}),
        ("list_movies", "InvalidFilter", "There is no such genre", {"genre": "x"}),
        ("list_movies", "InvalidFilter", "There is nothing to search for", {"search": " "}),
        ("list_actors", "InvalidFilter", "The range of ages is reversed", {"playing_age": "40-30"}),
        ("list_movies", "Unsortable", "Filters cannot be sorted by title",
         {"genre": "drama", "sort": "title"}),
        ("list_actors", "Unsortable", "A search has its own order",
         {"search": "bog", "sort": "name"}),
    ):  # fmt: skip
        operation = operations[name]
        yield requests.refusal(operation, error, f"{case}: {operation.path}", query=query)
    change_actor = operations["change_actor"]
    many = {
        "name": "a " * MAX_STARTS,
        "stage_name": "b " * MAX_STARTS,
        "skills": [f"skill {number}" for number in range(MAX_SKILLS)],
        "languages": {f"a{letter}": "fluent" for letter in "abcdefghijklmnopqrst"},
    }
    case = "An actor has too many words and skills"
    yield requests.refusal(change_actor, "TooManyTerms", case, body=many)


def _casting_errors(requests: Requests) -> Iterator[Item]:
    """Provoke the errors of parts and candidates."""
    operations = requests.operations
    change, add = operations["change_candidate"], operations["add_candidates"]
    role = operations["create_role"].first_role()
    for error, case, body, ids in (
        ("WrongTransition", "Who is cast must be released", {"status": "submitted"}, {}),
        ("PartFull", "Everybody whom the part needs is cast", {"status": "cast"},
         {"ids": {"candidate_id": "{{other_candidate_id}}"}}),
    ):  # fmt: skip
        yield requests.refusal(change, error, case, role=role, body=body, **ids)
    closed = {"part_id": "{{other_part_id}}"}
    yield requests.refusal(add, "PartClosed", "The part is closed", ids=closed)
    double, fewer = {"part_id": "{{double_part_id}}"}, {"needed": 1}
    case = "More people are cast than the part would need"
    yield requests.refusal(operations["change_part"], "NeededTooFew", case, ids=double, body=fewer)
    engaged = "The candidate is engaged"
    yield requests.refusal(operations["delete_candidate"], "StillEngaged", engaged)


def _clean_up(requests: Requests) -> Iterator[Item]:
    """Delete what was created: a resource before those whose ids it needed."""
    operations = requests.operations
    yield _move(requests, "released", "Release the candidate")
    delete_actor = operations["delete_actor"]
    other = {"actor_id": "{{other_actor_id}}"}
    yield requests.ask(delete_actor, "Remove the second actor and their candidacy", ids=other)
    deletes = [operations.item_of("DELETE", create) for create in operations.creators.values()]
    sent = [_delete_before(operations, create) for create in _second_creates(operations)]
    others = [o for o in operations if o.method == "DELETE" and o not in (*deletes, *sent)]
    for delete in reversed([*deletes, *others]):
        if delete is not None:
            yield requests.ask(delete)
    history = operations["list_movie_history"]
    yield requests.ask(history, "Show the history of the removed movie", role="producer")


def environment() -> dict[str, Any]:
    """Return the environment. People fill in a token, or a client id and secret, for each role."""
    plain = {"baseUrl": "http://127.0.0.1:8000", "token_url": "", "audience": "casting-api"}
    plain |= {f"{role}_client_id": "" for role in AGENCY_ROLES}
    secret = [f"{role}_client_secret" for role in AGENCY_ROLES]
    secret += [f"{who}_token" for who in (*AGENCY_ROLES, "expired", "foreign")]
    values = [{"key": k, "value": v, "type": "default", "enabled": True} for k, v in plain.items()]
    values += [{"key": k, "value": "", "type": "secret", "enabled": True} for k in secret]
    return {"name": "Casting", "values": values, "_postman_variable_scope": "environment"}


def files() -> dict[Path, str]:
    """Return the two files and their generated text."""
    contents = {COLLECTION: collection(), ENVIRONMENT: environment()}
    return {
        file: json.dumps(content, indent=1, ensure_ascii=False) + "\n"
        for file, content in contents.items()
    }
