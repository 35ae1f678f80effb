"""The operations of the OpenAPI document: their ids, their order, and requests that hit nothing."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from chalicelib.permissions import AGENCY_ROLES
from dev import machine
from dev.contract import openapi

JSON = "application/json"


class Operation(NamedTuple):
    """An operation of the document."""

    id: str
    method: str
    path: str
    definition: dict[str, Any]  # every $ref in it is resolved

    @property
    def parameters(self) -> dict[str, Any]:
        """Return the parameters by name."""
        return {parameter["name"]: parameter for parameter in self.definition.get("parameters", [])}

    @property
    def path_parameters(self) -> list[str]:
        return re.findall(r"{(\w+)}", self.path)

    @property
    def permission(self) -> str | None:
        if not self.definition["security"]:
            return None
        permission: str
        (permission,) = self.definition["security"][0]["token"]
        return permission

    @property
    def has_body(self) -> bool:
        return "requestBody" in self.definition

    @property
    def body(self) -> Any:
        """Return the example of the request body."""
        return self.definition["requestBody"]["content"][JSON]["example"]

    @property
    def status(self) -> int:
        """Return the status of a success."""
        return min(map(int, self.definition["responses"]))

    @property
    def is_create(self) -> bool:
        return self.method == "POST" and self.status == 201

    def errors(self) -> Iterator[tuple[str, int, str]]:
        """Return the name, the status and the message of each documented error."""
        for status, response in self.definition["responses"].items():
            for name, example in (
                response.get("content", {}).get(JSON, {}).get("examples", {}).items()
            ):
                yield name, int(status), example["value"]["message"]

    def not_found(self) -> str:
        """Return the name of the error for an unknown id in the path; stop if there is none."""
        names = [name for name, status, _ in self.errors() if status == 404]
        if not names:
            machine.fail(f"{self.id} has an id in its path and documents no error with status 404")
        return names[0]

    def example_id(self, parameter: str) -> str:
        """Return the example of a path parameter; stop if there is none."""
        examples = self.parameters[parameter]["schema"].get("examples")
        if not examples:
            machine.fail(f"{self.id}: the path parameter {parameter} has no example")
        return str(examples[0])

    def unused_ids(self) -> dict[str, str]:
        """Return a well-formed id for each path parameter that no resource has."""
        return {name: self._unused_id(name) for name in self.path_parameters}

    def _unused_id(self, parameter: str) -> str:
        example = self.example_id(parameter)
        pattern = self.parameters[parameter]["schema"].get("pattern", "")
        # The separators stay: `<movie>.<actor>` becomes `AAA.AAA`. Ids are random, so that no
        # resource has this one.
        candidates = [re.sub(r"[A-Za-z0-9_-]", filler, example) for filler in "A0"]
        unused = [c for c in candidates if re.search(pattern, c) and c != example]
        if not unused:
            machine.fail(f"{self.id}: cannot derive an unused id from the example of {parameter}")
        return unused[0]

    def unused_path(self) -> str:
        """Return the path with ids that no resource has."""
        return self.path.format(**self.unused_ids())

    def first_role(self) -> str:
        """Return the first agency role that may call the operation, or `nobody` if it is public."""
        if self.permission is None:
            return "nobody"
        allowed = [r for r, role in AGENCY_ROLES.items() if self.permission in role.permissions]
        if not allowed:
            machine.fail(f"{self.id}: no agency role has the permission {self.permission}")
        return allowed[0]


class Operations:
    """The operations of the document by id, and the resources that they create."""

    def __init__(self) -> None:
        self.document = json.loads(openapi.text())
        self.all = {
            definition["operationId"]: Operation(
                definition["operationId"], method.upper(), path, self._resolved(definition)
            )
            for path, methods in self.document["paths"].items()
            for method, definition in methods.items()
        }
        self.example_ids = {
            name: operation.example_id(name)
            for operation in self.all.values()
            for name in operation.path_parameters
        }
        self.creators = self._creators()

    def __iter__(self) -> Iterator[Operation]:
        return iter(self.all.values())

    def __getitem__(self, operation_id: str) -> Operation:
        return self.all[operation_id]

    def at(self, method: str, path: str) -> Operation | None:
        """Return the operation with this method and this path."""
        return next((o for o in self if (o.method, o.path) == (method, path)), None)

    def error_names(self) -> set[str]:
        """Return the names of all errors of the document."""
        return {name for operation in self for name, _, _ in operation.errors()}

    def created_id(self, create: Operation) -> str | None:
        """Return the path parameter that takes the id of the created resource, or None.

        The links of the response say so: `role_id` takes `$response.body#/role/id`, and
        `candidate_id` takes `$response.body#/candidates/0/id`.
        """
        if not create.is_create:
            return None
        links = create.definition["responses"][str(create.status)].get("links", {}).values()
        for link in links:
            for parameter, expression in link["parameters"].items():
                if re.fullmatch(r"\$response\.body#/\w+(/0)?/id", expression):
                    return str(parameter)
        return None

    def created_list(self, create: Operation) -> str | None:
        """Return the member of the response that lists the created resources, or None."""
        schema = create.definition["responses"][str(create.status)]["content"][JSON]["schema"]
        members = schema["properties"]
        if "created" in members:
            return None
        lists = [str(name) for name, member in members.items() if member.get("type") == "array"]
        return lists[0]

    def item_of(self, method: str, create: Operation) -> Operation | None:
        """Return the operation on one resource of the collection that `create` adds to.

        Its path is below the path of the collection, or names only the created resource.
        """
        below = re.compile(re.escape(create.path) + r"/\{\w+\}")
        by_id = re.compile(rf"/[^/]+/\{{{self.created_id(create)}\}}")
        of_method = [operation for operation in self if operation.method == method]
        for path in (below, by_id):
            for operation in of_method:
                if path.fullmatch(operation.path):
                    return operation
        return None

    def referenced_ids(self, operation: Operation) -> dict[str, str]:
        """Return the members of the example body that are ids, with the id's name.

        A member is an id if it is named like a path parameter, or if its example is the example of
        one. A list of ids is named like its first one.
        """
        if not operation.has_body or not isinstance(operation.body, dict):
            return {}
        names = {example: name for name, example in self.example_ids.items()}
        references = {}
        for member, value in operation.body.items():
            first = value[0] if isinstance(value, list) and value else value
            if member in self.example_ids:
                references[member] = member
            elif isinstance(first, str) and first in names:
                references[member] = names[first]
        return references

    def body_with(self, operation: Operation, ids: Mapping[str, str]) -> Any:
        """Return the example body with these ids, by name, instead of its own."""
        body = operation.body
        for member, name in self.referenced_ids(operation).items():
            value = [ids[name], *body[member][1:]] if isinstance(body[member], list) else ids[name]
            body = {**body, member: value}
        return body

    def needed_ids(self, operation: Operation) -> set[str]:
        """Return the ids that a request needs, in its path or its body."""
        return {*operation.path_parameters, *self.referenced_ids(operation).values()}

    def _creators(self) -> dict[str, Operation]:
        """Return for each id the operation that creates the resource, in the order of creation.

        If several operations create the same kind of resource, it is the one with the fewest ids in
        its path. A resource is created after those whose ids it needs.
        """
        waiting: dict[str, Operation] = {}
        for operation in self:
            created = self.created_id(operation)
            if created is None:
                continue
            other = waiting.get(created, operation)
            waiting[created] = min(other, operation, key=lambda o: len(o.path_parameters))
        creators: dict[str, Operation] = {}
        while waiting:
            ready = [n for n, o in waiting.items() if self.needed_ids(o).isdisjoint(waiting)]
            if not ready:
                operations = ", ".join(operation.id for operation in waiting.values())
                machine.fail(
                    f"each of these operations needs an id that another creates: {operations}"
                )
            creators[ready[0]] = waiting.pop(ready[0])
        return creators

    def _resolved(self, part: Any) -> Any:
        """Return a part of the document with every `$ref` in it replaced."""
        if isinstance(part, list):
            return [self._resolved(item) for item in part]
        if not isinstance(part, dict):
            return part
        if "$ref" in part:
            target = self.document
            for step in part["$ref"].removeprefix("#/").split("/"):
                target = target[step]
            return self._resolved(target)
        return {name: self._resolved(value) for name, value in part.items()}
