"""Chalice and PynamoDB, as their documentation shows them."""

import base64
import os
from typing import Any

from chalice import Chalice
from pynamodb.attributes import (
    DiscriminatorAttribute,
    ListAttribute,
    NumberAttribute,
    UnicodeAttribute,
)
from pynamodb.indexes import AllProjection, GlobalSecondaryIndex
from pynamodb.models import Model

TIMES = ("created_at", "updated_at", "version")
MOVIE = (
    *("id", "title", "release_date", "status", "synopsis", "genres", "runtime_minutes"),
    *("original_language", "shoot_start", "shoot_end", "shoot_location", "director"),
    *("production_company", "poster_url", "website", "imdb_id", "tmdb_id"),
    *("role_count", "part_count", *TIMES),
)
ROLE = ("character_name", "billing_order", "role_type", "work_start", "work_end")

Json = dict[str, Any]


class ByName(GlobalSecondaryIndex["Item"]):
    class Meta:
        index_name = "gsi1"
        projection = AllProjection()

    gsi1pk = UnicodeAttribute(hash_key=True)
    gsi1sk = UnicodeAttribute(range_key=True)


class Item(Model):
    class Meta:
        table_name = os.environ["TABLE_NAME"]

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    gsi1pk = UnicodeAttribute(null=True)
    gsi1sk = UnicodeAttribute(null=True)
    by_name = ByName()
    kind = DiscriminatorAttribute()
    id = UnicodeAttribute()
    created_at = UnicodeAttribute()
    updated_at = UnicodeAttribute()
    version = NumberAttribute()


class Movie(Item, discriminator="movie"):
    title = UnicodeAttribute()
    release_date = UnicodeAttribute(null=True)
    status = UnicodeAttribute(null=True)
    synopsis = UnicodeAttribute(null=True)
    genres = ListAttribute(of=UnicodeAttribute, null=True)
    runtime_minutes = NumberAttribute(null=True)
    original_language = UnicodeAttribute(null=True)
    shoot_start = UnicodeAttribute(null=True)
    shoot_end = UnicodeAttribute(null=True)
    shoot_location = UnicodeAttribute(null=True)
    director = UnicodeAttribute(null=True)
    production_company = UnicodeAttribute(null=True)
    poster_url = UnicodeAttribute(null=True)
    website = UnicodeAttribute(null=True)
    imdb_id = UnicodeAttribute(null=True)
    tmdb_id = NumberAttribute(null=True)
    role_count = NumberAttribute(default=0)
    part_count = NumberAttribute(default=0)


class Role(Item, discriminator="role"):
    character_name = UnicodeAttribute(null=True)
    billing_order = NumberAttribute(null=True)
    role_type = UnicodeAttribute(null=True)
    work_start = UnicodeAttribute(null=True)
    work_end = UnicodeAttribute(null=True)
    part_ids = ListAttribute(of=UnicodeAttribute, null=True)
    actor_name = UnicodeAttribute(null=True)


app = Chalice(app_name="movies")
handler = app


@app.route("/movies")
def list_movies() -> Json:
    query = app.current_request.query_params or {}
    limit = int(query.get("limit", "20"))
    # One more shows whether there is a next page.
    items = list(Item.by_name.query("MOVIES", limit=limit + 1))
    movies = [fields(item, MOVIE) for item in items[:limit]]
    return {"success": True, "movies": movies, "next_cursor": cursor(items, limit, "gsi1sk")}


@app.route("/movies/{movie_id}")
def get_movie(movie_id: str) -> Json:
    movie, *roles = Item.query(f"MOVIE#{movie_id}", consistent_read=True, limit=102)
    roles.sort(key=lambda item: item.gsi1sk)
    return {
        "success": True,
        "movie": fields(movie, MOVIE),
        "roles": [role(item) for item in roles[:100]],
        "next_cursor": cursor(roles, 100, "sk"),
    }


def fields(item: Item, names: tuple[str, ...]) -> Json:
    return {name: getattr(item, name) for name in names}


def role(item: Role) -> Json:
    movie_id, _, actor_id = item.id.partition(".")
    return {
        "id": item.id,
        "movie_id": movie_id,
        "actor_id": actor_id,
        **fields(item, ROLE),
        "part_ids": item.part_ids or [],
        "actor_name": item.actor_name,
        **fields(item, TIMES),
    }


def cursor(items: list[Item], limit: int, name: str) -> str | None:
    """Return the cursor of the next page, or None if `items` has no more than `limit`."""
    if len(items) <= limit:
        return None
    return base64.urlsafe_b64encode(getattr(items[limit - 1], name).encode()).decode()
