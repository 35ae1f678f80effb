"""The movies and actors of a run. Every field has a value."""

from typing import Any

BY = "auth0|producer"
MOVIES = 60
"""More than a page of 50, so that a list has a next page."""

ACTORS = 60
CAST = 50
CANDIDATES = 50
STATUS = "shortlisted"


def movie(number: int) -> dict[str, Any]:
    """Return the fields of a movie, as a POST sends them."""
    return {
        "title": f"The Harbour of Lanterns {number:03}",
        "release_date": f"{1950 + number}-11-26",
        "status": "released",
        "synopsis": "A cynical expatriate must choose between his love for a woman and the fight"
        f" of her husband, in a harbour from which nobody can leave. Version {number}.",
        "genres": ["drama", "romance", "war"],
        "runtime_minutes": 90 + number,
        "original_language": "en",
        "shoot_start": f"{1949 + number}-05-25",
        "shoot_end": f"{1949 + number}-08-03",
        "shoot_location": "Burbank, California",
        "director": "Michael Curtiz",
        "production_company": "Warner Bros. Pictures",
        "poster_url": f"https://images.example.com/posters/harbour-of-lanterns-{number}.jpg",
        "website": f"https://www.example.com/movies/harbour-of-lanterns-{number}",
        "imdb_id": f"tt{34583 + number:07}",
        "tmdb_id": 289 + number,
    }


def actor(number: int) -> dict[str, Any]:
    """Return the fields of an actor, as a POST sends them."""
    return {
        "name": f"Ingrid Lindström {number:03}",
        "gender": "female",
        "date_of_birth": f"{1950 + number % 50}-08-29",
        "stage_name": f"Inga L. {number}",
        "playing_age_min": 25 + number % 10,
        "playing_age_max": 40 + number % 10,
        "height_cm": 175,
        "languages": {"en": "fluent", "sv": "native", "fr": "conversational"},
        "skills": ["riding", "fencing", "piano"],
        "unions": ["SAG-AFTRA", "Equity"],
        "agent": {
            "agency": "Northern Talent",
            "name": "Karin Holm",
            "email": "karin.holm@example.com",
            "phone": "+46 8 123 456 78",
        },
        "email": f"ingrid.{number}@example.com",
        "phone": "+46 70 123 45 67",
        "headshot_url": f"https://images.example.com/headshots/ingrid-lindstrom-{number}.jpg",
        "base_city": "Stockholm",
        "base_country": "SE",
        "availability": [
            {"from": "2027-05-01", "to": "2027-05-31", "kind": "free"},
            {"from": "2027-09-01", "to": "2027-12-20", "kind": "blocked"},
        ],
        "imdb_id": f"nm{6 + number:07}",
        "tmdb_id": 4110 + number,
        "active": True,
        "notes": "Met at the festival in spring. Warm, quick, funny; prefers theatre in winter.",
    }
