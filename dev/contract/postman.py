"""The Postman collection and its environment, made of the contract: `make contract` writes them.

Every request is named `<who>: <what>`; who asks decides the token. A run from top to bottom adds a
movie, an actor and a role, asks for everything that the contract promises, and removes them again.
"""

import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from chalicelib.permissions import AGENCY_ROLES
from dev import machine
from dev.contract import openapi

COLLECTION = machine.PROJECT / "docs" / "generated" / "postman_collection.json"
ENVIRONMENT = machine.PROJECT / "docs" / "generated" / "postman_environment.json"
SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
JSON = "application/json"
NOWHERE = "AAAAAAAAAAAAAAAA"  # an id that nothing has
LARGE = 64 * 1024 + 1  # bytes: one more than is taken

NOT_PROVOKED = (
    "BadRequestParameters",
    "Contended",
    "IntegrationTimeout",
    "InternalError",
    "RequestTooLarge",
    "TableBusy",
    "TableUnreachable",
    "Throttled",
)
"""What nobody can bring about by a request alone."""

LOGIN = """
// Whoever asks gets their token: the one that was pasted into the environment, or one by a login.
const who = pm.info.requestName.split(":")[0];
const pasted = pm.environment.get(who + "_token");
const known = JSON.parse(pm.collectionVariables.get(who + "_login") || "{}");
// A login is for one environment: Postman keeps it when another is chosen.
const meant = ["baseUrl", "token_url", "audience", who + "_client_id"]
  .map((name) => pm.environment.get(name)).join(" ");
pm.variables.set("token", "");
if (pasted) {
  pm.variables.set("token", pasted);
} else if (who === "expired" || who === "foreign") {
  pm.execution.skipRequest();
} else if (who !== "nobody" && known.meant === meant && known.until > Date.now()) {
  pm.variables.set("token", known.token);
} else if (who !== "nobody") {
  pm.sendRequest({
    url: pm.environment.get("token_url"),
    method: "POST",
    header: { "Content-Type": "application/json" },
    body: { mode: "raw", raw: JSON.stringify({
      grant_type: "client_credentials",
      audience: pm.environment.get("audience"),
      client_id: pm.environment.get(who + "_client_id"),
      client_secret: pm.environment.get(who + "_client_secret"),
    }) },
  }, (error, answer) => {
    let login = {};
    try { login = answer.json() || {}; } catch (_) { /* told by the assertion */ }
    pm.test(`the ${who} can log in at token_url`, () => {
      const needed = `${who}_token; or token_url, ${who}_client_id and ${who}_client_secret`;
      pm.expect(login, `a token: fill in ${needed}`).to.have.property("access_token");
    });
    if (!login.access_token) return;
    pm.variables.set("token", login.access_token);
    pm.collectionVariables.set(who + "_login", JSON.stringify({
      token: login.access_token, meant, until: Date.now() + (login.expires_in - 60) * 1000,
    }));
  });
}
"""

HOLDS = """
// What every answer must be; each request sets what it expects.
const expected = JSON.parse(pm.variables.get("expected"));
pm.test(`answers ${expected.status}`, () => pm.response.to.have.status(expected.status));
for (const [name, form] of Object.entries(expected.headers)) {
  pm.test(`has ${name}`, () => {
    pm.response.to.have.header(name);
    pm.expect(pm.response.headers.get(name)).to.match(new RegExp(form));
  });
}
if (expected.schema) {
  pm.test("is as the contract says", () => pm.response.to.have.jsonSchema(expected.schema));
}
if (expected.message) {
  pm.test(`says "${expected.message}"`, () => {
    const told = pm.response.json();
    pm.expect(told).to.have.all.keys("success", "error", "message", "detail");
    pm.expect(told.success).to.be.false;
    pm.expect(told.error).to.equal(expected.status);
    pm.expect(told.message).to.equal(expected.message);
    pm.expect(told.detail).to.be.a("string").that.is.not.empty;
  });
}
"""

NEW_KEY = 'pm.collectionVariables.set("key", pm.variables.replaceIn("postman-{{$guid}}"));'

SAME_MOVIE = """
pm.test("is the same movie", () => {
  pm.expect(pm.response.json().created).to.equal(pm.collectionVariables.get("movie_id"));
});
"""

Item = dict[str, Any]


class Contract:
    """The document, and the requests that follow from it."""

    def __init__(self) -> None:
        self.document = json.loads(openapi.text())
        self.operations: dict[str, tuple[str, str, Any]] = {
            operation["operationId"]: (method.upper(), path, operation)
            for path, methods in self.document["paths"].items()
            for method, operation in methods.items()
        }

    def resolved(self, part: Any) -> Any:
        """Give a part with everything in it that it refers to."""
        if isinstance(part, list):
            return [self.resolved(one) for one in part]
        if not isinstance(part, dict):
            return part
        if "$ref" in part:
            found = self.document
            for step in part["$ref"].removeprefix("#/").split("/"):
                found = found[step]
            return self.resolved(found)
        return {name: self.resolved(one) for name, one in part.items()}

    def ask(
        self, who: str, operation_id: str, what: str = "", *, status: int = 0, **options: Any
    ) -> Item:
        """Give a request for an operation, which must be answered as documented."""
        method, path, operation = self.operations[operation_id]
        status = status or min(map(int, operation["responses"]))
        response = self.resolved(operation["responses"][str(status)])
        if "requestBody" in operation:
            options.setdefault("body", operation["requestBody"]["content"][JSON]["example"])
        expected = {
            "status": status,
            "headers": {
                name: _form(header["schema"])
                for name, header in response["headers"].items()
                if header["required"]
            },
            "schema": response.get("content", {}).get(JSON, {}).get("schema"),
            "message": options.pop("message", None),
        }
        item = request(f"{who}: {what or operation['summary']}", method, path, expected, **options)
        item["request"]["description"] = operation["description"]
        sent = {header["key"] for header in item["request"]["header"]}
        places = {"query": item["request"]["url"]["query"], "header": item["request"]["header"]}
        for parameter in self.resolved(operation.get("parameters", [])):
            # For whoever sends it by hand.
            if parameter["in"] in places and parameter["name"] not in sent:
                told = {"key": parameter["name"], "value": "", "disabled": True}
                places[parameter["in"]].append({**told, "description": parameter["description"]})
        return item

    def refusal(self, who: str, operation_id: str, error: str, what: str, **options: Any) -> Item:
        """Give a request that an operation refuses with this error of the document's."""
        for status, response in self.operations[operation_id][2]["responses"].items():
            name = response.get("$ref", "").rpartition("/")[2]
            if error in name.split("_"):
                raw = self.document["components"]["responses"][name]
                options["message"] = raw["content"][JSON]["examples"][error]["value"]["message"]
                what = f"{what} ({error})"
                return self.ask(who, operation_id, what, status=int(status), **options)
        raise ValueError(f"{operation_id} does not fail with {error}")


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
    """Give a request; `before` and `after` are JavaScript, `ids` stand for those of the run."""
    steps = path.strip("/").split("/")
    in_postman = [step.replace("{", ":").rstrip("}") for step in steps]
    names = [step[1:-1] for step in steps if step.startswith("{")]
    headers = {**({"Content-Type": JSON} if body is not None else {}), **(headers or {})}
    sent: dict[str, Any] = {
        "method": method,
        "header": [{"key": key, "value": value} for key, value in headers.items()],
        "url": {
            "raw": "{{baseUrl}}/" + "/".join(in_postman),
            "host": ["{{baseUrl}}"],
            "path": in_postman,
            "variable": [{"key": n, "value": (ids or {}).get(n, f"{{{{{n}}}}}")} for n in names],
            "query": [{"key": key, "value": value} for key, value in (query or {}).items()],
        },
    }
    if body is not None:
        raw = body if isinstance(body, str) else json.dumps(body, ensure_ascii=False)
        sent["body"] = {"mode": "raw", "raw": raw, "options": {"raw": {"language": "json"}}}
    if name.startswith("nobody:"):
        sent["auth"] = {"type": "noauth"}
    expects = f'pm.variables.set("expected", JSON.stringify({json.dumps(expected)}));'
    events = [_script("prerequest", f"{before}\n{expects}")]
    if after:
        events.append(_script("test", after))
    return {"name": name, "event": events, "request": sent, "response": []}


def _form(schema: dict[str, Any]) -> str:
    """Give what a header's value must match, as a regular expression."""
    if "const" in schema:
        return f"^{re.escape(schema['const'])}$"
    return str(schema.get("pattern", "."))


def _script(listen: str, text: str) -> dict[str, Any]:
    lines = text.strip().split("\n")
    return {"listen": listen, "script": {"type": "text/javascript", "exec": lines}}


def _keep(**variables: str) -> str:
    lines = [f'pm.collectionVariables.set("{n}", {value});' for n, value in variables.items()]
    return "\n".join(["const told = pm.response.json();", *lines])


def collection() -> dict[str, Any]:
    """Give the collection (format 2.1.0)."""
    contract = Contract()
    rest = f"but for {', '.join(NOT_PROVOKED)}, which no request brings about by itself"
    folders = {
        ("Every operation", "In an order in which each finds what it needs."): _flow(contract),
        ("Who may do what", "Each role on each operation, harmlessly."): _who_may(contract),
        ("Errors", f"Each error, {rest}."): _errors(contract),
        ("Clean up", "Removes what the run has added."): _clean_up(contract),
    }
    return {
        "info": {
            "name": "Casting",
            "description": "Made of the contract, `openapi.json`. Run it from top to bottom: it"
            " adds what it needs, and removes it at the end. The environment says where the API"
            " is, and has for each role a token or what logs in.",
            "schema": SCHEMA,
            "version": contract.document["info"]["version"],
        },
        "auth": {"type": "bearer", "bearer": [{"key": "token", "value": "{{token}}"}]},
        "event": [_script("prerequest", LOGIN), _script("test", HOLDS)],
        "item": [
            {"name": name, "description": description, "item": list(items)}
            for (name, description), items in folders.items()
        ],
    }


def _flow(contract: Contract) -> Iterator[Item]:
    key = {"Idempotency-Key": "{{key}}"}
    etag = 'pm.response.headers.get("ETag")'
    keep = _keep(movie_id="told.created", movie_etag=etag)
    yield contract.ask("producer", "create_movie", before=NEW_KEY, headers=key, after=keep)
    again = "Add the same movie again, with the same key"
    yield contract.ask("producer", "create_movie", again, headers=key, after=SAME_MOVIE)
    yield contract.ask("director", "create_actor", after=_keep(actor_id="told.created"))
    role = {"movie_id": "{{movie_id}}", "actor_id": "{{actor_id}}", "character_name": "Rick Blaine"}
    yield contract.ask("director", "create_role", body=role, after=_keep(role_id="told.created"))
    known = {"If-None-Match": "{{movie_etag}}"}
    yield contract.ask(
        "assistant", "get_movie", "Ask for a known version", status=304, headers=known
    )
    held = {"If-Match": "{{movie_etag}}"}
    yield contract.ask("director", "change_movie", "Change a movie", headers=held)
    yield contract.ask("director", "change_actor", "Change an actor")
    yield contract.ask("director", "change_role", "Change a role")
    for operation_id, (method, _, operation) in contract.operations.items():
        if method == "GET":
            yield contract.ask(_first_who_may(operation), operation_id)
    yield contract.ask("director", "remove_movie_actor")
    yield contract.ask("director", "cast_movie_actor", body={"actor_id": "{{actor_id}}"})


def _permission(operation: dict[str, Any]) -> str | None:
    if not operation["security"]:
        return None
    permission: str
    (permission,) = operation["security"][0]["token"]
    return permission


def _first_who_may(operation: dict[str, Any]) -> str:
    permission = _permission(operation)
    if permission is None:
        return "nobody"
    return next(who for who, role in AGENCY_ROLES.items() if permission in role.permissions)


def _who_may(contract: Contract) -> Iterator[Item]:
    nowhere = {"movie_id": NOWHERE, "actor_id": NOWHERE, "role_id": f"{NOWHERE}.{NOWHERE}"}
    for operation_id, (method, path, operation) in contract.operations.items():
        permission = _permission(operation)
        if permission is None:
            continue
        options: dict[str, Any] = {"ids": nowhere}
        if "requestBody" in operation:
            options["body"] = {}
        where = f"{method} {path}"
        for who, role in AGENCY_ROLES.items():
            if permission not in role.permissions:
                what = f"{where} is not allowed"
                yield contract.refusal(who, operation_id, "PermissionMissing", what, **options)
            elif "requestBody" in operation:
                what = f"{where} is allowed"
                yield contract.refusal(who, operation_id, "InvalidBody", what, **options)
            elif "{" in path:
                if "404" not in operation["responses"]:
                    machine.stop(f"{operation_id}: @gives names no error of its own with 404")
                not_found = operation["responses"]["404"]["$ref"].rpartition("/")[2].split("_")[0]
                what = f"{where} is allowed"
                yield contract.refusal(who, operation_id, not_found, what, **options)
            else:
                yield contract.ask(who, operation_id, f"{where} is allowed")
        yield contract.refusal("nobody", operation_id, "InvalidHeader", where, **options)


def _errors(contract: Contract) -> Iterator[Item]:
    film = {"title": "Casablanca", "release_date": "1942-11-26"}
    twice = '{"title": "A", "title": "B", "release_date": "1942-11-26"}'
    large = f'pm.variables.set("large", " ".repeat({LARGE}));'
    for error, what, options in (
        ("BadBody", "What is no JSON", {"body": "{"}),
        ("BadBody", "A field twice", {"body": twice}),
        ("InvalidBody", "No object", {"body": []}),
        ("InvalidBody", "A field is missing", {"body": {"title": "Casablanca"}}),
        ("InvalidBody", "A field that is unknown", {"body": {**film, "year": 1942}}),
        ("InvalidBody", "No such day", {"body": {**film, "release_date": "1942-02-30"}}),
        ("NotJson", "Another media type", {"headers": {"Content-Type": "text/plain"}}),
        ("BodyTooLarge", "More than 64 KiB", {"body": "{{large}}", "before": large}),
        ("BadIdempotencyKey", "A long key", {"headers": {"Idempotency-Key": "k" * 256}}),
        ("KeyReused", "A key with another body",
         {"body": {**film, "title": "X"}, "headers": {"Idempotency-Key": "{{key}}"}}),
    ):  # fmt: skip
        yield contract.refusal("producer", "create_movie", error, what, **options)
    for error, name, value in (
        ("BadLimit", "limit", "101"),
        ("BadCursor", "cursor", "x"),
        ("BadSort", "sort", "length"),
    ):
        query = {name: value}
        yield contract.refusal("assistant", "list_movies", error, f"A wrong {name}", query=query)
    for who, operation_id, error, what, options in (
        ("nobody", "list_movies", "InvalidHeader", "No token", {}),
        ("expired", "list_movies", "TokenExpired", "A token that has expired", {}),
        ("foreign", "list_movies", "InvalidClaims", "A token for another API", {}),
        ("assistant", "create_actor", "PermissionMissing", "A permission is missing", {}),
        ("assistant", "get_movie", "MovieNotFound", "No movie", {"ids": {"movie_id": NOWHERE}}),
        ("assistant", "get_actor", "ActorNotFound", "No actor", {"ids": {"actor_id": NOWHERE}}),
        ("assistant", "get_role", "RoleNotFound", "No role",
         {"ids": {"role_id": f"{NOWHERE}.{NOWHERE}"}}),
        ("director", "create_role", "AlreadyCast", "Cast twice",
         {"body": {"movie_id": "{{movie_id}}", "actor_id": "{{actor_id}}"}}),
        ("director", "change_movie", "VersionMoved", "An old version",
         {"headers": {"If-Match": '"4711"'}}),
    ):  # fmt: skip
        yield contract.refusal(who, operation_id, error, what, **options)
    no_path = {"status": 404, "message": "resource not found", "headers": {"X-Request-Id": "."}}
    yield request("nobody: No such path", "GET", "/nowhere", no_path)
    no_method = {"status": 405, "message": "method not allowed"}
    named = {**no_method, "headers": {"X-Request-Id": ".", "Allow": "GET, POST"}}
    yield request("nobody: No such method (MethodNotAllowed)", "PUT", "/movies", named)


def _clean_up(contract: Contract) -> Iterator[Item]:
    yield contract.ask("director", "delete_role")
    yield contract.ask("producer", "delete_movie")
    yield contract.ask("director", "delete_actor")


def environment() -> dict[str, Any]:
    """Give the environment, for a person to fill in: a token for each role, or its login."""
    plain = {"baseUrl": "http://127.0.0.1:8000", "token_url": "", "audience": "casting-api"}
    plain |= {f"{role}_client_id": "" for role in AGENCY_ROLES}
    secret = [f"{role}_client_secret" for role in AGENCY_ROLES]
    secret += [f"{who}_token" for who in (*AGENCY_ROLES, "expired", "foreign")]
    values = [{"key": k, "value": v, "type": "default", "enabled": True} for k, v in plain.items()]
    values += [{"key": k, "value": "", "type": "secret", "enabled": True} for k in secret]
    return {"name": "Casting", "values": values, "_postman_variable_scope": "environment"}


def files() -> dict[Path, str]:
    """Give what each of the two files should hold."""
    made = {COLLECTION: collection(), ENVIRONMENT: environment()}
    return {
        file: json.dumps(content, indent=1, ensure_ascii=False) + "\n"
        for file, content in made.items()
    }


def main() -> None:
    """Write the files, or with `--check` stop where they are not what would be written."""
    os.environ.update(machine.settings())
    for file, text in files().items():
        if sys.argv[1:] != ["--check"]:
            file.write_text(text, encoding="utf-8")
        elif not file.exists() or file.read_text(encoding="utf-8") != text:
            machine.stop(
                f"{machine.shown(file)} is not what the code says: make contract, and look"
            )


if __name__ == "__main__":
    main()
