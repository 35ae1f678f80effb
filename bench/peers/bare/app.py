"""The reference: botocore and a handler, as an engineer writes them by hand for speed.

It sends the requests that our API sends, and returns the same members. It has no framework, no
logging, no permissions, no validation and no errors.
"""

import base64
import datetime
import json
import os
import secrets
from typing import Any

import botocore.session

TABLE = os.environ["TABLE_NAME"]
# The attributes that our API asks for in the reads of each request, so that both ask for the same.
PROJECTIONS = json.loads(os.environ["PROJECTIONS"])
SEPARATOR = "\x1f"
TIMES = ("created_at", "updated_at", "version")
MOVIE = (
    *("id", "title", "release_date", "status", "synopsis", "genres", "runtime_minutes"),
    *("original_language", "shoot_start", "shoot_end", "shoot_location", "director"),
    *("production_company", "poster_url", "website", "imdb_id", "tmdb_id"),
    *("role_count", "part_count", *TIMES),
)
ROLE = ("character_name", "billing_order", "role_type", "work_start", "work_end")
ACTOR = (
    *("id", "name", "gender", "age", "date_of_birth", "stage_name", "playing_age_min"),
    *("playing_age_max", "height_cm", "languages", "skills", "unions", "agent", "email"),
    *("phone", "headshot_url", "base_city", "base_country", "availability", "imdb_id"),
    *("tmdb_id", "active", "notes", "role_count", "candidate_count", *TIMES),
)
CANDIDATE = ("status", "status_since", "status_by", "rating", "note", "audition_at")
OF_ACTOR = ("playing_age_min", "playing_age_max", "headshot_url")

Json = dict[str, Any]

dynamodb = botocore.session.get_session().create_client("dynamodb")


def handler(event: Json, context: Any) -> Json:
    status, members = ROUTES[event["httpMethod"], event["resource"]](event)
    return {
        "statusCode": status,
        "headers": {"Content-Type": "application/json"},
        "body": json.dumps({"success": True, **members}),
    }


def list_movies(event: Json) -> tuple[int, Json]:
    limit = int(event["queryStringParameters"]["limit"])
    items = dynamodb.query(
        TableName=TABLE,
        IndexName="gsi1",
        KeyConditionExpression="gsi1pk = :movies",
        ExpressionAttributeValues={":movies": {"S": "MOVIES"}},
        **PROJECTIONS["list"][0],
        Limit=limit + 1,
    )["Items"]
    movies = [fields(item, MOVIE) for item in items[:limit]]
    return 200, {"movies": movies, "next_cursor": cursor(items, limit, "gsi1sk")}


def get_movie(event: Json) -> tuple[int, Json]:
    movie_id = event["pathParameters"]["movie_id"]
    movie, *roles = dynamodb.query(
        TableName=TABLE,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": f"MOVIE#{movie_id}"}},
        ConsistentRead=True,
        **PROJECTIONS["get"][0],
        Limit=102,
    )["Items"]
    roles.sort(key=lambda item: item["gsi1sk"]["S"])
    members = {"movie": fields(movie, MOVIE), "roles": [role(item) for item in roles[:100]]}
    return 200, {**members, "next_cursor": cursor(roles, 100, "sk")}


def find_actors(event: Json) -> tuple[int, Json]:
    query = event["queryStringParameters"]
    limit = int(query["limit"])
    entries = dynamodb.query(
        TableName=TABLE,
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": f"ACTORS?gender={query['gender']}"}},
        ConsistentRead=True,
        **PROJECTIONS["find"][0],
        Limit=limit + 1,
    )["Items"]
    keys = [f"ACTOR#{entry['id']['S']}" for entry in entries[:limit]]
    items = read(keys, PROJECTIONS["find"][1])
    actors = [actor(items[key]) for key in keys]
    return 200, {"actors": actors, "next_cursor": cursor(entries, limit, "sk")}


def list_candidates(event: Json) -> tuple[int, Json]:
    query, part_id = event["queryStringParameters"], event["pathParameters"]["part_id"]
    limit = int(query["limit"])
    movie_id, own_id = part_id.split(".")
    column = f"{own_id}{SEPARATOR}{STAGES[query['status']]}{SEPARATOR}"
    items = dynamodb.query(
        TableName=TABLE,
        IndexName="gsi1",
        KeyConditionExpression="gsi1pk = :movie AND begins_with(gsi1sk, :column)",
        ExpressionAttributeValues={
            ":movie": {"S": f"CANDIDATES#{movie_id}"},
            ":column": {"S": column},
        },
        **PROJECTIONS["board"][0],
        Limit=limit + 1,
    )["Items"]
    shown = items[:limit]
    part_key = f"PART#{part_id}"
    keys = [part_key, *(actor_key(item) for item in shown)]
    others = read(keys, PROJECTIONS["board"][1])
    candidates = [candidate(item, others[part_key], others[actor_key(item)]) for item in shown]
    return 200, {"candidates": candidates, "next_cursor": cursor(items, limit, "gsi1sk")}


def create_movie(event: Json) -> tuple[int, Json]:
    new = json.loads(event["body"])
    movie_id, time = secrets.token_urlsafe(12), now()
    shown = {"id": movie_id, **new, "role_count": 0, "part_count": 0}
    shown |= {"created_at": time, "updated_at": time, "version": 1}
    place = f"{new['release_date']}{SEPARATOR}{movie_id}"
    title = new["title"].lower()
    claims = [f"imdb_id={new['imdb_id']}", f"tmdb_id={new['tmdb_id']}"]
    item = {name: typed(value) for name, value in shown.items() if value is not None} | {
        "pk": {"S": f"MOVIE#{movie_id}"},
        "sk": {"S": "#"},
        "kind": {"S": "movie"},
        "gsi1pk": {"S": "MOVIES"},
        "gsi1sk": {"S": f"{title}{SEPARATOR}{movie_id}"},
        "gsi2pk": {"S": "MOVIES"},
        "gsi2sk": {"S": place},
        "indexed": typed(claims),
        "recorded_from": {"N": "1"},
    }
    facets = ["", f"status={new['status']}", *(f"genre={genre}" for genre in new["genres"])]
    words = title.split()
    starts = [" ".join(words[number:]) for number in range(len(words))]
    card = {
        "id": {"S": movie_id},
        "kind": {"S": "entry"},
        "words": {"S": "".join(f" {word}" for word in sorted(set(words)))},
        "facets": {"SS": facets},
        "low": {"S": new["release_date"]},
        "high": {"S": new["release_date"]},
    }
    keys = [(name, place) for name in (*facets, "release_date")]
    keys += [("search", f"{start}{SEPARATOR}{movie_id}") for start in starts]
    changed = {name: [None, value] for name, value in new.items()}
    dynamodb.transact_write_items(
        TransactItems=[
            {
                "Put": {
                    "TableName": TABLE,
                    "Item": item,
                    "ConditionExpression": "attribute_not_exists(pk)",
                    "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
                }
            },
            {"Put": {"TableName": TABLE, "Item": record(shown, "created", changed)}},
            *(
                {
                    "Put": {
                        "TableName": TABLE,
                        "Item": {"pk": {"S": f"MOVIES?{name}"}, "sk": {"S": place}, **card},
                    }
                }
                for name, place in keys
            ),
            *(
                {
                    "Put": {
                        "TableName": TABLE,
                        "Item": {
                            "pk": {"S": f"MOVIES?{claim}"},
                            "sk": {"S": "#"},
                            "id": {"S": movie_id},
                            "kind": {"S": "claim"},
                        },
                        "ConditionExpression": "attribute_not_exists(pk) OR id = :id",
                        "ExpressionAttributeValues": {":id": {"S": movie_id}},
                        "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
                    }
                }
                for claim in claims
            ),
        ]
    )
    return 201, {"movie": fields(item, MOVIE), "created": movie_id}


def change_movie(event: Json) -> tuple[int, Json]:
    changes = json.loads(event["body"])
    key = {"pk": {"S": f"MOVIE#{event['pathParameters']['movie_id']}"}, "sk": {"S": "#"}}
    item = dynamodb.get_item(TableName=TABLE, Key=key, ConsistentRead=True)["Item"]
    before = fields(item, MOVIE)
    after = {**before, **changes, "updated_at": now(), "version": before["version"] + 1}
    attributes = {name: typed(after[name]) for name in (*changes, "updated_at", "version")}
    attributes |= {"recorded_from": item["recorded_from"], "indexed": item["indexed"]}
    dynamodb.transact_write_items(
        TransactItems=[
            {
                "Update": {
                    "TableName": TABLE,
                    "Key": key,
                    "UpdateExpression": "SET "
                    + ", ".join(f"{name} = :{name}" for name in attributes),
                    "ConditionExpression": "attribute_exists(pk) AND attribute_not_exists(deleting)"
                    " AND version = :before AND attribute_not_exists(indexing)",
                    "ExpressionAttributeValues": {
                        ":before": item["version"],
                        **{f":{name}": value for name, value in attributes.items()},
                    },
                }
            },
            {
                "Put": {
                    "TableName": TABLE,
                    "Item": record(
                        after, "changed", {name: [before[name], after[name]] for name in changes}
                    ),
                }
            },
        ]
    )
    return 200, {"movie": after}


ROUTES = {
    ("GET", "/movies"): list_movies,
    ("GET", "/movies/{movie_id}"): get_movie,
    ("GET", "/actors"): find_actors,
    ("GET", "/parts/{part_id}/candidates"): list_candidates,
    ("POST", "/movies"): create_movie,
    ("PATCH", "/movies/{movie_id}"): change_movie,
}
STAGES = {"shortlisted": "06"}


def read(keys: list[str], projection: Json) -> dict[str, Json]:
    """Return the items with these partition keys."""
    raw_keys = [{"pk": {"S": key}, "sk": {"S": "#"}} for key in keys]
    request = {TABLE: {"Keys": raw_keys, "ConsistentRead": True, **projection}}
    items = dynamodb.batch_get_item(RequestItems=request)["Responses"][TABLE]
    return {item["pk"]["S"]: item for item in items}


def fields(item: Json, names: tuple[str, ...]) -> Json:
    return {name: plain(item[name]) if name in item else None for name in names}


def role(item: Json) -> Json:
    role_id = item["id"]["S"]
    movie_id, _, actor_id = role_id.partition(".")
    return {
        "id": role_id,
        "movie_id": movie_id,
        "actor_id": actor_id,
        **fields(item, ROLE),
        "part_ids": plain(item["part_ids"]) if "part_ids" in item else [],
        "actor_name": item["actor_name"]["S"],
        **fields(item, TIMES),
    }


def actor(item: Json) -> Json:
    shown = fields(item, ACTOR)
    if shown["date_of_birth"]:
        shown["age"] = age(shown["date_of_birth"])
    return shown


def age(date_of_birth: str) -> int:
    born, today = datetime.date.fromisoformat(date_of_birth), datetime.date.today()
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def candidate(item: Json, part: Json, actor: Json) -> Json:
    movie_id, part_id, actor_id = item["id"]["S"].split(".")
    return {
        "id": item["id"]["S"],
        "movie_id": movie_id,
        "part_id": f"{movie_id}.{part_id}",
        "actor_id": actor_id,
        **fields(item, CANDIDATE),
        "actor_name": actor["name"]["S"],
        **fields(actor, OF_ACTOR),
        "conflicts": conflicts(part, actor),
        **fields(item, TIMES),
    }


def conflicts(part: Json, actor: Json) -> list[Json]:
    """Return the actor's other engagements on the days of a part."""
    if "engagements" not in actor or "work_start" not in part:
        return []
    engagements = [engagement["S"].split(" ") for engagement in actor["engagements"]["L"]]
    return [
        {"part_id": part_id, "work_start": first, "work_end": last}
        for first, last, part_id in engagements
        if part_id != part["id"]["S"]
        and first <= part["work_end"]["S"]
        and last >= part["work_start"]["S"]
    ]


def actor_key(item: Json) -> str:
    return f"ACTOR#{item['id']['S'].rpartition('.')[2]}"


def record(shown: Json, operation: str, changed: Json) -> Json:
    """Return the item that records a change in the history of a movie."""
    return {
        "pk": {"S": f"HISTORY#movie#{shown['id']}"},
        "sk": {"S": f"{shown['created_at']}{SEPARATOR}{shown['version']:08}"},
        "kind": {"S": "history"},
        "id": {"S": shown["id"]},
        "by": {"S": "auth0|producer"},
        "operation": {"S": operation},
        "changed": {"S": json.dumps(changed)},
        "created_at": {"S": shown["updated_at"]},
        "updated_at": {"S": shown["updated_at"]},
        "version": {"N": str(shown["version"])},
    }


def cursor(items: list[Json], limit: int, name: str) -> str | None:
    """Return the cursor of the next page, or None if `items` has no more than `limit`."""
    if len(items) <= limit:
        return None
    return base64.urlsafe_b64encode(items[limit - 1][name]["S"].encode()).decode()


def now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="microseconds")[:26] + "Z"


def plain(value: Json) -> Any:
    ((kind, content),) = value.items()
    if kind == "N":
        return int(content)
    if kind == "L":
        return [plain(part) for part in content]
    if kind == "M":
        return {name: plain(part) for name, part in content.items()}
    return None if kind == "NULL" else content


def typed(value: Any) -> Json:
    if isinstance(value, int):
        return {"N": str(value)}
    if isinstance(value, list):
        return {"L": [typed(part) for part in value]}
    return {"S": value}
