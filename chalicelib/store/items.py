"""What the table stores: movies, actors, their roles, parts, and the candidates for each part.

A role is two items, one beside its movie and one beside its actor, so that each of them reads its
roles with one Query. A part and its candidates are one partition. Movies count their roles and
parts, actors their roles and candidacies, and parts their candidates by status.
"""

from typing import Any, ClassVar, NamedTuple

from pynamodb.expressions.condition import Condition

from chalicelib.errors import (
    ActorNotFound,
    ApiError,
    CandidateNotFound,
    MovieNotFound,
    PartNotFound,
    RoleNotFound,
)
from chalicelib.limits import MAX_AGE
from chalicelib.store import table, text
from chalicelib.store.attributes import (
    BooleanAttribute,
    IntegerAttribute,
    ListAttribute,
    MapAttribute,
    TextAttribute,
)
from chalicelib.store.resource import SK, Resource
from chalicelib.store.statuses import PartStatus, Status
from chalicelib.store.table import INDEXES, Item, Order
from chalicelib.store.text import START, fold, sorted_by

MOVIE, ACTOR, ROLE = "MOVIE#", "ACTOR#", "ROLE#"
PART, CANDIDATE = "PART#", "CANDIDATE#"
PARTS, CANDIDATES, CANDIDACIES = "PARTS#", "CANDIDATES#", "CANDIDACIES#"  # lists
UNBILLED = "9999"
BEST_RATING, UNRATED = 6, "9"


class Parent(Resource):
    """A movie or an actor. It counts its roles, and they show its name. It can be searched for."""

    role_count = IntegerAttribute(default=0)
    deleting = TextAttribute(null=True)  # since this time; from then on it is not found
    deleted_by = TextAttribute(null=True)  # the `sub` of the caller
    indexed = ListAttribute(null=True)  # the ids of `claims`, once its entries are written
    indexing = TextAttribute(null=True)  # the mark of an unfinished change of its entries
    indexing_keys = ListAttribute(null=True)  # of the entries that this change concerns
    renaming = TextAttribute(null=True)  # since this time, until all its roles show its name
    renamed = TextAttribute(null=True)  # the progress: `<role count> <seen> <sk of the last>`

    copied: ClassVar[tuple[str, ...]]
    """Its fields that its roles copy, on their other side."""

    own_list: ClassVar[tuple[str, str]]
    """The index of its own roles, and a sort key before all of them."""

    linked: ClassVar[str]
    """The attribute that counts what must be removed before its roles: parts or candidacies."""

    searched: ClassVar[tuple[str, ...]]
    """Its fields whose words can be searched for."""

    external_ids: ClassVar[tuple[str, ...]] = ("imdb_id", "tmdb_id")
    """Its fields that only one resource of this type can have with the same value."""

    facets_sorted_by: ClassVar[str]
    """The field by which the lists of its facets are sorted."""

    span_name: ClassVar[str]
    """The name of what `span` returns, and of the list that is sorted by it."""

    internal = frozenset(
        {"role_count", "deleting", "deleted_by", "renaming", "renamed"}
        | {"indexed", "indexing", "indexing_keys"}
    )

    @property
    def linked_count(self) -> int:
        return int(getattr(self, self.linked))

    @classmethod
    def has_no_links(cls) -> Condition:
        """Return the condition that it has no parts or candidacies."""
        attribute = getattr(cls, cls.linked)
        condition: Condition = attribute.does_not_exist() | (attribute == 0)
        return condition

    def in_role(self, role: "RoleItem") -> dict[str, Any]:
        """Return the attributes by which this role's item on the other side shows this parent."""
        raise NotImplementedError

    def facets(self) -> set[str]:
        """Return `<filter>=<value>` for each value that it can be filtered by, and an empty one."""
        raise NotImplementedError

    def facet_place(self) -> str:
        """Return the text by which the lists of each facet are sorted."""
        raise NotImplementedError

    def span(self) -> tuple[str, str] | None:
        """Return the lowest and highest text that a range in a filter can overlap."""
        raise NotImplementedError

    def starts(self) -> list[str]:
        """Return its folded names, from each start of a word on."""
        names = (getattr(self, name) for name in self.searched)
        return text.starts(name for name in names if name is not None)

    def claims(self) -> list[str]:
        """Return `<field>=<value>` for each of its external ids."""
        values = ((name, getattr(self, name)) for name in self.external_ids)
        return [f"{name}={value}" for name, value in values if value is not None]

    def unchanged(self) -> Condition:
        """Return the condition that it exists, and that the copied fields are as they were read."""
        condition: Condition = ALIVE
        for name in self.copied:
            attribute, value = getattr(type(self), name), getattr(self, name)
            condition &= attribute.does_not_exist() if value is None else attribute == value
        return condition

    def hidden(self) -> dict[str, Any]:
        """Return the attributes that move it from its lists to the head of its own list.

        A Query of its roles then finds that it is being deleted.
        """
        keys: dict[str, Any] = {f"{name}{key}": None for name in INDEXES for key in ("pk", "sk")}
        index, sort_key = self.own_list
        return {**keys, f"{index}pk": self.pk, f"{index}sk": sort_key}


ALIVE = Parent.pk.exists() & Parent.deleting.does_not_exist()


class Movie(Parent, discriminator="movie"):
    """A movie. Its roles copy its title and release date."""

    title = TextAttribute()
    release_date = TextAttribute(null=True)  # YYYY-MM-DD
    status = TextAttribute(null=True)
    synopsis = TextAttribute(null=True)
    genres = ListAttribute(null=True)
    runtime_minutes = IntegerAttribute(null=True)
    original_language = TextAttribute(null=True)
    shoot_start = TextAttribute(null=True)  # YYYY-MM-DD
    shoot_end = TextAttribute(null=True)  # YYYY-MM-DD
    shoot_location = TextAttribute(null=True)
    director = TextAttribute(null=True)
    production_company = TextAttribute(null=True)
    poster_url = TextAttribute(null=True)
    website = TextAttribute(null=True)
    imdb_id = TextAttribute(null=True)
    tmdb_id = IntegerAttribute(null=True)
    part_count = IntegerAttribute(default=0)

    prefix = MOVIE
    collection = "MOVIES"
    orders: ClassVar = {
        "title": Order("gsi1", sorted_by),
        "release_date": Order("gsi2", str, null=True),
    }
    ordered = (("shoot_start", "shoot_end"),)
    missing = MovieNotFound
    copied = ("title", "release_date")
    own_list = ("gsi1", SK)
    linked = "part_count"
    searched = ("title",)
    span_name = "release_date"
    facets_sorted_by = "release_date"
    internal = Parent.internal | {"part_count"}
    shown_elsewhere = frozenset({"title"})

    def in_role(self, _: "RoleItem") -> dict[str, Any]:
        return {
            "movie_title": self.title,
            "movie_release_date": self.release_date,
            # A filmography is read backwards: without a date, the movie comes last.
            "gsi2sk": table.sort_key(self.release_date or "", self.id),
        }

    def facets(self) -> set[str]:
        return {
            "",
            *([f"status={self.status}"] if self.status else []),
            *(f"genre={genre}" for genre in self.genres or ()),
            *(["undated=true"] if self.release_date is None else []),
        }

    def facet_place(self) -> str:
        return self.release_date or table.LAST

    def span(self) -> tuple[str, str] | None:
        return None if self.release_date is None else (self.release_date, self.release_date)


class Actor(Parent, discriminator="actor"):
    """An actor, with an age, a date of birth or neither. Their roles copy the name."""

    name = TextAttribute()
    gender = TextAttribute()
    age = IntegerAttribute(null=True)
    date_of_birth = TextAttribute(null=True)  # YYYY-MM-DD
    stage_name = TextAttribute(null=True)
    playing_age_min = IntegerAttribute(null=True)
    playing_age_max = IntegerAttribute(null=True)
    height_cm = IntegerAttribute(null=True)
    languages = MapAttribute(null=True)
    skills = ListAttribute(null=True)
    unions = ListAttribute(null=True)
    agent = MapAttribute(null=True)
    email = TextAttribute(null=True)
    phone = TextAttribute(null=True)
    headshot_url = TextAttribute(null=True)
    base_city = TextAttribute(null=True)
    base_country = TextAttribute(null=True)
    availability = ListAttribute(null=True)
    imdb_id = TextAttribute(null=True)
    tmdb_id = IntegerAttribute(null=True)
    active = BooleanAttribute(default=True)
    notes = TextAttribute(null=True)
    candidate_count = IntegerAttribute(default=0)
    engagements = ListAttribute(null=True)  # `<from> <to> <part id>`, if the part has dates
    engagement_version = IntegerAttribute(null=True)  # changes with `engagements`

    prefix = ACTOR
    collection = "ACTORS"
    orders: ClassVar = {"name": Order("gsi1", sorted_by)}
    ordered = (("playing_age_min", "playing_age_max"),)
    missing = ActorNotFound
    copied = ("name",)
    own_list = ("gsi2", "~")
    linked = "candidate_count"
    searched = ("name", "stage_name")
    span_name = "playing_age"
    facets_sorted_by = "name"
    internal = Parent.internal | {"candidate_count", "engagements", "engagement_version"}
    personal = frozenset({"date_of_birth", "email", "phone", "agent", "notes"})
    shown_elsewhere = frozenset(
        {"name", "playing_age_min", "playing_age_max", "headshot_url", "engagements"}
    )

    def in_role(self, role: "RoleItem") -> dict[str, Any]:
        return {
            "actor_name": self.name,
            "gsi1sk": cast_key(role.billing_order, self.name, self.id),
        }

    def facets(self) -> set[str]:
        return {
            "",
            f"gender={self.gender}",
            f"active={'true' if self.active else 'false'}",
            *(f"language={code}" for known in self.languages or () for code in _codes(known)),
            *(f"skill={fold(skill)}" for skill in self.skills or ()),
            *(f"union={fold(union)}" for union in self.unions or ()),
            *([f"country={self.base_country}"] if self.base_country else []),
        }

    def facet_place(self) -> str:
        return fold(self.name)[:START]

    def span(self) -> tuple[str, str] | None:
        low, high = self.playing_age_min, self.playing_age_max
        if low is None and high is None:
            return None
        return age_text(low or 0), age_text(MAX_AGE if high is None else high)

    def is_free(self, first: str, last: str) -> bool:
        """Return whether no blocked range overlaps these days. Days are free unless blocked."""
        return not any(
            days["kind"] == "blocked" and days["from"] <= last and days["to"] >= first
            for days in self.availability or ()
        )


def age_text(age: int) -> str:
    """Return an age as a text that sorts like the age."""
    return f"{age:03}"


def _codes(language: str) -> set[str]:
    """Return the codes by which a language is found: `pt-BR` is also `pt`."""
    return {language, language.partition("-")[0]}


class RoleItem(Item, discriminator="role"):
    """One of a role's two items. The id is `<movie id>.<actor id>`."""

    character_name = TextAttribute(null=True)
    billing_order = IntegerAttribute(null=True)
    role_type = TextAttribute(null=True)
    work_start = TextAttribute(null=True)  # YYYY-MM-DD
    work_end = TextAttribute(null=True)  # YYYY-MM-DD
    part_ids = ListAttribute(null=True)  # of its candidacies that are cast, in order
    is_cast = BooleanAttribute(null=True)  # casting has made it; it ends with its last part
    actor_name = TextAttribute(null=True)  # beside the movie
    movie_title = TextAttribute(null=True)  # beside the actor
    movie_release_date = TextAttribute(null=True)  # beside the actor

    ordered = (("work_start", "work_end"),)
    internal = frozenset({"is_cast", "actor_name", "movie_title", "movie_release_date"})

    @property
    def movie_id(self) -> str:
        return self.id.partition(".")[0]

    @property
    def actor_id(self) -> str:
        return self.id.partition(".")[2]


class Engagement(NamedTuple):
    """The days of an engagement. An actor lists them as `<from> <to> <part id>`."""

    work_start: str
    work_end: str
    part_id: str

    @classmethod
    def parse(cls, text: str) -> "Engagement":
        return cls(*text.split(" "))

    def __str__(self) -> str:
        return " ".join(self)


class PartItem(Resource, discriminator="part"):
    """A part of a movie. The id is `<movie id>.<id>`."""

    name = TextAttribute()
    description = TextAttribute(null=True)
    part_type = TextAttribute(null=True)
    billing_order = IntegerAttribute(null=True)
    gender = TextAttribute(null=True)
    playing_age_min = IntegerAttribute(null=True)
    playing_age_max = IntegerAttribute(null=True)
    languages = MapAttribute(null=True)
    skills = ListAttribute(null=True)
    unions = ListAttribute(null=True)
    work_start = TextAttribute(null=True)  # YYYY-MM-DD
    work_end = TextAttribute(null=True)  # YYYY-MM-DD
    needed = IntegerAttribute(default=1)
    closed = BooleanAttribute(null=True)
    candidate_count = IntegerAttribute(default=0)
    cast = IntegerAttribute(default=0)  # the number of candidates in this status, as below
    offered = IntegerAttribute(default=0)
    on_hold = IntegerAttribute(default=0)
    on_avail = IntegerAttribute(default=0)
    callback = IntegerAttribute(default=0)
    auditioning = IntegerAttribute(default=0)
    shortlisted = IntegerAttribute(default=0)
    backup = IntegerAttribute(default=0)
    submitted = IntegerAttribute(default=0)
    passed = IntegerAttribute(default=0)
    declined = IntegerAttribute(default=0)
    released = IntegerAttribute(default=0)
    engaged = ListAttribute(null=True)  # the ids of the actors who are engaged
    engagement_version = IntegerAttribute(null=True)  # changes with `engaged`
    replays = ListAttribute(null=True)  # of the last POSTs that added candidates
    deleting = TextAttribute(null=True)  # since this time; from then on it is not found
    deleted_by = TextAttribute(null=True)  # the `sub` of the caller

    prefix = PART
    orders: ClassVar = {}  # its lists have their own keys: see `listed`
    missing = PartNotFound
    ordered = (("playing_age_min", "playing_age_max"), ("work_start", "work_end"))
    internal = frozenset(
        {"closed", "candidate_count", "engaged", "engagement_version", "replays"}
        | {"deleting", "deleted_by"}
        | {status.value for status in Status}
    )
    shown_elsewhere = frozenset({"name", "work_start", "work_end"})

    movie: Movie | None = None
    """Its movie, once it has been read with it."""

    @classmethod
    def partition(cls, resource_id: str, missing: type[ApiError] | None = None) -> str:
        if not table.are_ids(resource_id, 2):
            raise (missing or cls.missing)()
        return cls.prefix + resource_id

    @property
    def movie_id(self) -> str:
        return self.id.partition(".")[0]

    @property
    def status(self) -> PartStatus:
        if self.closed:
            return PartStatus.CLOSED
        return PartStatus.CAST if self.cast >= self.needed else PartStatus.OPEN

    def derived(self) -> dict[str, Any]:
        # Whether it is cast follows from its candidates, whose history tells.
        return {"status": PartStatus.CLOSED if self.closed else PartStatus.OPEN}

    @property
    def counts(self) -> dict[str, int]:
        """Its candidates by status."""
        return {status.value: int(getattr(self, status)) for status in Status}

    @property
    def engagement(self) -> str | None:
        """What the actors who are engaged for it have in `engagements`, or None without dates."""
        if self.work_start is None and self.work_end is None:
            return None
        first, last = self.work_start or self.work_end, self.work_end or self.work_start
        return str(Engagement(first, last, self.id))

    def listed(self) -> dict[str, str]:
        part_id = self.id.partition(".")[2]
        billing = _billing(self.billing_order)
        by_status = {
            "gsi2pk": PARTS + self.status,
            "gsi2sk": table.sort_key(self.work_start or table.LAST, self.id),
        }
        return {
            "gsi1pk": PARTS + self.movie_id,
            "gsi1sk": table.sort_key(billing, sorted_by(self.name), part_id),
            # A part that is being deleted stays in its movie's list, whose deletion looks there.
            **({} if self.deleting else by_status),
        }


class CandidateItem(Item, discriminator="candidate"):
    """An actor who is considered for a part. The id is `<part id>.<actor id>`."""

    status = TextAttribute()
    status_since = TextAttribute()
    status_by = TextAttribute()  # the `sub` of the caller
    rating = IntegerAttribute(null=True)
    note = TextAttribute(null=True)
    audition_at = TextAttribute(null=True)  # RFC 3339 in UTC

    internal = frozenset({"status_since", "status_by"})

    part: PartItem | None = None
    actor: Actor | None = None
    movie: Movie | None = None
    """Its part, actor and movie, once they have been read with it."""

    @property
    def movie_id(self) -> str:
        return self.id.partition(".")[0]

    @property
    def part_id(self) -> str:
        return self.id.rpartition(".")[0]

    @property
    def actor_id(self) -> str:
        return self.id.rpartition(".")[2]

    def listed(self) -> dict[str, str]:
        """Return the attributes that put it into its lists."""
        _, part_id, actor_id = self.id.split(".")
        status = Status(self.status)
        rating = UNRATED if self.rating is None else str(BEST_RATING - self.rating)
        return {
            "gsi1pk": CANDIDATES + self.movie_id,
            "gsi1sk": table.sort_key(part_id, status.stage, rating, self.status_since, actor_id),
            "gsi2pk": CANDIDACIES + actor_id,
            "gsi2sk": table.sort_key(status.group, self.status_since, self.part_id),
        }


def candidate_key(
    candidate_id: str, missing: type[ApiError] = CandidateNotFound
) -> tuple[str, str]:
    """Return the key of a candidate. Raise `missing` if the text cannot be a candidate's id."""
    if not table.are_ids(candidate_id, 3):
        raise missing()
    part_id, _, actor_id = candidate_id.rpartition(".")
    return PART + part_id, CANDIDATE + actor_id


def role_keys(
    role_id: str, missing: type[ApiError] = RoleNotFound
) -> tuple[tuple[str, str], tuple[str, str]]:
    """Return the keys of a role's two items, beside the movie and beside the actor.

    Raise `missing` if the text cannot be a role's id.
    """
    movie_id, _, actor_id = role_id.partition(".")
    return (
        (table.key(MOVIE, movie_id, missing), table.key(ROLE, actor_id, missing)),
        (ACTOR + actor_id, ROLE + movie_id),
    )


def cast_key(billing_order: int | None, actor_name: str, actor_id: str) -> str:
    """Return the place in a movie's cast: in billing order, then the unbilled by name."""
    return table.sort_key(_billing(billing_order), sorted_by(actor_name), actor_id)


def _billing(billing_order: int | None) -> str:
    return UNBILLED if billing_order is None else f"{billing_order:04}"


def alive(item: Item | None) -> bool:
    """Return whether an item exists and is not being deleted."""
    return item is not None and not getattr(item, "deleting", None)


def found_parent(item: Item | None, missing: type[ApiError]) -> Parent:
    """Return the movie or actor that was read. Raise `missing` if it is none, or being deleted."""
    if not isinstance(item, Parent) or item.deleting:
        raise missing()
    return item
