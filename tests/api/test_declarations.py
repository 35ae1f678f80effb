"""What a view declares: in any order, checked at import, and composed in one way."""

import itertools
import json
import time
from collections.abc import Callable
from typing import Annotated, Any

import pytest
from chalice.app import Blueprint, Chalice, Response
from msgspec import Meta

from chalicelib.auth import auth
from chalicelib.errors import MovieNotFound
from chalicelib.http import answers as answers_module
from chalicelib.http.answers import changed, created, deleted, listing, one
from chalicelib.http.body import Body, fields_of
from chalicelib.http.conditions import if_match, replay
from chalicelib.http.envelope import envelope
from chalicelib.http.fields import Name
from chalicelib.http.paging import requested_page
from chalicelib.http.query import Filters
from chalicelib.http.resource import (
    OPTIONAL,
    SERVER,
    Access,
    Versioned,
    change_body,
    create_body,
    resource,
    to_json,
)
from chalicelib.http.views import accepts, answers, filterable, public, requires, seal, sortable
from chalicelib.routes.movies import Movie, NewMovie
from chalicelib.store.attributes import IntegerAttribute, TextAttribute
from chalicelib.store.items import Movie as MovieItem
from chalicelib.store.resource import Collection, Resource
from chalicelib.store.table import Item, Order
from chalicelib.store.text import sorted_by
from tests.support.client import invoke

# --- A plain resource, as a newcomer would add it


class StudioItem(Resource, discriminator="example_studio"):
    name = TextAttribute()
    address = TextAttribute(null=True)
    stages = IntegerAttribute(null=True)

    prefix = "STUDIO#"
    collection = "STUDIOS"
    personal = frozenset({"address"})
    orders = {"name": Order("gsi1", sorted_by)}
    missing = MovieNotFound  # an error of its own would be one more class


studio_store = Collection(StudioItem)
studios = Blueprint(__name__)

StudioId = Annotated[str, Meta(description="The id of a studio", examples=["Xq3vT0yLr8-kZb1N"])]


@resource(StudioItem)
class Studio(Versioned):
    """A studio."""

    id: Annotated[StudioId, SERVER]
    name: Annotated[Name, Meta(description="The name", examples=["Babelsberg"])]
    address: Annotated[Name | None, Access(optional=True, visible_to="patch:actors")]
    stages: Annotated[
        Annotated[int, Meta(ge=1, description="The number of stages", examples=[16])] | None,
        OPTIONAL,
    ]


NewStudio = create_body(Studio, "A studio to add.")
StudioChanges = change_body(Studio, "The fields of a studio to change.")


@studios.route("/studios", methods=["GET"])
@requires("get:movies")
@sortable(*studio_store.sorts)
@answers(listing, studios=Studio)
def list_studios(order: str) -> Response:
    """List studios by name."""
    page = studio_store.page(order, **requested_page(order))
    return listing("studios", Studio, page, order)


@studios.route("/studios", methods=["POST"])
@requires("post:movies")
@accepts(NewStudio)
@answers(created, studio=Studio)
def create_studio(new: Body) -> Response:
    """Add a studio."""
    studio = studio_store.add(replay(new), **fields_of(new))
    return created("studio", to_json(Studio, studio), "/studios")


@studios.route("/studios/{studio_id}", methods=["GET"])
@requires("get:movies")
@answers(one, MovieNotFound, studio=Studio)
def get_studio(studio_id: StudioId) -> Response:
    """Show a studio."""
    return one("studio", to_json(Studio, studio_store.get(studio_id)))


@studios.route("/studios/{studio_id}", methods=["PATCH"])
@requires("patch:movies")
@accepts(StudioChanges)
@answers(changed, MovieNotFound, studio=Studio)
def change_studio(changes: Body, studio_id: StudioId) -> Response:
    """Change a studio."""
    studio = studio_store.change(studio_id, fields_of(changes), if_match())
    return changed("studio", to_json(Studio, studio))


@studios.route("/studios/{studio_id}", methods=["DELETE"])
@requires("delete:movies")
@answers(deleted, MovieNotFound, deleted=StudioId)
def delete_studio(studio_id: StudioId) -> Response:
    """Remove a studio."""
    studio_store.remove(studio_id, if_match())
    return deleted(studio_id)


CREW = ["get:movies", "post:movies", "patch:movies", "delete:movies"]


@pytest.fixture(scope="module")
def studio_app() -> Chalice:
    app = Chalice("studios", configure_logs=False)
    app.register_middleware(envelope, "http")
    app.register_blueprint(studios)
    seal(app)
    return app


@pytest.fixture
def app_of_studios(
    studio_app: Chalice, empty_table: None, monkeypatch: pytest.MonkeyPatch
) -> Chalice:
    monkeypatch.setattr(auth, "_current_app", studio_app)  # `request.current` asks this blueprint
    return studio_app


def call(
    app: Chalice,
    method: str,
    path: str,
    body: Any = None,
    permissions: list[str] | None = None,
    **options: Any,
) -> tuple[int, Any]:
    """Call a function as API Gateway does. Return the status and the body."""
    collection, _, studio_id = path.removeprefix("/").partition("/")
    context = {
        "sub": "auth0|x",
        "permissions": json.dumps(CREW if permissions is None else permissions),
        "exp": str(int(time.time()) + 60),
    }
    event = {
        "requestContext": {
            "httpMethod": method,
            "resourcePath": f"/{collection}/{{studio_id}}" if studio_id else path,
            "path": path,
            "authorizer": context,
        },
        "headers": {"content-type": "application/json", **options.get("headers", {})},
        "pathParameters": {"studio_id": studio_id} if studio_id else {},
        "multiValueQueryStringParameters": {k: [v] for k, v in options.get("query", {}).items()},
        "stageVariables": None,
        "body": None if body is None else json.dumps(body),
    }
    response = invoke(app, event)
    return response["statusCode"], json.loads(response["body"])


def test_a_plain_resource_is_added_listed_shown_changed_and_removed(
    app_of_studios: Chalice,
) -> None:
    key = {"idempotency-key": "k"}
    for _ in range(2):
        status, body = call(app_of_studios, "POST", "/studios", {"name": "Éclair"}, headers=key)
        assert (status, body["studio"]["name"], body["studio"]["stages"]) == (201, "Éclair", None)
    path = f"/studios/{body['created']}"
    _, other = call(app_of_studios, "POST", "/studios", {"name": "abc", "stages": 3})
    _, page = call(app_of_studios, "GET", "/studios", query={"limit": "1", "sort": "-name"})
    assert [studio["name"] for studio in page["studios"]] == ["Éclair"]
    cursor = page["next_cursor"]
    _, page = call(app_of_studios, "GET", "/studios", query={"cursor": cursor, "sort": "-name"})
    assert [studio["id"] for studio in page["studios"]] == [other["created"]]
    assert page["next_cursor"] is None
    changes = {"stages": 2, "name": "Aardman"}
    stale = {"if-match": '"2"'}
    assert call(app_of_studios, "PATCH", path, changes, headers=stale)[0] == 412
    assert call(app_of_studios, "PATCH", path, {})[0] == 422
    status, body = call(app_of_studios, "PATCH", path, changes, headers={"if-match": '"1"'})
    assert (status, body["studio"]["stages"], body["studio"]["version"]) == (200, 2, 2)
    _, page = call(app_of_studios, "GET", "/studios")
    assert [studio["name"] for studio in page["studios"]] == ["Aardman", "abc"]
    assert call(app_of_studios, "GET", path)[1]["studio"]["name"] == "Aardman"
    assert call(app_of_studios, "DELETE", path, headers=stale | {"if-match": '"1"'})[0] == 412
    assert call(app_of_studios, "DELETE", path, headers=stale)[0] == 200
    for method, sent in (("GET", None), ("PATCH", changes), ("DELETE", None)):
        assert call(app_of_studios, method, path, sent)[0] == 404


def test_a_field_is_null_for_a_caller_without_the_permission_to_see_it(
    app_of_studios: Chalice,
) -> None:
    new = {"name": "Babelsberg", "address": "August-Bebel-Straße 26"}
    _, body = call(app_of_studios, "POST", "/studios", new)
    assert body["studio"]["address"] is None
    for path in ("/studios", f"/studios/{body['created']}"):
        for permissions, shown in ((CREW, None), ([*CREW, "patch:actors"], new["address"])):
            _, answer = call(app_of_studios, "GET", path, permissions=permissions)
            studio = answer["studio"] if "studio" in answer else answer["studios"][0]
            assert studio["address"] == shown


# --- Declarations


def sealed(
    *decorators: Callable[[Any], Any], view: Any = None, path: str = "/films", method: str = "GET"
) -> Chalice:
    """Return a sealed app with one route, whose view has these decorators, the last one on top."""
    app = Chalice("films", configure_logs=False)
    app.register_middleware(envelope, "http")

    def list_films(**_: Any) -> Response:
        return answers_module.success()

    view = view or list_films
    for decorator in decorators:
        view = decorator(view)
    app.route(path, methods=[method])(view)
    seal(app)
    return app


class FilmFilters(Filters):
    genre: str | None = None


def test_the_order_of_the_decorators_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    declarations = [
        requires("get:movies"),
        sortable("title", "-title"),
        filterable(FilmFilters),
        answers(listing, movies=Movie),
    ]
    for decorators in itertools.permutations(declarations):
        queries: list[tuple[str, str | None]] = []

        def list_films(
            order: str | None, filters: FilmFilters, queries: list[Any] = queries
        ) -> Response:
            queries.append((order, filters.genre))
            return answers_module.success()

        app = sealed(*decorators, view=list_films)
        monkeypatch.setattr(auth, "_current_app", app)
        query = {"sort": "-title", "genre": "noir"}
        assert call(app, "GET", "/films", permissions=[], query=query)[0] == 403
        assert call(app, "GET", "/films", query={"sort": "length"})[0] == 400
        assert call(app, "GET", "/films", query=query)[0] == 200
        assert call(app, "GET", "/films")[0] == 200
        assert queries == [("-title", "noir"), ("title", None)]


@pytest.mark.parametrize(
    ("decorators", "problem"),
    [
        ([answers(listing, movies=Movie)], "declare either @requires or @public"),
        ([public], "declare @answers"),
        (
            [public, requires("get:movies"), answers(listing, movies=Movie)],
            "declare either @requires or @public",
        ),
        ([requires("get:secrets"), answers(listing, movies=Movie)], "nobody has the permission"),
        ([public, answers(lambda: Response(""))], "is not a kind of response"),
        ([public, accepts(NewMovie), answers(listing, movies=Movie)], "a GET has no body"),
        ([public, sortable("title"), answers(one, movie=Movie)], "only a listing can be sorted"),
    ],
)
def test_a_missing_or_wrong_declaration_is_an_error_at_import_that_names_the_route(
    decorators: list[Any], problem: str
) -> None:
    with pytest.raises(TypeError, match=rf"^GET /films: .*{problem}"):
        sealed(*decorators)


@pytest.mark.parametrize(
    ("view", "path"),
    [(lambda unknown: unknown, "/films"), (lambda: None, "/films/{film_id}")],
    ids=["an argument that no declaration gives", "a path parameter that the view does not take"],
)
def test_a_view_with_other_parameters_than_declared_is_an_error_at_import(
    view: Any, path: str
) -> None:
    with pytest.raises(TypeError, match=rf"^GET {path}: "):
        sealed(public, answers(listing, movies=Movie), view=view, path=path)


class FilmItem(Item, discriminator="film"):
    title = TextAttribute()
    year = IntegerAttribute(null=True)
    code = TextAttribute()

    internal = frozenset({"code"})


@pytest.mark.parametrize(
    ("annotation", "problem"),
    [
        ({"titel": Name}, "there is no such attribute"),
        ({"title": int}, "int is not stored as S"),
        ({"year": Name | None}, "str is not stored as N"),
        ({"year": bool | None}, "bool is not stored as N"),
        ({"year": int}, "only one of them may be null"),
        ({"title": Name | None}, "only one of them may be null"),
        (
            {"title": Annotated[Name, Access(visible_to="patch:actors")]},
            "FilmItem.personal do not agree",
        ),
        ({"code": Name}, "FilmItem does not record it"),
        ({"title": Annotated[Name, Access(visible_to="see:titles")]}, "nobody has see:titles"),
        (
            {"title": Annotated[Name, Access(body_type=int)]},
            "int is not stored as S",
        ),
    ],
)
def test_a_field_that_does_not_match_its_stored_attribute_is_an_error_at_import(
    annotation: dict[str, Any], problem: str
) -> None:
    film = type("Film", (Versioned,), {"__annotations__": annotation})
    with pytest.raises(TypeError, match=problem):
        resource(FilmItem)(film)


class SequelItem(Item, discriminator="sequel"):
    film: FilmItem | None = None


@pytest.mark.parametrize(
    ("read", "annotation", "problem"),
    [
        ("film.title", int, "int is not stored as S"),
        ("film.title", Name | None, "only one of them may be null"),
        ("film.titel", Name, "there is no such attribute"),
        ("film.title", Name, "no list reads FilmItem.title"),
        ("movie.title", Name, "SequelItem.movie is no other item"),
    ],
)
def test_a_field_that_does_not_match_an_attribute_of_another_item_is_an_error_at_import(
    read: str, annotation: Any, problem: str
) -> None:
    annotations = {"film_title": Annotated[annotation, SERVER._replace(read=read)]}
    sequel = type("Sequel", (Versioned,), {"__annotations__": annotations})
    with pytest.raises(TypeError, match=problem):
        resource(SequelItem)(sequel)


def test_a_list_in_an_unknown_index_is_an_error_at_import() -> None:
    class PosterItem(Resource, discriminator="poster"):
        prefix, collection, missing = "POSTER#", "POSTERS", MovieNotFound
        orders = {"created_at": Order("gsi9", str)}

    with pytest.raises(TypeError, match="gsi9"):
        Collection(PosterItem)


def test_an_order_by_a_text_that_may_be_null_is_an_error_at_import() -> None:
    class TrailerItem(Resource, discriminator="trailer"):
        title = TextAttribute(null=True)
        shown_on = TextAttribute(null=True)

        prefix, collection, missing = "TRAILER#", "TRAILERS", MovieNotFound
        orders = {"title": Order("gsi1", sorted_by), "shown_on": Order("gsi2", str, null=True)}

    with pytest.raises(TypeError, match=r"TrailerItem\.title is sorted, and may be null"):
        Collection(TrailerItem)


def test_the_fields_that_clients_write_are_the_bodies_and_no_others() -> None:
    assert {"title", "release_date"} <= set(NewMovie.__struct_fields__)
    assert "id" not in NewMovie.__struct_fields__
    assert NewStudio.__struct_fields__ == ("name", "address", "stages")
    assert set(MovieItem.get_attributes()) >= set(NewMovie.__struct_fields__)
