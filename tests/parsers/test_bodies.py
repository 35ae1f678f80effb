"""Request bodies, compared with the rules of the contract."""

import datetime
import json
import re
import string
import time
from typing import Any

import pytest
from chalice.app import Response
from hypothesis import assume, example, given
from hypothesis import strategies as st

from chalicelib.errors import (
    MESSAGES,
)
from chalicelib.http import body as http_body
from chalicelib.http.body import Body
from chalicelib.http.envelope import envelope
from chalicelib.routes.actors import NewActor
from chalicelib.routes.movies import MovieChanges, NewMovie
from tests.parsers.rules import (
    AGENT,
    BIRTH,
    DEFAULTS,
    GENRES,
    PAIRS,
    STATUSES,
    is_text,
    moment_in_utc,
    shape_of,
    trimmed,
    trimmed_all,
)
from tests.parsers.support import SECRET, SECRET_NUMBER, ask_for, seen, tried
from tests.parsers.test_json import edited, expected_of_json, json_values, written
from tests.support.routes import OPERATIONS

BODIES = [operation.declared.body for operation in OPERATIONS.values() if operation.declared.body]
SHAPES = {body_type: shape_of(body_type) for body_type in BODIES}
bodies = st.sampled_from(list(SHAPES))

blanks = st.text(" \t\n\r\x1f\x85\xa0\u2003\u3000\u200b\u2060\ufeff", max_size=4)
awkward = st.text(
    st.sampled_from(
        "a\u00e9e\u0301 \x00\x1f\x7f\x9f\u2028\u2029\u200d\u3164\u2800\u202e\U0001f3ac\ufdfa"
    )
    | st.characters(codec="utf-8"),
    max_size=8,
)
words = (
    st.tuples(blanks, awkward, blanks).map("".join)
    | st.tuples(
        st.sampled_from("a\u00e9\u3164\U0001f3ac\ufdfa "),
        st.sampled_from([50, 51, 64, 65, 200, 201, 300, 301, 500, 501]),
    ).map(lambda run: run[0] * run[1])
    | st.just(f"{SECRET}\x07")
    | st.just(SECRET * 40)
)
days = st.dates().map(str)
near_days = (
    st.sampled_from(["2023-02-29", "1900-02-29", "0000-01-01", "2001-4-25", "20010425"])
    | st.sampled_from(["2001-04-25T00:00:00Z", "2001-W17-3", "+2001-04-25", f"2001-04-{SECRET}"])
    | st.sampled_from(["\uff12\uff10\uff10\uff11-04-25", "2001-00-10", "2001-10-00", "10000-01-01"])
    | st.from_regex(r"[0-9]{4}-[01][0-9]-[0-3][0-9]", fullmatch=True)
    | st.tuples(blanks, days, blanks).map("".join)
)  # fmt: skip
today = datetime.datetime.now(datetime.UTC).date()
births = st.dates(today.replace(year=today.year - 149, day=1), today - datetime.timedelta(2)).map(
    str
)
near_births = st.integers(-400, 400).map(
    lambda number: str(today.replace(year=today.year - 151, day=1) + datetime.timedelta(number))
) | st.integers(1, 400).map(lambda number: str(today + datetime.timedelta(number)))
numbers = (
    st.integers(-2, 155)
    | st.integers(9_990, 10_010)
    | st.sampled_from([True, False, 5.0, 5.5, -0.0, 1e300, 2**63, -(2**64), 10**400, SECRET_NUMBER])
)
genders = st.sampled_from(["female", "male", "non-binary", "other", "undisclosed"])
ids = st.text(string.ascii_letters, min_size=1, max_size=64)
names = st.text(string.ascii_letters + " '\u00eb\u4e2d", min_size=1, max_size=12).filter(trimmed)

urls = st.sampled_from(
    ["https://a.b", "https://localhost:65535/?q=\u00e9#x", "https://a-b.c/d%20e"]
)
emails = st.sampled_from(["a@b.c", "zo\u00eb+x@m\u00fcller.example", "a" * 64 + "@b.c"])
phones = st.sampled_from(["+49 (0)30/123-45.6", "1234", "+" + "1" * 39])
languages = st.sampled_from(["en", "pt-BR", "zh-Hant", "sr-Latn-RS", "es-419", "yue"])
levels = st.sampled_from(["basic", "conversational", "fluent", "native"])
tags = st.sampled_from(["riding", " fencing ", "\u5263\u9053", "x" * 50])
early_days, late_days = (
    st.sampled_from([f"{year}-01-01", f"{year}-12-31"]) for year in (1999, 2000)
)
agents = st.fixed_dictionaries(
    {}, optional={"agency": names, "name": names | st.none(), "email": emails, "phone": phones}
)
ranges = st.fixed_dictionaries(
    {"from": early_days, "to": late_days, "kind": st.sampled_from(["free", "blocked"])}
)

texts = words.map(lambda text: f"a{text}"[:2_000]).filter(is_text)
offsets = st.sampled_from(["Z", "z", "+00:00", "-00:00", "+02:00", "-11:30", "+23:59", "+05:30"])
moments = st.tuples(
    days.filter(lambda day: "0002" < day < "9998"),
    st.sampled_from("Tt"),
    st.times().map(lambda time: time.isoformat("seconds")),
    st.sampled_from(["", ".5", ".123456", ".0000004", ".9999996"]),
    offsets,
).map("".join)
near_moments = st.tuples(
    st.sampled_from(["0001-12-31", "0002-01-02", "9998-12-30", "9999-01-01", "2023-02-29", SECRET]),
    st.sampled_from(["T", "t", " ", "_", ""]),
    st.sampled_from(["00:00:00", "23:59:59", "23:59:60", "24:00:00", "12:00", "12:00:00."]),
    st.sampled_from(["", ".9999999", ",5"]),
    offsets | st.sampled_from(["", "+24:00", "+02", "+0530", "+02:60", "-23:59"]),
).map("".join)

# Other fields have their example.
GOOD_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "title": names,
    "release_date": days | st.none(),
    "name": names,
    "gender": genders,
    "age": st.integers(0, 150),
    "date_of_birth": births,
    "movie_id": ids,
    "actor_id": ids,
    "character_name": names | st.none(),
    "billing_order": st.integers(1, 9_999) | st.none(),
    "active": st.booleans(),
    "actor_ids": st.lists(ids, min_size=1, max_size=25, unique=True),
    "audition_at": moments | st.none(),
    "description": texts | st.none(),
    "needed": st.integers(1, 80),
    "note": texts | st.none(),
    "part_type": st.sampled_from(["lead", "extra"]) | st.none(),
    "rating": st.integers(1, 6) | st.none(),
    "agent": agents | st.none(),
    "availability": st.lists(ranges, max_size=2),
    "email": emails | st.none(),
    "genres": st.lists(st.sampled_from(["drama", "war"]), unique=True) | st.none(),
    "headshot_url": urls,
    "languages": st.dictionaries(languages, levels, max_size=3),
    "notes": texts,
    "original_language": languages,
    "phone": phones,
    "playing_age_min": st.integers(0, 40) | st.none(),
    "playing_age_max": st.integers(40, 150),
    "shoot_end": late_days | st.none(),
    "shoot_start": early_days,
    "skills": st.lists(tags, unique=True, max_size=3),
    "unions": st.lists(tags, unique=True, max_size=3) | st.none(),
    "website": urls,
    "work_end": late_days,
    "work_start": early_days,
}
lists = (
    st.lists(tags | st.sampled_from(["drama", 1, "x" * 51, "", SECRET, None]), max_size=3)
    | st.lists(st.sampled_from(["drama", "a"]), min_size=2, max_size=3)
    | st.integers(7, 52).map(lambda length: [f"t{number}" for number in range(length)])
)
objects = (
    st.dictionaries(
        st.sampled_from(["en", "EN", "e", "de-de", "pt-BR", SECRET]), levels | st.just(SECRET)
    )
    | st.dictionaries(
        st.sampled_from(["agency", "email", "phone", "x"]), names | emails | st.just(SECRET)
    )
    | st.lists(
        st.fixed_dictionaries(
            {"kind": st.sampled_from(["free", "Free", SECRET])},
            optional={"from": late_days | st.just(SECRET), "to": early_days | late_days},
        ),
        min_size=1,
        max_size=2,
    )
)
near_texts = st.sampled_from(
    [
        *("http://a.b", "https://", "https://-a.b", "https://a.b:123456", "https://a.b/ c"),
        *("https://a.b/<", "HTTPS://a.b", "https://u@a.b", "https://a.b\\c", "a@b", "@b.c"),
        *("a@b.c@d.e", "a b@c.d", "a" * 65 + "@b.c", "a@b.", "123", "+1 2 3", "12-", "1" * 40),
        *("en-us", "EN", "english", "pt_BR", "en-US-x", "tt123456", "nm0000007", "tt0034583"),
        *("tt01234567890", "US", "us", "UK", "lead", "Lead", "casting", "\uff11\uff12\uff13\uff14"),
        *("open", "closed", "Open", "cast", "on_hold", "on hold", "released", "submitted"),
    ]
)
bad_genders = st.sampled_from(["Female", "", "unknown", SECRET, "male\x00", ["male"], "\uff2dale"])
values = (
    words
    | near_days
    | near_births
    | near_moments
    | numbers
    | bad_genders
    | json_values
    | lists
    | objects
    | near_texts
)
strange_names = (
    st.text(max_size=50)
    | st.sampled_from(["id", "version", "role_count", "created_at", "Title", "title ", "__proto__"])
    | st.sampled_from([SECRET * 7, f"{SECRET}!", f"{SECRET} ", f"{SECRET}\n", f"\u00e9{SECRET}"])
)


def good_values(body_type: type[Body], name: str) -> st.SearchStrategy[Any]:
    return GOOD_VALUES.get(name, st.just(body_type.example.get(name)))


@st.composite
def documents(draw: st.DrawFn, body_type: type[Body]) -> dict[str, Any]:
    """Bodies of this type: valid ones, and bodies with up to two mistakes."""
    shape = SHAPES[body_type]
    fields = [*shape.required, *shape.optional]
    left_out = draw(st.sets(st.sampled_from([*shape.optional, "nothing"])))
    if BIRTH.keys() <= shape.optional.keys() and draw(st.booleans()):
        left_out.add(draw(st.sampled_from(sorted(BIRTH))))
    document = {n: draw(good_values(body_type, n)) for n in fields if n not in left_out}
    for name in draw(st.lists(st.sampled_from(fields), max_size=2)):
        document[name] = draw(values)
    if draw(st.integers(0, 9)) == 0:
        document[draw(strange_names)] = draw(values)
    if document and draw(st.integers(0, 9)) == 0:
        del document[draw(st.sampled_from(sorted(document)))]
    return document


sent_documents = bodies.flatmap(lambda body: st.tuples(st.just(body), documents(body)))


def expected_of_body(body_type: type[Body], document: Any) -> dict[str, Any] | set[str]:
    """Return the fields of a valid body, or the words with which its rejection may begin."""
    shape = SHAPES[body_type]
    fields = shape.required | shape.optional
    if not isinstance(document, dict) or not document:
        return {"The"}
    if unknown := document.keys() - fields.keys():
        return {*unknown, "One"}
    values = {k: trimmed_all(v) for k, v in document.items()}
    wrong = {n for n, is_good in fields.items() if n in values and not is_good(values[n])}
    wrong |= shape.required.keys() - values.keys()
    for low, high in PAIRS.items():
        first, last = values.get(low), values.get(high)
        if not {low, high} & wrong and first is not None and last is not None and first > last:
            wrong.add(high)
    is_birth_known = values.get("date_of_birth") is not None
    needs_either = "date_of_birth" in values or body_type is NewActor
    if needs_either and (values.get("age") is not None if is_birth_known else "age" not in values):
        wrong.add("Send")
    if wrong:
        return wrong
    if shape.required:
        left_out = shape.optional.keys() - {"age"}
        values = {**dict.fromkeys(left_out), **DEFAULTS.get(body_type, {}), **values}
        values = {name: value for name, value in values.items() if name in fields}
    return {name: completed(name, value) for name, value in values.items()}


def completed(name: str, value: Any) -> Any:
    """Return a valid field's value with the members that were left out, in our order."""
    if name == "agent" and value is not None:
        return {member: value.get(member) for member in AGENT}
    if name == "audition_at" and value is not None:
        return moment_in_utc(value)
    if name == "availability" and value is not None:
        return [{member: days[member] for member in ("from", "to", "kind")} for days in value]
    return value


def sent(
    body_type: type[Body], body: bytes | None, media_type: str | None = None, encoded: bool = False
) -> tuple[int, Any]:
    """Return the response of a view that accepts this body: 200 and the fields, or the failure."""
    headers = {} if media_type is None else {"content-type": media_type}
    request = ask_for(method="POST", headers=headers, body=body, encoded=encoded)
    answer = envelope(
        request, lambda _: Response(http_body.fields_of(http_body.read(body_type)))
    ).to_dict()
    shown = json.loads(answer["body"])
    if answer["statusCode"] != 200:
        assert shown.keys() == {"success", "error", "message", "detail"}
        assert shown["error"] == answer["statusCode"] in (400, 413, 415, 422), shown
        assert shown["message"] == MESSAGES[shown["error"]]
        assert not shown["success"]
        # The name of an unknown field is quoted if it is short and plain.
        quoted = re.sub(r"[A-Za-z0-9_.-]{1,40} is not a field here", "", json.dumps(answer))
        assert SECRET not in quoted
        assert str(SECRET_NUMBER) not in quoted
        assert "`" not in shown["detail"], "msgspec's own words are for programmers"
    return answer["statusCode"], shown


def assert_judged(body_type: type[Body], document: Any, encoded: bool = False) -> None:
    """Send a body, and compare the response with the rules."""
    status, body = sent(body_type, json.dumps(document).encode(), encoded=encoded)
    expected = expected_of_body(body_type, document)
    if isinstance(expected, dict):
        assert (status, seen(sorted(body.items()))) == (200, seen(sorted(expected.items())))
        # The result can be sent again: nothing is left to trim.
        assert sent(body_type, json.dumps(body).encode()) == (200, body)
    else:
        # The rejection names the problem, and what was expected.
        assert status == 422, body
        assert re.search("expected|is missing|[Ss]end |must be", body["detail"]), body
        assert [word for word in expected if body["detail"].startswith(word)], body


@tried(125)
@given(sent_document=sent_documents, encoded=st.booleans())
def test_a_body_is_accepted_if_the_contract_says_so(
    sent_document: tuple[type[Body], dict[str, Any]], encoded: bool
) -> None:
    assert_judged(*sent_document, encoded)


EXAMPLES: dict[str, Any] = {
    "title": "Heat",
    "release_date": "1995-12-15",
    "name": "Al Pacino",
    "gender": "male",
    "movie_id": "M",
    "actor_id": "A",
}
FIELD_EDGES: list[Any] = [
    *("", " ", "\u200b", "\u3164", "\u2800", "\u0301", "\u200d", "\x00", "\u3164\u0301", "\ue000"),
    *("a", " a\u2060", "\x1fa\x85", "a\u200bb", "a\x00b", "a\x9fb", "a\u2028b", "a\u202eb"),
    *(
        text * length
        for text in ("a", "\U0001f3ac")
        for length in (50, 51, 64, 65, 200, 201, 300, 301, 500, 501, 2_000, 2_001)
    ),
    *("2024-02-29", "2023-02-29", "0001-01-01", "0000-01-01", "9999-12-31", " 1995-12-15\n"),
    *("1995-12-15T00:00:00Z", "19951215", "1995-1-2", "199\uff15-12-15", "male", " male ", "MALE"),
    *(str(today + datetime.timedelta(days)) for days in (-1, 0, 1)),
    *(str(today.replace(year=today.year - 151, day=1) + datetime.timedelta(n)) for n in range(32)),
    *(6, 7, 29, 30, 80, 81, 272, 273, 1_000, 1_001, 2_147_483_647, 2_147_483_648),
    *(-1, 0, 1, 150, 151, 9_999, 10_000, 2**63, 2**64, 10**400, True, False, 0.0, 5.0, 1e300),
    *(None, [], {}, [1], {"a": 1}, SECRET, SECRET * 40, SECRET_NUMBER, "5", "null"),
    *("en", "eng", "en-US", "en-Latn-US", "es-419", "e", "engl", "en-us", "en-USA", "en-"),
    *("https://a", "https://a.b:1/c?d#e", "http://a", "https://a:", "https://a:123456"),
    *(f"https://a/{'b' * length}" for length in (1_990, 1_991)),
    *("a@b.c", "a@b", "a@.c", "a@b.c.", "a@@b.c", "a" * 64 + "@b.c", "a" * 65 + "@b.c"),
    *(f"a@{'b' * length}.c" for length in (250, 251)),
    *("1234", "+1234", "123", "+123", "1" * 39, "1" * 40, "+" + "1" * 39, "1a23", "(123", "1 23)"),
    *("tt0034583", "nm0000007", "tt123456", "nm12345678901", "TT0034583", "US", "us", "XX", "GB"),
    *("casting", "released", "cast", "lead", "extra", "Lead", "line\nline", "tab\tstop", "a\vb"),
    *(["drama", "war"], ["drama", "drama"], ["a", " a "], ["a" * 50], ["a" * 51], [" "], [["a"]]),
    *([f"t{n}" for n in range(length)] for length in (8, 9, 25, 26, 30, 31)),
    *(["a" * 64], ["a" * 65], ["t", ""], "open", "closed", "Open", *STATUSES.split()),
    *(
        f"{day}T{time}{offset}"
        for day, time in (
            ("2027-02-01", "10:30:00"),
            ("2027-02-01", "10:30:60"),
            ("2027-02-01", "24:00:00"),
            ("2027-02-01", "10:30"),
            ("2027-02-01", "23:59:59.9999999"),
            ("2023-02-29", "10:30:00"),
            ("0001-12-31", "23:59:59"),
            ("0002-01-02", "00:00:00"),
            ("9998-12-30", "23:59:59.999999"),
            ("9999-01-01", "00:00:00"),
        )
        for offset in ("Z", "+00:01", "-00:01", "+23:59", "-23:59", "+24:00", "+0130", "+01", "")
    ),
    *(GENRES.split()[:length] for length in (8, 9)),
    *({"en": "native"}, {"en": " native "}, {"en": "Native"}, {" en": "native"}, {"en": None}),
    {f"a{x}{y}": "basic" for x in "abcdef" for y in "abcde"},
    {f"a{x}{y}": "basic" for x in "abcdefgh" for y in "abcd"},
    *({"agency": "A"}, {"agency": None}, {"email": "x"}, {"phone": "1234", "name": "N"}, {"x": 1}),
    *(
        [{"from": first, "to": last, "kind": kind}] * number
        for first, last, kind, number in (
            *(("2027-05-01", "2027-05-01", "free", n) for n in (1, 50, 51)),
            ("2027-05-02", "2027-05-01", "free", 1),
            ("2027-02-29", "2027-05-01", "free", 1),
            ("2027-05-01", "2027-05-02", "busy", 1),
        )
    ),
    *([{"from": "2027-05-01", "to": "2027-05-01"}], [{"kind": "free", "x": 1}], [None]),
]  # fmt: skip


@pytest.mark.parametrize("body_type", SHAPES)
def test_a_field_is_accepted_up_to_its_limit(body_type: type[Body]) -> None:
    shape = SHAPES[body_type]
    for name in [*shape.required, *shape.optional]:
        for value in FIELD_EDGES:
            whole = {n: EXAMPLES.get(n, body_type.example.get(n)) for n in shape.required}
            if body_type is NewActor and name not in BIRTH:
                whole["age"] = 55
            assert_judged(body_type, {**whole, name: value})


@pytest.mark.parametrize("length", [34, 40, 41, 50, 1_000])
@pytest.mark.parametrize("end", ["", "\n", "\u00e9", "`", " "])
def test_the_name_of_an_unknown_field_is_quoted_if_it_is_short_and_plain(
    length: int, end: str
) -> None:
    name = ("colour" * length)[: length - len(end)] + end
    _, body = sent(MovieChanges, json.dumps({name: 1, "title": "x"}).encode())
    assert (name in body["detail"]) == (length <= 40 and not end)
    fields = ", ".join(NewMovie.__struct_fields__)
    assert body["detail"].endswith(f" is not a field here: send {fields}.")


def test_the_name_of_an_unknown_field_is_not_a_secret() -> None:
    status, body = sent(MovieChanges, json.dumps({SECRET: SECRET}).encode())
    assert status == 422
    assert body["detail"].startswith(f"{SECRET} is not a field here")


@tried(30)
@given(body_type=bodies, value=json_values)
def test_json_that_is_not_a_body_is_rejected(body_type: type[Body], value: Any) -> None:
    fields = {*SHAPES[body_type].required, *SHAPES[body_type].optional}
    assume(not isinstance(value, dict) or not value.keys() & fields)
    assert sent(body_type, json.dumps(value).encode())[0] == 422


@tried(50)
@given(
    body_type=bodies,
    data=st.data(),
    room=st.sampled_from([0] * 9 + [65_536, 65_537]),
    encoded=st.booleans(),
)
def test_a_body_is_rejected_as_too_large_or_not_json_before_its_fields_are_checked(
    body_type: type[Body], data: st.DataObject, room: int, encoded: bool
) -> None:
    whole = written(documents(body_type))
    body = data.draw(whole | edited(whole) | st.binary(max_size=30)).ljust(room)
    status, answer = sent(body_type, body, encoded=encoded)
    if len(body) > 65_536:
        assert status == 413
        return
    try:
        expected = expected_of_body(body_type, expected_of_json(body))
    except ValueError:
        assert (status, answer["detail"]) == (400, "The request body must be JSON.")
    else:
        assert status == (200 if isinstance(expected, dict) else 422), answer


@tried(50)
@given(
    sent_document=sent_documents,
    begun=st.sampled_from(['"title": NaN', r'"\ud800": 1', '"a": {"b": 1, "b": 1}', '"a": 1e999']),
)
def test_a_body_with_invalid_json_in_it_is_rejected_whatever_else_it_holds(
    sent_document: tuple[type[Body], dict[str, Any]], begun: str
) -> None:
    body_type, document = sent_document
    assume(document)
    body = f"{{{begun}, {json.dumps(document)[1:]}"
    assert sent(body_type, body.encode())[0] == 400


@tried(100)
@given(
    media_type=st.none()
    | st.text(max_size=30)
    | st.tuples(
        st.sampled_from(["application/json", "Application/JSON", " application/json ", "text/json"])
        | st.sampled_from(["application/jsonp", "application/vnd.api+json", "*/*", ""]),
        st.lists(
            st.sampled_from(["charset=utf-8", " CharSet=UTF8 ", 'charset="utf-8"', "charset="])
            | st.sampled_from(["charset=latin-1", "charset=utf-16", "x=charset=utf-8", "", "v=1"]),
            max_size=3,
        ),
    ).map(lambda parts: ";".join([parts[0], *parts[1]]))
)
def test_a_body_is_read_only_as_json_in_utf_8(media_type: str | None) -> None:
    kind, *parameters = (media_type or "").lower().split(";")
    charsets = {p.strip().replace('"', "") for p in parameters if p.strip().startswith("charset=")}
    is_json = media_type is None or (
        kind.strip() == "application/json" and charsets <= {"charset=utf-8", "charset=utf8"}
    )
    assert sent(MovieChanges, b'{"title": "Heat"}', media_type)[0] == (200 if is_json else 415)


@tried(10)
@given(
    piece=st.sampled_from([" ", "\u200b", "a ", "\u3164", "\\", "\u0301", "[", '"', "\n", "1"]),
    ends=st.sampled_from(["", "a"]),
)
@example(piece=" ", ends="a")
def test_the_longest_text_is_checked_at_once(piece: str, ends: str) -> None:
    text = ends + piece * (60_000 // len(piece.encode())) + ends
    body = json.dumps({"title": text, "release_date": "x"}, ensure_ascii=False).encode()
    began = time.process_time()
    assert sent(NewMovie, body)[0] in (413, 422)
    # With a thousandth of it, an algorithm of quadratic time takes half a minute.
    assert time.process_time() - began < 2
