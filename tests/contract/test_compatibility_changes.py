"""Which changes of the contract break clients, and the sentences that report them."""

import json

import pytest

from chalicelib.permissions import AGENCY_ROLES
from tests.contract.edits import (
    ADD,
    BODY,
    CONTRACT,
    CURSOR,
    HEALTH,
    LIMIT,
    LIST,
    LISTED,
    MEMBER,
    NEW_ACTOR,
    NEW_MOVIE,
    NEW_ROLE,
    REMOVE,
    REMOVED,
    ROLES,
    SCHEMAS,
    SHOW,
    SORT,
    Edits,
    breaking,
    edited,
    or_null,
    plus,
    reversed_,
    without,
)

WITH_BODY = [
    f"{method.upper()} {path}"
    for path, methods in CONTRACT["paths"].items()
    for method, operation in methods.items()
    if "requestBody" in operation
]

ORDERS = next(
    parameter["schema"]["enum"]
    for parameter in CONTRACT["paths"]["/movies"]["get"]["parameters"]
    if parameter.get("name") == "sort"
)

ETAG = CONTRACT["components"]["headers"]["ETag"]["schema"]["pattern"]

BREAKING: dict[str, tuple[Edits, list[str]]] = {
    "an operation is removed": (
        {ADD: REMOVED},
        ["POST /movies: was removed"],
    ),
    "a path is removed": (
        {"paths./health": REMOVED},
        ["GET /health: was removed"],
    ),
    "a path is renamed": (
        {
            "paths": lambda old: {
                path.replace("health", "status"): item for path, item in old.items()
            }
        },
        ["GET /health: was removed"],
    ),
    "an operationId is changed": (
        {f"{LIST}.operationId": "movies"},
        ['GET /movies: `operationId` changed from "list_movies" to "movies"'],
    ),
    "a keyword without a rule is added to an operation": (
        {f"{LIST}.callbacks": {"created": {}}},
        ['GET /movies: `callbacks` changed from none to {"created": {}}'],
    ),
    "a tag is changed": (
        {f"{LIST}.tags": ["films"]},
        ['GET /movies: `tags` changed from ["movies"] to ["films"]'],
    ),
    "a server is added to a path": (
        {"paths./health.servers": [{"url": "/v2"}]},
        ['GET /health: `servers` changed from none to [{"url": "/v2"}]'],
    ),
    "an informational response is added": (
        {f"{LIST}.responses.103": {"description": "Hints"}},
        ["GET /movies: response `103` was added"],
    ),
    "a keyword is added next to a reference": (
        {f"{NEW_ACTOR}.properties.gender": plus(maxLength=6)},
        ["POST /actors: body `gender`: `maxLength` changed from none to 6"],
    ),
    "a server is removed": (
        {"servers": [{"url": "/v2"}]},
        ["ANY /*: server `/` was removed"],
    ),
    "the security scheme is changed": (
        {"components.securitySchemes.token.scheme": "basic"},
        ["ANY /*: security scheme `token` was changed or removed"],
    ),
    "an agency role loses a permission": (
        {f"{ROLES}.Casting Director": without("patch:movies")},
        ["ANY /*: role `Casting Director` lost the permission `patch:movies`"],
    ),
    "an agency role is removed": (
        {f"{ROLES}.Casting Assistant": REMOVED},
        [
            f"ANY /*: role `Casting Assistant` lost the permission `{permission}`"
            for permission in sorted(AGENCY_ROLES["assistant"].permissions)
        ],
    ),
    "another permission is required": (
        {f"{LIST}.security": [{"token": ["get:actors"]}]},
        ["GET /movies: now requires `get:actors`"],
    ),
    "an additional permission is required": (
        {f"{LIST}.security": [{"token": ["get:movies", "get:roles"]}]},
        ["GET /movies: now requires `get:roles`"],
    ),
    "a token is required": (
        {"paths./health.get.security": [{"token": []}]},
        ["GET /health: now requires `token`"],
    ),
    "a token is required by the document": (
        {"paths./health.get.security": REMOVED, "security": [{"token": []}]},
        ["GET /health: now requires `token`"],
    ),
    "a parameter is removed": (
        {SORT: REMOVED},
        ["GET /movies: query parameter `sort` was removed"],
    ),
    "a request header is removed": (
        {f"{SHOW}.parameters.1": REMOVED},
        ["GET /movies/{movie_id}: header parameter `If-None-Match` was removed"],
    ),
    "a parameter becomes required": (
        {f"{CURSOR}.required": True},
        ["GET /movies: query parameter `cursor` is now required"],
    ),
    "a required parameter is added": (
        {f"{LIST}.parameters": plus({"name": "year", "in": "query", "required": True})},
        ["GET /movies: query parameter `year` was added and is required"],
    ),
    "a required parameter is added to a path": (
        {"paths./movies.parameters": [{"name": "x", "in": "header", "required": True}]},
        [
            f"{operation} /movies: header parameter `x` was added and is required"
            for operation in ("GET", "POST")
        ],
    ),
    "a parameter has fewer values": (
        {f"{SORT}.schema.enum": without("-title")},
        [
            f"GET /movies: query parameter `sort`: `enum` changed from {json.dumps(ORDERS)}"
            f" to {json.dumps([order for order in ORDERS if order != '-title'])}"
        ],
    ),
    "the default of a parameter is changed": (
        {f"{LIMIT}.schema.default": 10},
        ["GET /movies: query parameter `limit`: `default` changed from 20 to 10"],
    ),
    "the bounds of a parameter are narrower": (
        {f"{LIMIT}.schema.minimum": 2, f"{LIMIT}.schema.maximum": 99},
        [
            "GET /movies: query parameter `limit`: `minimum` changed from 1 to 2",
            "GET /movies: query parameter `limit`: `maximum` changed from 100 to 99",
        ],
    ),
    "the style of a parameter is changed": (
        {f"{SORT}.style": "pipeDelimited"},
        ['GET /movies: query parameter `sort`: `style` changed from none to "pipeDelimited"'],
    ),
    "a required body is added": (
        {f"{REMOVE}.requestBody": {"required": True, "content": {}}},
        ["DELETE /movies/{movie_id}: request `body` was added and is required"],
    ),
    "a body is removed": (
        {BODY: REMOVED},
        ["POST /movies: request `body` was removed"],
    ),
    "the media type of a body is removed": (
        {f"{BODY}.content": lambda old: {"application/cbor": old["application/json"]}},
        ["POST /movies: body `application/json` was removed"],
    ),
    "a field is removed": (
        {f"{NEW_ROLE}.properties.billing_order": REMOVED},
        ["POST /roles: body `billing_order`: was removed"],
    ),
    "a field becomes required": (
        {f"{NEW_ROLE}.required": plus("billing_order")},
        ["POST /roles: body `billing_order`: is now required"],
    ),
    "a required field is added": (
        {
            f"{NEW_MOVIE}.properties.rating": {"type": "integer"},
            f"{NEW_MOVIE}.required": plus("rating"),
        },
        ["POST /movies: body `rating`: is now required"],
    ),
    "the type of a field is changed": (
        {f"{NEW_MOVIE}.properties.release_date": {"type": "integer"}},
        ["POST /movies: body `release_date`: no longer allows `string`, `null`"],
    ),
    "null is no longer allowed in a field": (
        {f"{NEW_ROLE}.properties.billing_order": lambda old: old["anyOf"][0]},
        ["POST /roles: body `billing_order`: no longer allows `null`"],
    ),
    "a field has fewer values": (
        {f"{NEW_ACTOR}.properties.gender": {"type": "string", "enum": ["female", "male"]}},
        [
            'POST /actors: body `gender`: `enum` changed from ["female", "male", "non-binary",'
            ' "other", "undisclosed"] to ["female", "male"]'
        ],
    ),
    "a field becomes constant": (
        {f"{NEW_MOVIE}.properties.title.const": "Heat"},
        ['POST /movies: body `title`: `enum` changed from none to ["Heat"]'],
    ),
    "the maximum length of a field is reduced": (
        {f"{NEW_MOVIE}.properties.title.maxLength": 100},
        ["POST /movies: body `title`: `maxLength` changed from 300 to 100"],
    ),
    "a minimum length is added to a field": (
        {f"{NEW_MOVIE}.properties.release_date.minLength": 10},
        ["POST /movies: body `release_date`: `minLength` changed from none to 10"],
    ),
    "the maximum of a nullable number is reduced": (
        {f"{NEW_ROLE}.properties.billing_order.anyOf.0.maximum": 99},
        ["POST /roles: body `billing_order`: `maximum` changed from 9999 to 99"],
    ),
    "a bound is added to a number": (
        {f"{NEW_ROLE}.properties.billing_order.anyOf.0.exclusiveMinimum": 0},
        ["POST /roles: body `billing_order`: `exclusiveMinimum` changed from none to 0"],
    ),
    "a pattern is added to a field": (
        {f"{NEW_MOVIE}.properties.release_date.pattern": "^1"},
        ['POST /movies: body `release_date`: `pattern` changed from none to "^1"'],
    ),
    "a pattern is changed": (
        {f"{CURSOR}.schema.pattern": "^[a-z]+$"},
        [
            "GET /movies: query parameter `cursor`: `pattern` changed from"
            ' "^[A-Za-z0-9_-]+$" to "^[a-z]+$"'
        ],
    ),
    "a format is added to a field": (
        {f"{NEW_MOVIE}.properties.title.format": "uri"},
        ['POST /movies: body `title`: `format` changed from none to "uri"'],
    ),
    "a minimum number of fields is added": (
        {f"{NEW_MOVIE}.minProperties": 3},
        ["POST /movies: body: `minProperties` changed from none to 3"],
    ),
    "a condition is added to a body": (
        {f"{NEW_MOVIE}.not": {"required": ["title"]}},
        ['POST /movies: body: `not` changed from none to {"required": ["title"]}'],
    ),
    "a condition of a body is changed": (
        {f"{NEW_ACTOR}.then": {"required": ["name"]}},
        [
            "POST /actors: body: `then` changed from"
            ' {"properties": {"age": {"type": "null"}}} to {"required": ["name"]}'
        ],
    ),
    "the scope of a condition is changed": (
        {f"{NEW_ACTOR}.if": {"required": ["age"]}},
        [
            "POST /actors: body: `if` changed from"
            ' {"required": ["date_of_birth"], "properties": {"date_of_birth": {"type": "string"}}}'
            ' to {"required": ["age"]}'
        ],
    ),
    "allOf is added": (
        {f"{NEW_MOVIE}.allOf": [{"required": ["title"]}]},
        ['POST /movies: body: `allOf` changed from none to [{"required": ["title"]}]'],
    ),
    "anyOf is added": (
        {f"{NEW_MOVIE}.anyOf": [{"required": ["title"]}]},
        ['POST /movies: body: `anyOf` changed from none to [{"required": ["title"]}]'],
    ),
    "a keyword without a rule is added": (
        {f"{NEW_MOVIE}.unevaluatedProperties": False},
        ["POST /movies: body: `unevaluatedProperties` changed from none to false"],
    ),
    "a success is removed": (
        {f"{REMOVE}.responses.202": REMOVED},
        ["DELETE /movies/{movie_id}: response `202` was removed"],
    ),
    "a success is added": (
        {f"{LIST}.responses.206": {"description": "A part of it."}},
        ["GET /movies: response `206` was added"],
    ),
    "a redirection is added": (
        {f"{LIST}.responses.303": {"description": "It is elsewhere."}},
        ["GET /movies: response `303` was added"],
    ),
    "a failure is removed": (
        {f"{ADD}.responses.409": REMOVED},
        ["POST /movies: response `409` was removed"],
    ),
    "the message of a failure is changed": (
        {f"{SCHEMAS}.Failure415.properties.message.enum": ["not json"]},
        [
            f"{operation}: response 415 `message`: `enum` changed from"
            ' ["unsupported media type"] to ["not json"]'
            for operation in WITH_BODY
        ],
    ),
    "the media type of a response is removed": (
        {"paths./docs.get.responses.200.content": lambda old: {"text/plain": old["text/html"]}},
        ["GET /docs: response 200 `text/html` was removed"],
    ),
    "the content of a response is removed": (
        {f"{LIST}.responses.200.content": REMOVED},
        ["GET /movies: response 200 `application/json` was removed"],
    ),
    "a member is removed": (
        {f"{MEMBER}.properties.role_id": REMOVED, f"{MEMBER}.required": without("role_id")},
        ["GET /movies/{movie_id}/actors: response 200 `role_id` of `actors`: was removed"],
    ),
    "a member is removed from a closed object": (
        {
            f"{MEMBER}.additionalProperties": False,
            f"{MEMBER}.properties.name": REMOVED,
            f"{MEMBER}.required": without("name"),
        },
        ["GET /movies/{movie_id}/actors: response 200 `name` of `actors`: was removed"],
    ),
    "a member becomes optional": (
        {f"{MEMBER}.required": without("role_id")},
        [
            "GET /movies/{movie_id}/actors: response 200 `role_id` of `actors`:"
            " is no longer required"
        ],
    ),
    "the type of a member is changed": (
        {f"{LISTED}.properties.movies": {"type": "object"}},
        ["GET /movies: response 200 `movies`: now allows `object`"],
    ),
    "null is allowed in a member of list items": (
        {f"{MEMBER}.properties.name": or_null},
        ["GET /movies/{movie_id}/actors: response 200 `name` of `actors`: now allows `null`"],
    ),
    "a value is added to a member": (
        {f"{HEALTH}.properties.table.enum": plus("slow")},
        [
            "GET /health: response 200 `table`: `enum` changed from"
            ' ["answers"] to ["answers", "slow"]'
        ],
    ),
    "the maximum length of a member is increased": (
        {f"{MEMBER}.properties.character_name.anyOf.0.maxLength": 600},
        [
            "GET /movies/{movie_id}/actors: response 200 `character_name` of `actors`:"
            " `maxLength` changed from 500 to 600"
        ],
    ),
    "the minimum of a member is removed": (
        {f"{MEMBER}.properties.billing_order.anyOf.0.minimum": REMOVED},
        [
            "GET /movies/{movie_id}/actors: response 200 `billing_order` of `actors`:"
            " `minimum` changed from 1 to none"
        ],
    ),
    "a member is no longer constant": (
        {f"{LISTED}.properties.success.const": REMOVED},
        ["GET /movies: response 200 `success`: `enum` changed from [true] to none"],
    ),
    "the format of a member is removed": (
        {f"{SCHEMAS}.Credit.properties.release_date.anyOf.0.format": REMOVED},
        [
            "GET /actors/{actor_id}/movies: response 200 `release_date` of `movies`:"
            ' `format` changed from "date" to none'
        ],
    ),
    "a member has several alternatives": (
        {f"{LISTED}.properties.movies.items": {"anyOf": [{"type": "object"}, {"type": "object"}]}},
        ["GET /movies: response 200 `movies`: the alternatives for `object` changed"],
    ),
    "a response header is removed": (
        {f"{ADD}.responses.201.headers.Location": REMOVED},
        ["POST /movies: response 201, header `Location` was removed"],
    ),
    "a response header becomes optional": (
        {f"{ADD}.responses.201.headers.ETag": {"schema": {"type": "string", "pattern": ETAG}}},
        ["POST /movies: response 201, header `ETag` is no longer required"],
    ),
    "the pattern of a response header is removed": (
        {f"{ADD}.responses.201.headers.ETag": {"required": True, "schema": {"type": "string"}}},
        [
            "POST /movies: response 201, header `ETag`: `pattern` changed from"
            f" {json.dumps(ETAG)} to none"
        ],
    ),
}

COMPATIBLE: dict[str, Edits] = {
    "no change": {},
    "a path is added": {"paths./a-new-path": {"get": {"operationId": "x", "responses": {}}}},
    "an operation is added": {"paths./movies.put": {"operationId": "x", "responses": {}}},
    "an optional parameter is added": {f"{LIST}.parameters": plus({"name": "year", "in": "query"})},
    "a parameter has more values": {f"{SORT}.schema.enum": plus("rating")},
    "a default is added to a parameter": {f"{CURSOR}.schema.default": "x"},
    "the bounds of a parameter are wider": {f"{LIMIT}.schema.maximum": 200},
    "a parameter is moved to its path": {
        "paths./movies.parameters": [CONTRACT["paths"]["/movies"]["get"]["parameters"][-1]],
        CURSOR: REMOVED,
        "paths./movies.post.parameters": plus(),
    },
    "a parameter is described differently": {f"{SORT}.description": "In which order."},
    "an optional field is added": {f"{NEW_MOVIE}.properties.rating": {"type": "integer"}},
    "a field becomes optional": {f"{NEW_MOVIE}.required": ["title"]},
    "null is allowed in a field": {f"{NEW_MOVIE}.properties.title": or_null},
    "null is allowed in a field, with a list of types": {
        f"{NEW_MOVIE}.properties.title.type": ["string", "null"]
    },
    "anyOf with null becomes a list of types": {
        f"{NEW_ROLE}.properties.billing_order": lambda old: {
            **old["anyOf"][0],
            "type": ["null", "integer"],
        }
    },
    "a field allows any value": {f"{NEW_MOVIE}.properties.release_date": True},
    "the limits of a field are removed": {
        f"{NEW_MOVIE}.properties.title": {"type": "string", "minLength": 0}
    },
    "a number allows fractions": {f"{NEW_ROLE}.properties.billing_order.anyOf.0.type": "number"},
    "a body becomes optional": {f"{BODY}.required": False},
    "a body allows additional fields": {f"{NEW_MOVIE}.additionalProperties": True},
    "a media type is added to a body": {
        f"{BODY}.content": lambda old: {**old, "application/cbor": old["application/json"]}
    },
    "the conditions of a body are removed": {
        f"{NEW_ACTOR}": without("if", "then", "else"),
    },
    "an agency role gains a permission": {f"{ROLES}.Casting Director": plus("post:movies")},
    "an agency role is added": {ROLES: plus(Accountant=["get:roles"])},
    "a member is added": {f"{MEMBER}.properties.nickname": {"type": "string"}},
    "a required member is added": {
        f"{MEMBER}.properties.nickname": {"type": "string"},
        f"{MEMBER}.required": plus("nickname"),
    },
    "the maximum length of a member is reduced": {
        f"{MEMBER}.properties.character_name.anyOf.0.maxLength": 20
    },
    "a member is no longer null": {
        f"{MEMBER}.properties.character_name": lambda old: old["anyOf"][0]
    },
    "a member has fewer values": {
        f"{SCHEMAS}.Actor.properties.gender": {"type": "string", "enum": ["female", "male"]}
    },
    "a failure has fewer messages": {
        f"{SCHEMAS}.Failure401.properties.message.enum": without("invalid claims")
    },
    "a failure is added": {f"{LIST}.responses.409": {"$ref": "#/components/responses/Contended"}},
    "304 is added": {f"{LIST}.responses.304": {"description": "You have this version."}},
    "a response header is added": {
        f"{LIST}.responses.200.headers.Age": {"schema": {"type": "string"}}
    },
    "a media type is added to a response": {
        f"{LIST}.responses.200.content": plus(**{"text/csv": {"schema": {"type": "string"}}})
    },
    "a link is added": {f"{LIST}.responses.200.links": {}},
    "a server is added": {"servers": plus({"url": "/v1"})},
    "an alternative security scheme is added": {
        "components.securitySchemes.key": {"type": "apiKey", "in": "header", "name": "X-Key"},
        f"{LIST}.security": plus({"key": []}),
    },
    "a permission is no longer required": {f"{LIST}.security": [{"token": []}]},
    "a token is no longer required": {f"{LIST}.security": []},
    "the list of permissions is changed": {"components.securitySchemes.token.x-permissions": []},
    "texts for readers are changed": {
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
    "the order is changed": {"paths": reversed_, "components": reversed_, "servers": reversed_},
    "a schema is renamed": {
        f"{SCHEMAS}.Film": CONTRACT["components"]["schemas"]["NewMovie"],
        f"{BODY}.content.application/json.schema.$ref": "#/components/schemas/Film",
        NEW_MOVIE: REMOVED,
    },
    "a schema is moved to where it is used": {
        f"{BODY}.content.application/json.schema": CONTRACT["components"]["schemas"]["NewMovie"],
        NEW_MOVIE: REMOVED,
    },
    "a response is moved to where it is used": {
        f"{ADD}.responses.409": CONTRACT["components"]["responses"]["Contended"],
    },
    "the schema of a field is moved to the components": {
        f"{SCHEMAS}.Title": CONTRACT["components"]["schemas"]["NewMovie"]["properties"]["title"],
        f"{NEW_MOVIE}.properties.title": {
            "$ref": "#/components/schemas/Title",
            "description": "A title",
        },
    },
}


@pytest.mark.parametrize("name", BREAKING)
def test_a_breaking_change_is_reported(name: str) -> None:
    edits, expected = BREAKING[name]
    assert breaking(CONTRACT, edited(edits)) == expected


@pytest.mark.parametrize("name", COMPATIBLE)
def test_a_compatible_change_is_not_reported(name: str) -> None:
    assert breaking(CONTRACT, edited(COMPATIBLE[name])) == []
