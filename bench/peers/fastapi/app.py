"""FastAPI behind Mangum, with response models and boto3, as their documentation shows them."""

import base64
import os
from typing import Annotated, Any

import boto3
from boto3.dynamodb.conditions import Key
from fastapi import FastAPI, Query
from mangum import Mangum
from pydantic import BaseModel

table = boto3.resource("dynamodb").Table(os.environ["TABLE_NAME"])
app = FastAPI()
handler = Mangum(app, lifespan="off")


class Versioned(BaseModel):
    created_at: str
    updated_at: str
    version: int


class Movie(Versioned):
    id: str
    title: str
    release_date: str | None = None
    status: str | None = None
    synopsis: str | None = None
    genres: list[str] | None = None
    runtime_minutes: int | None = None
    original_language: str | None = None
    shoot_start: str | None = None
    shoot_end: str | None = None
    shoot_location: str | None = None
    director: str | None = None
    production_company: str | None = None
    poster_url: str | None = None
    website: str | None = None
    imdb_id: str | None = None
    tmdb_id: int | None = None
    role_count: int
    part_count: int


class Role(Versioned):
    id: str
    movie_id: str
    actor_id: str
    character_name: str | None = None
    billing_order: int | None = None
    role_type: str | None = None
    work_start: str | None = None
    work_end: str | None = None
    part_ids: list[str] = []
    actor_name: str


class Movies(BaseModel):
    success: bool = True
    movies: list[Movie]
    next_cursor: str | None


class MovieWithRoles(BaseModel):
    success: bool = True
    movie: Movie
    roles: list[Role]
    next_cursor: str | None


@app.get("/movies")
def list_movies(limit: Annotated[int, Query(ge=1, le=100)] = 20) -> Movies:
    items = table.query(
        IndexName="gsi1", KeyConditionExpression=Key("gsi1pk").eq("MOVIES"), Limit=limit + 1
    )["Items"]
    movies = [Movie(**item) for item in items[:limit]]
    return Movies(movies=movies, next_cursor=cursor(items, limit, "gsi1sk"))


@app.get("/movies/{movie_id}")
def get_movie(movie_id: str) -> MovieWithRoles:
    movie, *roles = table.query(
        KeyConditionExpression=Key("pk").eq(f"MOVIE#{movie_id}"), ConsistentRead=True, Limit=102
    )["Items"]
    roles.sort(key=lambda item: item["gsi1sk"])
    return MovieWithRoles(
        movie=Movie(**movie),
        roles=[role(item) for item in roles[:100]],
        next_cursor=cursor(roles, 100, "sk"),
    )


def role(item: dict[str, Any]) -> Role:
    movie_id, _, actor_id = item["id"].partition(".")
    return Role(movie_id=movie_id, actor_id=actor_id, **item)


def cursor(items: list[dict[str, Any]], limit: int, name: str) -> str | None:
    """Return the cursor of the next page, or None if `items` has no more than `limit`."""
    if len(items) <= limit:
        return None
    return base64.urlsafe_b64encode(items[limit - 1][name].encode()).decode()
