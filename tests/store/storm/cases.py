"""Histories and counts that are possible and impossible, with the problems of each."""

from typing import Any

from chalicelib.store.statuses import Status
from tests.store.storm.fields import Fields
from tests.store.storm.history import EXISTS, ORIGIN, POSTED, History, Observation, Write

MOVIE, ACTOR, ROLE = "/movies/M", "/actors/A", "/roles/M.A"
PART, CANDIDATE = "/parts/M.P", "/candidates/M.P.A"

HISTORY_FIELDS = {
    "movies": ("title", "release_date"),
    "actors": ("name", "gender"),
    "roles": ("character_name", "billing_order"),
    "parts": ("name", "billing_order", "needed", "status"),
    "candidates": ("status", "note"),
}


def creation(ended: float = 1, lost: int = 0, **fields: Any) -> Write:
    return Write("somebody", ended - 1, ended, {EXISTS: True, **fields}, 1, lost)


def movie(ended: float = 1) -> Write:
    return creation(ended, title="Heat", release_date="1995-12-15")


def actor(ended: float = 1) -> Write:
    return creation(ended, name="Al Pacino", gender="male")


def role(ended: float, name: str = "Hanna", lost: int = 0) -> Write:
    return creation(ended, lost, character_name=name, billing_order=1, **{ORIGIN: POSTED})


def part(ended: float = 1) -> Write:
    return creation(ended, name="Neil", billing_order=2, needed=1, status="open")


def candidate(ended: float = 1, lost: int = 0) -> Write:
    return creation(ended, lost, status="submitted", note=None)


def change(sent: float, ended: float, done: int = 1, lost: int = 0, **fields: Any) -> Write:
    return Write("somebody", sent, ended, fields, done, lost)


def deletion(sent: float, ended: float, done: int = 1, lost: int = 0) -> Write:
    return Write("somebody", sent, ended, None, done, lost)


def shown(version: int = 1, **changes: Any) -> Fields:
    """Return the fields of a movie, an actor and a role in one, as the API shows them."""
    first = {"title": "Heat", "release_date": "1995-12-15", "name": "Al Pacino", "gender": "male"}
    first |= {"character_name": "Hanna"}
    return {**first, "billing_order": 1, "version": version, **changes}


def problems(
    writes: dict[str, list[Write]],
    final: dict[str, Fields],
    observations: dict[str, list[Observation]] | None = None,
) -> list[str]:
    history = History(HISTORY_FIELDS)
    for path, writes_to_path in writes.items():
        for write in writes_to_path:
            history.add_write(path, write)
    for path, observations_of_path in (observations or {}).items():
        for observation in observations_of_path:
            history.add_observation(path, observation)
    return [problem.splitlines()[0] for problem in history.problems(final)]


PARENTS = {MOVIE: [movie()], ACTOR: [actor()]}
FINAL_PARENTS = {MOVIE: shown(), ACTOR: shown()}

BOARD = {**PARENTS, PART: [part()], CANDIDATE: [candidate()]}
SHOWN_PART: Fields = {
    "name": "Neil",
    "billing_order": 2,
    "needed": 1,
    "status": "open",
    "version": 1,
    "candidate_count": 1,
    "counts": {**dict.fromkeys(Status, 0), "submitted": 1},
}
SHOWN_CANDIDATE: Fields = {
    "status": "submitted",
    "note": None,
    "version": 1,
    "part_id": "M.P",
}
CAST_PART = {**SHOWN_PART, "status": "cast"}
CAST_CANDIDATE = {**SHOWN_CANDIDATE, "status": "cast", "version": 2}
RELEASED = {**SHOWN_CANDIDATE, "status": "released", "version": 3}
CAST_ROLE = shown(character_name="Neil", billing_order=2)
FINAL_BOARD = {**FINAL_PARENTS, PART: SHOWN_PART, CANDIDATE: SHOWN_CANDIDATE}
CASTING = {**BOARD, CANDIDATE: [candidate(), change(2, 3, status="cast")]}
FINAL_CASTING = {**FINAL_PARENTS, PART: CAST_PART, CANDIDATE: CAST_CANDIDATE}
RELEASING = {**BOARD, CANDIDATE: [*CASTING[CANDIDATE], change(4, 5, status="released")]}
FINAL_RELEASING = {**FINAL_BOARD, CANDIDATE: RELEASED}

POSSIBLE: dict[str, tuple[dict[str, list[Write]], dict[str, Fields]]] = {
    "no writes": ({}, {}),
    "a creation": ({MOVIE: [movie()]}, {MOVIE: shown()}),
    "the later of two changes": (
        {MOVIE: [movie(), change(2, 3, title="A"), change(4, 5, title="B")]},
        {MOVIE: shown(3, title="B")},
    ),
    "either of two simultaneous changes": (
        {MOVIE: [movie(), change(2, 4, title="A"), change(3, 5, title="B")]},
        {MOVIE: shown(3, title="A")},
    ),
    "changes of different fields": (
        {MOVIE: [movie(), change(2, 3, title="A"), change(4, 5, release_date="2000-01-01")]},
        {MOVIE: shown(3, title="A", release_date="2000-01-01")},
    ),
    "a rejected change that was done": (
        {MOVIE: [movie(), change(2, 3, done=0, lost=1, title="A")]},
        {MOVIE: shown(2, title="A")},
    ),
    "a rejected change that was not done": (
        {MOVIE: [movie(), change(2, 3, done=0, lost=1, title="A")]},
        {MOVIE: shown()},
    ),
    "a retried change that was done twice": (
        {MOVIE: [movie(), change(2, 3, lost=1, title="A")]},
        {MOVIE: shown(3, title="A")},
    ),
    "a deletion": ({MOVIE: [movie(), deletion(2, 3)]}, {}),
    "a deletion whose response was lost, then 404": (
        {MOVIE: [movie(), deletion(2, 3, done=0, lost=1)]},
        {},
    ),
    "a change during the deletion": (
        {MOVIE: [movie(), deletion(2, 4), change(3, 5, title="A")]},
        {},
    ),
    "a role deleted with its movie": (
        {**PARENTS, MOVIE: [movie(), deletion(4, 5)], ROLE: [role(3)]},
        {ACTOR: shown()},
    ),
    "a role that was cast again": (
        {**PARENTS, ROLE: [role(3, "A"), deletion(4, 5), role(7, "B")]},
        {**FINAL_PARENTS, ROLE: shown(character_name="B")},
    ),
    "a role cast twice by one operation, deleted in between": (
        {**PARENTS, ROLE: [role(6, "A", lost=1), deletion(4, 5)]},
        {**FINAL_PARENTS, ROLE: shown(character_name="A")},
    ),
    "a candidate": (BOARD, FINAL_BOARD),
    "a candidate who was removed and added again": (
        {**BOARD, CANDIDATE: [candidate(), deletion(2, 3), candidate(5)]},
        FINAL_BOARD,
    ),
    "a candidate who was there already": (
        {**BOARD, CANDIDATE: [candidate(), Write("", 2, 3, {EXISTS: True}, confirms=True)]},
        FINAL_BOARD,
    ),
    "a candidate removed with the part": (
        {**BOARD, PART: [part(), deletion(2, 3)]},
        FINAL_PARENTS,
    ),
    "a candidate and a part removed with the movie": (
        {**BOARD, MOVIE: [movie(), deletion(2, 3)]},
        {ACTOR: shown()},
    ),
    "a role created by casting": (CASTING, {**FINAL_CASTING, ROLE: CAST_ROLE}),
    "a role created by casting, whose request was rejected in the end": (
        {**BOARD, CANDIDATE: [candidate(), change(2, 3, 0, 1, status="cast")]},
        {**FINAL_CASTING, ROLE: CAST_ROLE},
    ),
    "a role created by casting, with a name from a simultaneous change of the part": (
        {**CASTING, PART: [part(), change(2, 4, name="Vincent")]},
        {
            **FINAL_CASTING,
            PART: {**CAST_PART, "name": "Vincent", "version": 2},
            ROLE: {**CAST_ROLE, "character_name": "Vincent"},
        },
    ),
    "a role created by casting and changed": (
        {**CASTING, ROLE: [change(4, 5, character_name="Hanna")]},
        {**FINAL_CASTING, ROLE: {**CAST_ROLE, "character_name": "Hanna"}},
    ),
    "a role deleted by releasing": (RELEASING, FINAL_RELEASING),
    "a role deleted with its part": (
        {**CASTING, PART: [part(), deletion(4, 5)]},
        FINAL_PARENTS,
    ),
    "a role that was there before casting, and stays": (
        {**RELEASING, ROLE: [role(1.5)]},
        {**FINAL_RELEASING, ROLE: shown()},
    ),
    "a candidate released by the deletion of the role": (
        {**CASTING, ROLE: [deletion(4, 5)]},
        FINAL_RELEASING,
    ),
}

IMPOSSIBLE: dict[str, tuple[dict[str, list[Write]], dict[str, Fields], list[str]]] = {
    "an acknowledged change that is missing": (
        {MOVIE: [movie(), change(2, 3, title="A")]},
        {MOVIE: shown(2)},
        ["/movies/M: title was 'Heat' (final state, inf to inf)"],
    ),
    "an acknowledged change of one field that is missing": (
        {MOVIE: [movie(), change(2, 3, title="A"), change(4, 5, release_date="2000-01-01")]},
        {MOVIE: shown(3, release_date="2000-01-01")},
        ["/movies/M: title was 'Heat' (final state, inf to inf)"],
    ),
    "an overwritten value": (
        {MOVIE: [movie(), change(2, 3, title="A"), change(4, 5, title="B")]},
        {MOVIE: shown(3, title="A")},
        ["/movies/M: title was 'A' (final state, inf to inf)"],
    ),
    "a value that only a rejected change overwrote": (
        {MOVIE: [movie(), change(2, 3, title="A"), change(4, 5, 0, 1, title="B")]},
        {MOVIE: shown(2)},
        ["/movies/M: title was 'Heat' (final state, inf to inf)"],
    ),
    "a value that nobody wrote": (
        {MOVIE: [movie()]},
        {MOVIE: shown(title="A")},
        ["/movies/M: title was 'A' (final state, inf to inf)"],
    ),
    "a movie that is missing": (
        {MOVIE: [movie()]},
        {},
        [
            "/movies/M: exists was '(deleted)' (final state, inf to inf)",
            "/movies/M: created 1 to 1 times, deleted 0 to 0 times, exists 0 times",
        ],
    ),
    "a movie that exists after its deletion": (
        {MOVIE: [movie(), deletion(2, 3)]},
        {MOVIE: shown()},
        [
            "/movies/M: exists was True (final state, inf to inf)",
            "/movies/M: title was 'Heat' (final state, inf to inf)",
            "/movies/M: release_date was '1995-12-15' (final state, inf to inf)",
            "/movies/M: created 1 to 1 times, deleted 1 to 1 times, exists 1 times",
        ],
    ),
    "a movie that was created twice": (
        {MOVIE: [movie()]},
        {MOVIE: shown(), "/movies/N": shown()},
        [
            "/movies/N: exists was True (final state, inf to inf)",
            "/movies/N: title was 'Heat' (final state, inf to inf)",
            "/movies/N: release_date was '1995-12-15' (final state, inf to inf)",
            "/movies/N: created 0 to 0 times, deleted 0 to 0 times, exists 1 times",
        ],
    ),
    "a movie that was deleted twice": (
        {MOVIE: [movie(), deletion(2, 4), deletion(3, 5)]},
        {},
        ["/movies/M: created 1 to 1 times, deleted 2 to 2 times, exists 0 times"],
    ),
    "a change that was done twice": (
        {MOVIE: [movie(), change(2, 3, title="A")]},
        {MOVIE: shown(3, title="A")},
        ["/movies/M: version 3, not 2 to 2"],
    ),
    "a change that did not increase the version": (
        {MOVIE: [movie(), change(2, 3, title="A")]},
        {MOVIE: shown(1, title="A")},
        ["/movies/M: version 1, not 2 to 2"],
    ),
    "a role that exists after the deletion of its movie": (
        {**PARENTS, MOVIE: [movie(), deletion(4, 5)], ROLE: [role(3)]},
        {ACTOR: shown(), ROLE: shown()},
        [
            "/roles/M.A: exists was True (final state, inf to inf)",
            "/roles/M.A: character_name was 'Hanna' (final state, inf to inf)",
            "/roles/M.A: billing_order was 1 (final state, inf to inf)",
        ],
    ),
    "a role with a value from before its deletion": (
        {**PARENTS, ROLE: [role(3, "A"), deletion(4, 5), role(7, "B")]},
        {**FINAL_PARENTS, ROLE: shown(character_name="A")},
        ["/roles/M.A: character_name was 'A' (final state, inf to inf)"],
    ),
    "a role that was created twice": (
        {**PARENTS, ROLE: [role(3), role(3.5)]},
        {**FINAL_PARENTS, ROLE: shown()},
        ["/roles/M.A: created 2 to 2 times, deleted 0 to 0 times, exists 1 times"],
    ),
    "a role that was deleted twice": (
        {**PARENTS, ROLE: [role(3), deletion(4, 6), deletion(5, 7)]},
        FINAL_PARENTS,
        ["/roles/M.A: created 1 to 1 times, deleted 2 to 2 times, exists 0 times"],
    ),
    "an acknowledged note that is missing": (
        {**BOARD, CANDIDATE: [candidate(), change(2, 3, note="Warm")]},
        {**FINAL_BOARD, CANDIDATE: {**SHOWN_CANDIDATE, "version": 2}},
        ["/candidates/M.P.A: note was None (final state, inf to inf)"],
    ),
    "an acknowledged status that is missing": (
        CASTING,
        {**FINAL_CASTING, CANDIDATE: {**CAST_CANDIDATE, "status": "submitted"}, ROLE: CAST_ROLE},
        ["/candidates/M.P.A: status was 'submitted' (final state, inf to inf)"],
    ),
    "a change of a candidate that was done twice": (
        {**BOARD, CANDIDATE: [candidate(), change(2, 3, note="Warm")]},
        {**FINAL_BOARD, CANDIDATE: {**SHOWN_CANDIDATE, "note": "Warm", "version": 3}},
        ["/candidates/M.P.A: version 3, not 2 to 2"],
    ),
    "a candidate who is missing": (
        BOARD,
        {**FINAL_PARENTS, PART: SHOWN_PART},
        [
            "/candidates/M.P.A: exists was '(deleted)' (final state, inf to inf)",
            "/candidates/M.P.A: created 1 to 1 times, deleted 0 to 0 times, exists 0 times",
        ],
    ),
    "a candidate who was there already, and is missing": (
        {**BOARD, CANDIDATE: [candidate(), deletion(2, 3), candidate(5), deletion(6, 7)]}
        | {CANDIDATE: [Write("", 8, 9, {EXISTS: True}, confirms=True)]},
        {**FINAL_PARENTS, PART: SHOWN_PART},
        ["/candidates/M.P.A: exists was '(deleted)' (final state, inf to inf)"],
    ),
    "a candidate who exists after the deletion of the part": (
        {**BOARD, PART: [part(), deletion(2, 3)]},
        {**FINAL_PARENTS, CANDIDATE: SHOWN_CANDIDATE},
        [
            "/candidates/M.P.A: exists was True (final state, inf to inf)",
            "/candidates/M.P.A: status was 'submitted' (final state, inf to inf)",
            "/candidates/M.P.A: note was None (final state, inf to inf)",
        ],
    ),
    "a part with an acknowledged change that is missing": (
        {**BOARD, PART: [part(), change(2, 3, needed=2)]},
        {**FINAL_BOARD, PART: {**SHOWN_PART, "version": 2}},
        ["/parts/M.P: needed was 1 (final state, inf to inf)"],
    ),
    "a role that nobody cast": (
        BOARD,
        {**FINAL_BOARD, ROLE: CAST_ROLE},
        [
            "/roles/M.A: exists was True (final state, inf to inf)",
            "/roles/M.A: character_name was 'Neil' (final state, inf to inf)",
            "/roles/M.A: billing_order was 2 (final state, inf to inf)",
            "/roles/M.A: created 0 to 0 times, deleted 0 to 0 times, exists 1 times",
        ],
    ),
    "a role with an old name of its part": (
        {**BOARD, PART: [part(), change(1.2, 1.4, name="Vincent")]}
        | {CANDIDATE: CASTING[CANDIDATE]},
        {
            **FINAL_CASTING,
            PART: {**CAST_PART, "name": "Vincent", "version": 2},
            ROLE: CAST_ROLE,
        },
        ["/roles/M.A: character_name was 'Neil' (final state, inf to inf)"],
    ),
    "a change of a role created by casting that is missing": (
        {**CASTING, ROLE: [change(4, 5, character_name="Hanna")]},
        {**FINAL_CASTING, ROLE: CAST_ROLE},
        ["/roles/M.A: character_name was 'Neil' (final state, inf to inf)"],
    ),
    "a role that was there before casting, deleted by releasing": (
        {**RELEASING, ROLE: [role(1.5)]},
        FINAL_RELEASING,
        [
            "/roles/M.A: exists was '(deleted)' (final state, inf to inf)",
            "/roles/M.A: created 1 to 1 times, deleted 0 to 0 times, exists 0 times",
        ],
    ),
    "a role deleted by releasing somebody who was never cast": (
        {**BOARD, CANDIDATE: [candidate(), change(2, 3, status="on_hold")]} | {ROLE: [role(1.5)]},
        {**FINAL_BOARD, CANDIDATE: {**CAST_CANDIDATE, "status": "on_hold"}},
        [
            "/roles/M.A: exists was '(deleted)' (final state, inf to inf)",
            "/roles/M.A: created 1 to 1 times, deleted 0 to 0 times, exists 0 times",
        ],
    ),
    "a release that nobody wrote": (
        CASTING,
        {**FINAL_RELEASING, CANDIDATE: {**RELEASED, "version": 2}},
        ["/candidates/M.P.A: status was 'released' (final state, inf to inf)"],
    ),
}


# Counts


def counted(**changes: Fields) -> dict[str, Fields]:
    """Return a movie with a part for one person, and an actor who is cast in it.

    `changes` are by the singular of the collection.
    """
    final: dict[str, Fields] = {
        MOVIE: {"role_count": 1, "part_count": 1},
        ACTOR: {"role_count": 1, "candidate_count": 1},
        ROLE: {"part_ids": ["M.P"]},
        PART: {**CAST_PART, "counts": {**dict.fromkeys(Status, 0), "cast": 1}},
        CANDIDATE: CAST_CANDIDATE,
    }
    empty: Fields = {}
    return {path: {**f, **changes.get(path.split("s/")[0][1:], empty)} for path, f in final.items()}


def cast_twice() -> dict[str, Fields]:
    part: Fields = {"counts": {**dict.fromkeys(Status, 0), "cast": 2}, "candidate_count": 2}
    return {
        **counted(movie={"role_count": 2}, part=part),
        "/actors/B": {"role_count": 1, "candidate_count": 1},
        "/roles/M.B": {"part_ids": ["M.P"]},
        "/candidates/M.P.B": CAST_CANDIDATE,
    }


WRONG_COUNTS: dict[str, tuple[dict[str, Fields], list[str]]] = {
    "two people cast into a part that needs one": (
        cast_twice(),
        ["/parts/M.P: 2 people are cast, but 1 are needed"],
    ),
    "a wrong count of roles": (
        counted(movie={"role_count": 2}),
        ["/movies/M: role_count is 2, not 1"],
    ),
    "a wrong count of parts": (
        counted(movie={"part_count": 0}),
        ["/movies/M: part_count is 0, not 1"],
    ),
    "a wrong count of candidacies": (
        counted(actor={"candidate_count": 2}),
        ["/actors/A: candidate_count is 2, not 1"],
    ),
    "a wrong count of candidates": (
        counted(part={"candidate_count": 2}),
        [
            "/parts/M.P: candidate_count is 2, not 1",
            "/parts/M.P: candidate_count is 2, not 1",
        ],
    ),
    "a wrong count of a status": (
        counted(part={"counts": {**dict.fromkeys(Status, 0), "offered": 1}}),
        [
            "/parts/M.P: it is cast, but 0 people of 1 are cast",
            "/parts/M.P: 0 are cast, not 1",
            "/parts/M.P: 1 are offered, not 0",
        ],
    ),
    "a full part that is open": (
        counted(part={"status": "open"}),
        ["/parts/M.P: it is open, but 1 people of 1 are cast"],
    ),
    "a role without its part": (
        counted(role={"part_ids": []}),
        ["/roles/M.A: its parts are [], not ['M.P']"],
    ),
    "somebody who is cast without a role": (
        {path: f for path, f in counted().items() if path != ROLE},
        [
            "/movies/M: role_count is 1, not 0",
            "/actors/A: role_count is 1, not 0",
            "/roles/M.A: it does not exist, but its actor is cast in ['M.P']",
        ],
    ),
}
