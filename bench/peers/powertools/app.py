"""AWS Lambda Powertools: its resolver for API Gateway, with boto3 as its documentation shows it."""

import base64
import os
from decimal import Decimal
from functools import partial
from json import dumps
from typing import Any

import boto3
from aws_lambda_powertools.event_handler import APIGatewayRestResolver
from aws_lambda_powertools.utilities.typing import LambdaContext
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


def number(value: object) -> int:
    """Return a number as JSON shows it: boto3 reads every number as a Decimal."""
    if isinstance(value, Decimal):
        return int(value)
    raise TypeError(f"{value!r} cannot be shown as JSON")


table = boto3.resource("dynamodb").Table(os.environ["TABLE_NAME"])
app = APIGatewayRestResolver(serializer=partial(dumps, default=number))


@app.get("/movies")
def list_movies() -> Json:
    limit = int(app.current_event.get_query_string_value("limit", "20"))
    items = table.query(
        IndexName="gsi1", KeyConditionExpression=Key("gsi1pk").eq("MOVIES"), Limit=limit + 1
    )["Items"]
    movies = [fields(item, MOVIE) for item in items[:limit]]
    return {"success": True, "movies": movies, "next_cursor": cursor(items, limit, "gsi1sk")}


@app.get("/movies/<movie_id>")
def get_movie(movie_id: str) -> Json:
    movie, *roles = table.query(
        KeyConditionExpression=Key("pk").eq(f"MOVIE#{movie_id}"), ConsistentRead=True, Limit=102
    )["Items"]
    roles.sort(key=lambda item: item["gsi1sk"])
    return {
        "success": True,
        "movie": fields(movie, MOVIE),
        "roles": [role(item) for item in roles[:100]],
        "next_cursor": cursor(roles, 100, "sk"),
    }


def handler(event: Json, context: LambdaContext) -> Json:
    return app.resolve(event, context)


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
