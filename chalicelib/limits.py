"""Every number that the contract promises, once."""

MAX_BODY = 64 * 1024
"""Bytes of a request body."""

DEFAULT_LIMIT, MAX_LIMIT = 20, 100
"""Items on one page of a list."""

MAX_CURSOR = 2_048
"""Characters of a cursor. It holds a sort key, which has at most 1,024 bytes (DynamoDB)."""

MAX_IDEMPOTENCY_KEY = 255
"""Characters of an Idempotency-Key."""

MAX_NAME = 200
"""Characters of a name."""

MAX_TITLE = 300
"""Characters of a movie's title."""

MAX_CHARACTER_NAME = 500
"""Characters of a role's character name: it lists every character that the actor plays."""

MAX_TEXT = 2_000
"""Characters of a synopsis, a description or a note."""

MAX_TAG = 50
"""Characters of a skill or a union."""

MAX_URL = 2_000
"""Characters of a URL."""

MAX_GENRES = MAX_UNIONS = 8
MAX_SKILLS = 30
MAX_LANGUAGES = 30
MAX_RANGES = 50
"""Ranges of dates in an actor's availability."""

MAX_RUNTIME = 1_000
"""Minutes."""

MIN_HEIGHT, MAX_HEIGHT = 30, 272
"""Centimetres. The tallest person measured was 272 cm."""

MAX_TMDB_ID = 2_147_483_647

MAX_ID = 64
"""Characters of an id in a body. The store decides whether it can be one of ours."""

MAX_AGE = 150
"""Years."""

MAX_BILLING_ORDER = 9_999
"""The last place in a movie's billing."""

SHOWN_ROLES = 100
"""Roles in the response that shows a movie or an actor."""

SHOWN_CANDIDATES = 100
"""Candidates in the response that shows a part."""

MAX_ADDED = 25
"""Actors in one request that adds candidates."""

MAX_ENGAGED = 80
"""Engaged candidates of a part, who are written together when its dates change; also `needed`."""

MAX_ENGAGEMENTS = 100
"""Engagements of an actor that have dates and are not over."""

MAX_ROLE_PARTS = 30
"""Parts that one role joins: DELETE of the role releases them in one transaction."""

MAX_CONFLICTS = 10
"""Conflicts that a candidate shows."""

MAX_SEARCH = 200
"""Characters of a search."""

MAX_TERMS = 95
"""Words and values by which a movie or actor can be found: one transaction writes all of them."""

MAX_VALUES = 8
"""Values of one filter in a request."""
