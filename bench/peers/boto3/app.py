"""boto3 without a framework, with the resource and the conditions of its documentation."""

import base64
import json
import os
from decimal import Decimal
from typing import Any

import boto3
from boto3.dynamodb.conditions import Key

TIMES = ("created_at", "updated_at", "version")
MOVIE = (
    *("id", "title", "release_date", "status", "synopsis", "genres", "runtime_minutes"),
    *("original_language", "shoot_start", "shoot_end", "shoot_location", "director"),
    *("production_company", "poster_url", "website", "imdb_id", "tmdb_id"),
    *("role_count", "part_count", *TIMES),
)
ROLE = ("character_name", "billing_order", "role_type", "work_start", "work_end")

Json = dict[str, Any]

table = boto3.resource("dynamodb").Table(os.environ["TABLE_NAME"])


def handler(event: Json, context: Any) -> Json:
    members = ROUTES[event["httpMethod"], event["resource"]](event)
    return {
        "statusCode": 200,
        "headers": {"Content-Type": "application/json"},
        "body": json.dumps({"success": True, **members}, default=number),
    }


def list_movies(event: Json) -> Json:
    limit = int(event["queryStringParameters"]["limit"])
    items = table.query(
        IndexName="gsi1", KeyConditionExpression=Key("gsi1pk").eq("MOVIES"), Limit=limit + 1
    )["Items"]
    movies = [fields(item, MOVIE) for item in items[:limit]]
    return {"movies": movies, "next_cursor": cursor(items, limit, "gsi1sk")}


def get_movie(event: Json) -> Json:
    movie_id = event["pathParameters"]["movie_id"]
    movie, *roles = table.query(
        KeyConditionExpression=Key("pk").eq(f"MOVIE#{movie_id}"), ConsistentRead=True, Limit=102
    )["Items"]
    roles.sort(key=lambda item: item["gsi1sk"])
    return {
        "movie": fields(movie, MOVIE),
        "roles": [role(item) for item in roles[:100]],
        "next_cursor": cursor(roles, 100, "sk"),
    }


ROUTES = {("GET", "/movies"): list_movies, ("GET", "/movies/{movie_id}"): get_movie}


def fields(item: Json, names: tuple[str, ...]) -> Json:
    return {name: item.get(name) for name in names}


def role(item: Json) -> Json:
    movie_id, _, actor_id = item["id"].partition(".")
    return {
        "id": item["id"],
        "movie_id": movie_id,
        "actor_id": actor_id,
        **fields(item, ROLE),
        "part_ids": item.get("part_ids", []),
        "actor_name": item["actor_name"],
        **fields(item, TIMES),
    }


def cursor(items: list[Json], limit: int, name: str) -> str | None:
    """Return the cursor of the next page, or None if `items` has no more than `limit`."""
    if len(items) <= limit:
        return None
    return base64.urlsafe_b64encode(items[limit - 1][name].encode()).decode()


def number(value: object) -> int:
    """Return a number as JSON shows it: boto3 reads every number as a Decimal."""
    if isinstance(value, Decimal):
        return int(value)
    raise TypeError(f"{value!r} cannot be shown as JSON")
