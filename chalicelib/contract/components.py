"""Parts of the contract that several operations share: parameters, headers, failures."""

from collections.abc import Iterable

from chalicelib.contract.failures import Failure
from chalicelib.contract.schemas import JSON, REFERENCE, Document, Schemas
from chalicelib.http.envelope import REQUEST_ID
from chalicelib.limits import MAX_IDEMPOTENCY_KEY
from chalicelib.permissions import AGENCY_ROLES

REQUEST_HEADERS = {
    "If-Match": {
        "description": "Write only if the resource is at the version with this ETag, or at one of"
        " several. Of the ETag of a GET, only the version counts. `*` allows every version, and so"
        " does a request without the header.",
        "schema": {"type": "string"},
    },
    "If-None-Match": {
        "description": "Return 304 if the response would be the same as the GET with this ETag.",
        "schema": {"type": "string"},
    },
    "Idempotency-Key": {
        "description": "A new key for each resource that you add. A retry with the same key and"
        " the same request adds nothing more, and returns the same resource.",
        "schema": {
            "type": "string",
            "pattern": "^[!-~]([ -~]*[!-~])?$",
            "minLength": 1,
            "maxLength": MAX_IDEMPOTENCY_KEY,
        },
    },
}

RESPONSE_HEADERS = {
    REQUEST_ID: {
        "description": "The id of the request. Quote it when you report a problem.",
        "schema": {"type": "string", "minLength": 1},
    },
    "ETag": {
        "description": 'The version, in quotes: `"1"`. In a GET, a hash of the response follows.',
        "schema": {"type": "string", "pattern": r'^"[1-9][0-9]*(\.[A-Za-z0-9_-]{16})?"$'},
    },
    "Location": {
        "description": "The path of the new resource.",
        "schema": {"type": "string", "format": "uri-reference"},
    },
    "Retry-After": {
        "description": "The seconds to wait before a retry.",
        "schema": {"type": "string", "pattern": "^[1-9][0-9]*$"},
    },
    "WWW-Authenticate": {
        "description": "The authentication scheme.",
        "schema": {"type": "string", "const": "Bearer"},
    },
}


class Components:
    """The shared parts that the operations refer to."""

    def __init__(self, schemas: Schemas) -> None:
        self._schemas = schemas
        self._parameters: Document = {}
        self._headers: Document = {}
        self._responses: Document = {}
        self._failures: Document = {}

    def to_openapi(self) -> Document:
        return {
            "schemas": {**self._schemas.named, **dict(sorted(self._failures.items()))},
            "responses": dict(sorted(self._responses.items())),
            "parameters": self._parameters,
            "headers": self._headers,
            "securitySchemes": {"token": _security()},
        }

    def parameter(self, name: str) -> Document:
        """Return a reference to a request header."""
        self._parameters[name] = {"name": name, "in": "header", **REQUEST_HEADERS[name]}
        return {"$ref": f"#/components/parameters/{name}"}

    def success(
        self, description: str, content: Document | None, headers: Iterable[str]
    ) -> Document:
        """Return a success with these headers, and X-Request-Id."""
        response: Document = {
            "description": description,
            "headers": self._required_headers((REQUEST_ID, *headers)),
        }
        return {**response, "content": content} if content else response

    def _required_headers(self, names: Iterable[str]) -> Document:
        for name in names:
            self._headers[name] = {**RESPONSE_HEADERS[name], "required": True}
        return {name: {"$ref": f"#/components/headers/{name}"} for name in names}

    def failures(self, failures: Iterable[Failure]) -> Document:
        """Return the response of each status, with all failures that have this status."""
        by_status: dict[int, list[Failure]] = {}
        for failure in failures:
            by_status.setdefault(failure.status, []).append(failure)
        return {str(status): self._response(by_status[status]) for status in sorted(by_status)}

    def _response(self, failures: list[Failure]) -> Document:
        name = "_".join(failure.name for failure in failures)
        status = failures[0].status
        sent = sorted({header for failure in failures for header in failure.headers})
        always = [header for header in sent if all(header in f.headers for f in failures)]
        headers = self._required_headers((REQUEST_ID, *always))
        for header in sent:
            if header not in headers:
                # Only some of the failures send it, so a client cannot rely on it.
                headers[header] = {**RESPONSE_HEADERS[header], "required": False}
        if status == 412:
            headers |= self._required_headers(("ETag",))
        self._responses[name] = {
            "description": " ".join(dict.fromkeys(failure.detail for failure in failures)),
            "headers": headers,
            "content": {
                JSON: {
                    "schema": self._failure_schema(status, failures),
                    "examples": {f.name: {"value": f.body()} for f in failures},
                }
            },
        }
        return {"$ref": f"#/components/responses/{name}"}

    def _failure_schema(self, status: int, failures: list[Failure]) -> Document:
        name = f"Failure{status}"
        messages = sorted({failure.message for failure in failures})
        properties = {
            "success": {"type": "boolean", "const": False},
            "error": {"type": "integer", "const": status},
            "message": {
                "type": "string",
                "enum": messages,
                "description": "A constant that clients may match",
            },
            "detail": {
                "type": "string",
                "minLength": 1,
                "description": "A sentence for a person",
            },
        }
        self._failures[name] = {
            "title": name,
            "type": "object",
            "properties": properties,
            "required": list(properties),
        }
        return {"$ref": REFERENCE + name}


def _security() -> Document:
    roles = "\n".join(
        f"* {role.name}: {', '.join(f'`{p}`' for p in sorted(role.permissions))}"
        for role in AGENCY_ROLES.values()
    )
    return {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "An access token of the identity provider, for the audience of this API. The"
        " permissions in it decide what the caller may do. Each operation names the permission"
        f" that it requires as its scope.\n\n{roles}",
        "x-roles": {role.name: sorted(role.permissions) for role in AGENCY_ROLES.values()},
    }
