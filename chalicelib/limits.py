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
"""Characters of a title or a name."""

MAX_ID = 64
"""Characters of an id in a body. The store decides whether it can be one of ours."""

MAX_AGE = 150
"""Years."""

MAX_BILLING_ORDER = 9_999
"""The last place in a movie's billing."""

SHOWN_ROLES = 100
"""Roles in the response that shows a movie or an actor."""
