"""Changes of the contract: which of them break clients, and which do not."""

import copy
import json
from collections.abc import Callable
from typing import Any

from tests.conftest import PROJECT

CONTRACT = json.loads((PROJECT / "docs" / "generated" / "openapi.json").read_text())

GONE = object()
"""In place of a value: what the pointer names is not there any more."""

Edits = dict[str, Any]
"""By pointer (keys with dots between them): the new value, GONE, or what makes it of the old."""


def changed(edits: Edits) -> Any:
    """Give the contract with changes, which are made one after the other."""
    document = copy.deepcopy(CONTRACT)
    for pointer, value in edits.items():
        *names, last = pointer.split(".")
        node: Any = document
        for name in names:
            node = node[int(name) if isinstance(node, list) else name]
        key = int(last) if isinstance(node, list) else last
        if value is GONE:
            del node[key]
        else:
            node[key] = value(node[key]) if callable(value) else value
    return document


def without(*names: str) -> Callable[[Any], Any]:
    """Take these out of a list, or an object."""

    def made(old: Any) -> Any:
        if isinstance(old, list):
            return [one for one in old if one not in names]
        return {name: one for name, one in old.items() if name not in names}

    return made


def plus(*more: Any, **members: Any) -> Callable[[Any], Any]:
    """Add these to a list, or an object."""
    return lambda old: [*old, *more] if isinstance(old, list) else {**old, **members}


def or_null(schema: Any) -> Any:
    return {"anyOf": [schema, {"type": "null"}]}


def reversed_(node: Any) -> Any:
    """Turn every order around that says nothing."""
    if isinstance(node, dict):
        return {name: reversed_(one) for name, one in reversed(node.items())}
    if isinstance(node, list) and not any(isinstance(one, dict) for one in node):
        return node[::-1]
    return [reversed_(one) for one in node] if isinstance(node, list) else node


LIST, ADD, SHOW, CHANGE, REMOVE = (
    "paths./movies.get",
    "paths./movies.post",
    "paths./movies/{movie_id}.get",
    "paths./movies/{movie_id}.patch",
    "paths./movies/{movie_id}.delete",
)
SORT, LIMIT, CURSOR = (f"{LIST}.parameters.{index}" for index in range(3))
SCHEMAS = "components.schemas"
# Each is of one operation alone.
NEW_MOVIE = f"{SCHEMAS}.NewMovie"  # POST /movies
NEW_ACTOR = f"{SCHEMAS}.NewActor"  # POST /actors
NEW_ROLE = f"{SCHEMAS}.NewRole"  # POST /roles
MEMBER = f"{SCHEMAS}.CastMember"  # GET /movies/{movie_id}/actors
HEALTH = "paths./health.get.responses.200.content.application/json.schema"
LISTED = f"{LIST}.responses.200.content.application/json.schema"
BODY = f"{ADD}.requestBody"
ROLES = "components.securitySchemes.token.x-roles"

BREAKING: dict[str, tuple[Edits, list[str]]] = {
    "an operation goes away": (
        {ADD: GONE},
        ["POST /movies: is gone"],
    ),
    "a path goes away": (
        {"paths./health": GONE},
        ["GET /health: is gone"],
    ),
    "a path is another": (
        {"paths": lambda old: {path.replace("health", "well"): one for path, one in old.items()}},
        ["GET /health: is gone"],
    ),
    "a generated function has another name": (
        {f"{LIST}.operationId": "movies"},
        ['GET /movies: `operationId` is "movies", was "list_movies"'],
    ),
    "what is new to an operation and has no rule": (
        {f"{LIST}.callbacks": {"said": {}}},
        ['GET /movies: `callbacks` is {"said": {}}, was none'],
    ),
    "a generated module has another name": (
        {f"{LIST}.tags": ["films"]},
        ['GET /movies: `tags` is ["films"], was ["movies"]'],
    ),
    "a path has a server of its own": (
        {"paths./health.servers": [{"url": "/v2"}]},
        ['GET /health: `servers` is [{"url": "/v2"}], was none'],
    ),
    "a first answer is new": (
        {f"{LIST}.responses.103": {"description": "Hints"}},
        ["GET /movies: answer `103` is new"],
    ),
    "a field is less than what it refers to": (
        {f"{NEW_ACTOR}.properties.gender": plus(maxLength=6)},
        ["POST /actors: body `gender`: `maxLength` is 6, was none"],
    ),
    "a server goes away": (
        {"servers": [{"url": "/v2"}]},
        ["ANY /*: server `/` is gone"],
    ),
    "tokens are another kind": (
        {"components.securitySchemes.token.scheme": "basic"},
        ["ANY /*: security scheme `token` is another, or gone"],
    ),
    "a role of the agency may do less": (
        {f"{ROLES}.Casting Director": without("patch:movies")},
        ["ANY /*: the role `Casting Director` has lost `patch:movies`"],
    ),
    "a role of the agency goes away": (
        {f"{ROLES}.Casting Assistant": GONE},
        [
            f"ANY /*: the role `Casting Assistant` has lost `get:{what}`"
            for what in ("actors", "movies", "roles")
        ],
    ),
    "another permission is needed": (
        {f"{LIST}.security": [{"token": ["get:actors"]}]},
        ["GET /movies: `get:actors` is needed"],
    ),
    "a further permission is needed": (
        {f"{LIST}.security": [{"token": ["get:movies", "get:roles"]}]},
        ["GET /movies: `get:roles` is needed"],
    ),
    "a token is needed": (
        {"paths./health.get.security": [{"token": []}]},
        ["GET /health: `token` is needed"],
    ),
    "a token is needed, for the document says so": (
        {"paths./health.get.security": GONE, "security": [{"token": []}]},
        ["GET /health: `token` is needed"],
    ),
    "a parameter goes away": (
        {SORT: GONE},
        ["GET /movies: query parameter `sort` is gone"],
    ),
    "a header is no longer asked for": (
        {f"{SHOW}.parameters.1": GONE},
        ["GET /movies/{movie_id}: header parameter `If-None-Match` is gone"],
    ),
    "a parameter is required": (
        {f"{CURSOR}.required": True},
        ["GET /movies: query parameter `cursor` is required"],
    ),
    "a new parameter is required": (
        {f"{LIST}.parameters": plus({"name": "year", "in": "query", "required": True})},
        ["GET /movies: query parameter `year` is new, and required"],
    ),
    "a new parameter of a path's is required": (
        {"paths./movies.parameters": [{"name": "x", "in": "header", "required": True}]},
        [
            f"{operation} /movies: header parameter `x` is new, and required"
            for operation in ("GET", "POST")
        ],
    ),
    "a parameter has less to choose from": (
        {f"{SORT}.schema.enum": without("-title")},
        [
            'GET /movies: query parameter `sort`: `enum` is ["title", "release_date",'
            ' "-release_date"], was ["title", "-title", "release_date", "-release_date"]'
        ],
    ),
    "a parameter that is not sent means something else": (
        {f"{LIMIT}.schema.default": 10},
        ["GET /movies: query parameter `limit`: `default` is 10, was 20"],
    ),
    "a parameter's bounds are closer": (
        {f"{LIMIT}.schema.minimum": 2, f"{LIMIT}.schema.maximum": 99},
        [
            "GET /movies: query parameter `limit`: `minimum` is 2, was 1",
            "GET /movies: query parameter `limit`: `maximum` is 99, was 100",
        ],
    ),
    "a parameter is written otherwise": (
        {f"{SORT}.style": "pipeDelimited"},
        ['GET /movies: query parameter `sort`: `style` is "pipeDelimited", was none'],
    ),
    "a body is required": (
        {f"{REMOVE}.requestBody": {"required": True, "content": {}}},
        ["DELETE /movies/{movie_id}: the `body` is new, and required"],
    ),
    "a body is no longer taken": (
        {BODY: GONE},
        ["POST /movies: the `body` is gone"],
    ),
    "a body's media type goes away": (
        {f"{BODY}.content": lambda old: {"application/cbor": old["application/json"]}},
        ["POST /movies: body `application/json` is gone"],
    ),
    "a field is no longer taken": (
        {f"{NEW_ROLE}.properties.billing_order": GONE},
        ["POST /roles: body `billing_order`: is gone"],
    ),
    "a field is required": (
        {f"{NEW_ROLE}.required": plus("billing_order")},
        ["POST /roles: body `billing_order`: is required"],
    ),
    "a new field is required": (
        {
            f"{NEW_MOVIE}.properties.rating": {"type": "integer"},
            f"{NEW_MOVIE}.required": plus("rating"),
        },
        ["POST /movies: body `rating`: is required"],
    ),
    "a field has another type": (
        {f"{NEW_MOVIE}.properties.release_date": {"type": "integer"}},
        ["POST /movies: body `release_date`: no longer `string`"],
    ),
    "a field may no longer be null": (
        {f"{NEW_ROLE}.properties.billing_order": lambda old: old["anyOf"][0]},
        ["POST /roles: body `billing_order`: no longer `null`"],
    ),
    "a field has less to choose from": (
        {f"{NEW_ACTOR}.properties.gender": {"type": "string", "enum": ["female", "male"]}},
        [
            'POST /actors: body `gender`: `enum` is ["female", "male"], was ["female", "male",'
            ' "non-binary", "other", "undisclosed"]'
        ],
    ),
    "a field has one value": (
        {f"{NEW_MOVIE}.properties.title.const": "Heat"},
        ['POST /movies: body `title`: `enum` is ["Heat"], was none'],
    ),
    "a field is shorter": (
        {f"{NEW_MOVIE}.properties.title.maxLength": 100},
        ["POST /movies: body `title`: `maxLength` is 100, was 200"],
    ),
    "a field is longer": (
        {f"{NEW_MOVIE}.properties.release_date.minLength": 10},
        ["POST /movies: body `release_date`: `minLength` is 10, was none"],
    ),
    "a number is bounded more closely, beside null": (
        {f"{NEW_ROLE}.properties.billing_order.anyOf.0.maximum": 99},
        ["POST /roles: body `billing_order`: `maximum` is 99, was 9999"],
    ),
    "a number has a bound that it had not": (
        {f"{NEW_ROLE}.properties.billing_order.anyOf.0.exclusiveMinimum": 0},
        ["POST /roles: body `billing_order`: `exclusiveMinimum` is 0, was none"],
    ),
    "a field has a pattern": (
        {f"{NEW_MOVIE}.properties.release_date.pattern": "^1"},
        ['POST /movies: body `release_date`: `pattern` is "^1", was none'],
    ),
    "a field has another pattern": (
        {f"{CURSOR}.schema.pattern": "^[a-z]+$"},
        ['GET /movies: query parameter `cursor`: `pattern` is "^[a-z]+$", was "^[A-Za-z0-9_-]+$"'],
    ),
    "a field has a format": (
        {f"{NEW_MOVIE}.properties.title.format": "uri"},
        ['POST /movies: body `title`: `format` is "uri", was none'],
    ),
    "a body needs more fields": (
        {f"{NEW_MOVIE}.minProperties": 3},
        ["POST /movies: body: `minProperties` is 3, was none"],
    ),
    "a condition on a body is new": (
        {f"{NEW_MOVIE}.not": {"required": ["title"]}},
        ['POST /movies: body: `not` is {"required": ["title"]}, was none'],
    ),
    "a condition on a body is another": (
        {f"{NEW_ACTOR}.then": {"required": ["name"]}},
        [
            'POST /actors: body: `then` is {"required": ["name"]},'
            ' was {"properties": {"date_of_birth": {"type": "null"}}}'
        ],
    ),
    "a condition holds for others": (
        {f"{NEW_ACTOR}.if": {"required": ["age"]}},
        [
            'POST /actors: body: `if` is {"required": ["age"]},'
            ' was {"required": ["age"], "properties": {"age": {"type": "integer"}}}'
        ],
    ),
    "all of several conditions": (
        {f"{NEW_MOVIE}.allOf": [{"required": ["title"]}]},
        ['POST /movies: body: `allOf` is [{"required": ["title"]}], was none'],
    ),
    "one of several conditions": (
        {f"{NEW_MOVIE}.anyOf": [{"required": ["title"]}]},
        ['POST /movies: body: `anyOf` is [{"required": ["title"]}], was none'],
    ),
    "a keyword that has no rule": (
        {f"{NEW_MOVIE}.unevaluatedProperties": False},
        ["POST /movies: body: `unevaluatedProperties` is false, was none"],
    ),
    "a success goes away": (
        {f"{REMOVE}.responses.202": GONE},
        ["DELETE /movies/{movie_id}: answer `202` is gone"],
    ),
    "a further success": (
        {f"{LIST}.responses.206": {"description": "A part of it."}},
        ["GET /movies: answer `206` is new"],
    ),
    "a redirection": (
        {f"{LIST}.responses.303": {"description": "It is elsewhere."}},
        ["GET /movies: answer `303` is new"],
    ),
    "a failure goes away": (
        {f"{ADD}.responses.409": GONE},
        ["POST /movies: answer `409` is gone"],
    ),
    "a failure has another message": (
        {f"{SCHEMAS}.Failure415.properties.message.enum": ["not json"]},
        [
            f'{operation}: answer 415 `message`: `enum` is ["not json"],'
            ' was ["unsupported media type"]'
            for operation in (
                "POST /movies",
                "PATCH /movies/{movie_id}",
                "POST /movies/{movie_id}/actors",
                "POST /actors",
                "PATCH /actors/{actor_id}",
                "POST /roles",
                "PATCH /roles/{role_id}",
            )
        ],
    ),
    "an answer's media type goes away": (
        {"paths./docs.get.responses.200.content": lambda old: {"text/plain": old["text/html"]}},
        ["GET /docs: answer 200 `text/html` is gone"],
    ),
    "an answer has no content": (
        {f"{LIST}.responses.200.content": GONE},
        ["GET /movies: answer 200 `application/json` is gone"],
    ),
    "a member is no longer shown": (
        {f"{MEMBER}.properties.role_id": GONE, f"{MEMBER}.required": without("role_id")},
        ["GET /movies/{movie_id}/actors: answer 200 `role_id` of `actors`: is gone"],
    ),
    "an optional member is no longer shown, and no others are": (
        {
            f"{MEMBER}.additionalProperties": False,
            f"{MEMBER}.properties.name": GONE,
            f"{MEMBER}.required": without("name"),
        },
        ["GET /movies/{movie_id}/actors: answer 200 `name` of `actors`: is gone"],
    ),
    "a member may be missing": (
        {f"{MEMBER}.required": without("role_id")},
        ["GET /movies/{movie_id}/actors: answer 200 `role_id` of `actors`: is no longer required"],
    ),
    "a member has another type": (
        {f"{LISTED}.properties.movies": {"type": "object"}},
        ["GET /movies: answer 200 `movies`: also `object`"],
    ),
    "a member of each of a list may be null": (
        {f"{MEMBER}.properties.name": or_null},
        ["GET /movies/{movie_id}/actors: answer 200 `name` of `actors`: also `null`"],
    ),
    "a member may be one thing more": (
        {f"{HEALTH}.properties.table.enum": plus("slow")},
        ['GET /health: answer 200 `table`: `enum` is ["answers", "slow"], was ["answers"]'],
    ),
    "a member may be longer": (
        {f"{MEMBER}.properties.character_name.anyOf.0.maxLength": 300},
        [
            "GET /movies/{movie_id}/actors: answer 200 `character_name` of `actors`:"
            " `maxLength` is 300, was 200"
        ],
    ),
    "a member has no bound any more": (
        {f"{MEMBER}.properties.billing_order.anyOf.0.minimum": GONE},
        [
            "GET /movies/{movie_id}/actors: answer 200 `billing_order` of `actors`:"
            " `minimum` is none, was 1"
        ],
    ),
    "a member is not constant any more": (
        {f"{LISTED}.properties.success.const": GONE},
        ["GET /movies: answer 200 `success`: `enum` is none, was [true]"],
    ),
    "a member has no format any more": (
        {f"{SCHEMAS}.Credit.properties.release_date.format": GONE},
        [
            "GET /actors/{actor_id}/movies: answer 200 `release_date` of `movies`:"
            ' `format` is none, was "date"'
        ],
    ),
    "a member may be any of several objects": (
        {f"{LISTED}.properties.movies.items": {"anyOf": [{"type": "object"}, {"type": "object"}]}},
        ["GET /movies: answer 200 `movies`: another choice of `object`"],
    ),
    "an answer's header goes away": (
        {f"{ADD}.responses.201.headers.Location": GONE},
        ["POST /movies: answer 201, header `Location` is gone"],
    ),
    "an answer's header may be missing": (
        {
            f"{ADD}.responses.201.headers.ETag": {
                "schema": {"type": "string", "pattern": '^"[1-9][0-9]*"$'}
            }
        },
        ["POST /movies: answer 201, header `ETag` is no longer required"],
    ),
    "an answer's header may be anything": (
        {f"{ADD}.responses.201.headers.ETag": {"required": True, "schema": {"type": "string"}}},
        ['POST /movies: answer 201, header `ETag`: `pattern` is none, was "^\\"[1-9][0-9]*\\"$"'],
    ),
}

HARMLESS: dict[str, Edits] = {
    "nothing": {},
    "a new path": {"paths./studios": {"get": {"operationId": "x", "responses": {}}}},
    "a new operation": {"paths./movies.put": {"operationId": "x", "responses": {}}},
    "a new parameter": {f"{LIST}.parameters": plus({"name": "year", "in": "query"})},
    "a parameter has more to choose from": {f"{SORT}.schema.enum": plus("rating")},
    "a parameter's default is told": {f"{CURSOR}.schema.default": "x"},
    "a parameter is bounded less closely": {f"{LIMIT}.schema.maximum": 200},
    "a path's own parameter": {
        "paths./movies.parameters": [CONTRACT["paths"]["/movies"]["get"]["parameters"][2]],
        CURSOR: GONE,
        "paths./movies.post.parameters": plus(),
    },
    "a parameter's description": {f"{SORT}.description": "In which order."},
    "a new field": {f"{NEW_MOVIE}.properties.rating": {"type": "integer"}},
    "a field need not be there": {f"{NEW_MOVIE}.required": ["title"]},
    "a field may be null": {f"{NEW_MOVIE}.properties.release_date": or_null},
    "a field may be null, as a list of types": {
        f"{NEW_MOVIE}.properties.title.type": ["string", "null"]
    },
    "null in a list of types": {
        f"{NEW_ROLE}.properties.billing_order": lambda old: {
            **old["anyOf"][0],
            "type": ["null", "integer"],
        }
    },
    "a field may be anything": {f"{NEW_MOVIE}.properties.release_date": True},
    "a field may be longer, and of any form": {
        f"{NEW_MOVIE}.properties.title": {"type": "string", "minLength": 0}
    },
    "a field may be a fraction": {f"{NEW_ROLE}.properties.billing_order.anyOf.0.type": "number"},
    "a body need not be there": {f"{BODY}.required": False},
    "a body's further fields": {f"{NEW_MOVIE}.additionalProperties": True},
    "a body's further media type": {
        f"{BODY}.content": lambda old: {**old, "application/cbor": old["application/json"]}
    },
    "a body's condition goes away": {
        f"{NEW_ACTOR}": without("if", "then", "else"),
    },
    "a role of the agency may do more": {f"{ROLES}.Casting Director": plus("post:movies")},
    "a new role of the agency": {ROLES: plus(Accountant=["get:roles"])},
    "a further member": {f"{MEMBER}.properties.nickname": {"type": "string"}},
    "a further member that is always there": {
        f"{MEMBER}.properties.nickname": {"type": "string"},
        f"{MEMBER}.required": plus("nickname"),
    },
    "a member is less": {f"{MEMBER}.properties.character_name.anyOf.0.maxLength": 20},
    "a member is never null": {f"{MEMBER}.properties.character_name": lambda old: old["anyOf"][0]},
    "an answer's enumeration is shorter": {
        f"{SCHEMAS}.Actor.properties.gender": {"type": "string", "enum": ["female", "male"]}
    },
    "a failure has less to say": {
        f"{SCHEMAS}.Failure401.properties.message.enum": without("invalid claims")
    },
    "a further failure": {f"{LIST}.responses.409": {"$ref": "#/components/responses/Contended"}},
    "not modified": {f"{LIST}.responses.304": {"description": "You have this version."}},
    "a further header": {f"{LIST}.responses.200.headers.Age": {"schema": {"type": "string"}}},
    "a further media type": {
        f"{LIST}.responses.200.content": plus(**{"text/csv": {"schema": {"type": "string"}}})
    },
    "a link": {f"{LIST}.responses.200.links": {}},
    "a further server": {"servers": plus({"url": "/v1"})},
    "a further kind of token": {
        "components.securitySchemes.key": {"type": "apiKey", "in": "header", "name": "X-Key"},
        f"{LIST}.security": plus({"key": []}),
    },
    "a permission less": {f"{LIST}.security": [{"token": []}]},
    "no token": {f"{LIST}.security": []},
    "what the roles may do": {"components.securitySchemes.token.x-permissions": []},
    "what people read": {
        "info.title": "Castings",
        "tags": [],
        f"{LIST}.summary": "Movies",
        f"{LIST}.description": "All of them.",
        f"{LIST}.deprecated": True,
        f"{NEW_MOVIE}.title": "Film",
        f"{NEW_MOVIE}.properties.title.description": "How it is called",
        f"{NEW_MOVIE}.properties.title.examples": ["Heat"],
        f"{BODY}.content.application/json.example": {"title": "Heat"},
        f"{NEW_ACTOR}.then.description": "Not both.",
    },
    "another order": {"paths": reversed_, "components": reversed_, "servers": reversed_},
    "a schema has another name": {
        f"{SCHEMAS}.Film": CONTRACT["components"]["schemas"]["NewMovie"],
        f"{BODY}.content.application/json.schema.$ref": "#/components/schemas/Film",
        NEW_MOVIE: GONE,
    },
    "a schema is written where it is used": {
        f"{BODY}.content.application/json.schema": CONTRACT["components"]["schemas"]["NewMovie"],
        NEW_MOVIE: GONE,
    },
    "an answer is written where it is used": {
        f"{ADD}.responses.409": CONTRACT["components"]["responses"]["Contended"],
    },
    "a field's schema is written elsewhere": {
        f"{SCHEMAS}.Title": CONTRACT["components"]["schemas"]["NewMovie"]["properties"]["title"],
        f"{NEW_MOVIE}.properties.title": {
            "$ref": "#/components/schemas/Title",
            "description": "A title",
        },
    },
}
