"""Search: words of titles and names, in every script."""

import pytest

from tests.support.client import Client, assert_failure

FOUND = [
    ("The Potter's Field", ["pot", "FIELD", "potter's f", "potters", "the field", "s"]),
    ("O'Hara", ["hara", "ohara", "o'hara", "O\u2019HARA"]),
    ("Łucja Żółć", ["lucja", "zolc", "ŁUCJA", "żolc luc"]),
    ("Æon Flux", ["aeon", "æon", "flu"]),
    ("İstanbul", ["istanbul", "ISTANBUL", "İst"]),
    ("Weiß", ["weiss", "WEISS", "weiß"]),
    ("千と千尋の神隠し", ["千尋", "神", "千と"]),
    ("ガンダム", ["ガンダム", "ダム"]),
    ("김민준", ["김", "민준"]),
    ("สมชาย ใจดี", ["สม", "ใจ", "ชาย"]),
    ("مُحَمَّد علي", ["محمد", "علي", "مُحَمَّد"]),
    ("שָׁלוֹם", ["שלום", "של"]),
    ("Александр Невский", ["александр", "Нев"]),
    ("Ἀλέξανδρος", ["αλεξ", "ἈΛΈΞ"]),
    ("हिन्दी मीडियम", ["हिन्दी", "मीडि"]),
    ("#Alive", ["alive", "#alive"]),
    ("(500) Days of Summer", ["500", "(500", "days sum"]),
    ("9", ["9"]),
    ("…", ["…", "..."]),
    ("?", ["?"]),
    ("$", ["$"]),
    ("↑", ["↑"]),
    ("100%", ["100%", "100"]),
    ("A*P*E", ["a p e", "*a"]),
]


@pytest.mark.parametrize(("title", "searches"), FOUND, ids=[title for title, _ in FOUND])
def test_a_title_is_found_by_words_that_begin_its_words(
    producer: Client, title: str, searches: list[str]
) -> None:
    movie_id = producer.new_movie(title)
    for search in searches:
        found = producer.get("/movies", search=search)["movies"]
        assert [movie["id"] for movie in found] == [movie_id], search


@pytest.mark.parametrize(
    ("title", "search"),
    [
        ("The Potter's Field", "otter"),
        ("The Potter's Field", "potter x"),
        ("Heat", "%"),
        ("Heat", "*"),
        ("Heat", "h_at"),
        ("Heat", "Heats"),
        ("東京物語", "京東"),
        ("?", "??"),
        ("$9.99", "$"),
    ],
)
def test_a_title_is_not_found_by_other_words(producer: Client, title: str, search: str) -> None:
    producer.new_movie(title)
    response = producer.get("/movies", search=search)
    assert response.status == 200
    assert (response["movies"], response["next_cursor"]) == ([], None)


def test_an_actor_is_found_by_the_name_and_the_stage_name(producer: Client) -> None:
    actor_id = producer.new_actor("Marion Morrison", stage_name="John Wayne")
    for search in ("mor", "wayne", "john marion"):
        assert [a["id"] for a in producer.get("/actors", search=search)["actors"]] == [actor_id]


def test_the_first_24_words_of_a_name_can_be_found(producer: Client) -> None:
    words = [f"word{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"]
    movie_id = producer.new_movie(" ".join(words))
    for word in words[:24]:
        assert [m["id"] for m in producer.get("/movies", search=word)["movies"]] == [movie_id]
    assert producer.get("/movies", search=words[24])["movies"] == []
    every_word = producer.get("/movies", search=" ".join(words[:24])[:200])
    assert [movie["id"] for movie in every_word["movies"]] == [movie_id]


@pytest.mark.parametrize("limit", [1, 2, 100])
def test_who_matches_by_several_words_is_listed_once(producer: Client, limit: int) -> None:
    names = ["Mary Maryson", "Marion Mara Marx", "Max Mar", "Ann Mara"]
    ids = {producer.new_actor(name) for name in names}
    for search in ("ma", "mar", "m", "mar ma"):
        pages = list(producer.pages("/actors", "actors", limit=limit, search=search))
        listed = [actor["id"] for page in pages for actor in page]
        assert sorted(listed) == sorted(ids), search


@pytest.mark.parametrize(
    ("search", "detail"),
    [
        ("", "search: expected some text, not an empty string."),
        ("  \t ", "search: expected some text, not an empty string."),
        ("a\0b", "search: expected text without control characters."),
        ("x" * 201, "search: expected at most 200 characters."),
        ("\u0301", "search: expected some text, not an empty string."),
    ],
    ids=["empty", "spaces", "NUL", "201 characters", "an accent"],
)
def test_a_search_for_nothing_or_too_much_is_rejected(
    producer: Client, search: str, detail: str
) -> None:
    for path in ("/movies", "/actors"):
        response = producer.get(path, search=search)
        assert_failure(response, 422)
        assert response["detail"] == detail


@pytest.mark.parametrize(
    "search", ["x" * 200, "x " * 100, " ".join("abcdefghijklmnopqrstuvwxyz" * 4)[:200]]
)
def test_a_search_of_200_characters_is_answered(producer: Client, search: str) -> None:
    producer.new_movie("Heat")
    assert producer.get("/movies", search=search.ljust(200, "y"))["movies"] == []


def test_a_change_is_found_by_the_next_request(producer: Client) -> None:
    actor_id = producer.new_actor("Norma Jeane", skills=["riding"])
    producer.patch(f"/actors/{actor_id}", {"name": "Marilyn Monroe", "skills": ["singing"]})
    for filters, expected in (
        ({"search": "norma"}, []),
        ({"search": "monroe"}, [actor_id]),
        ({"skill": "riding"}, []),
        ({"skill": "singing"}, [actor_id]),
    ):
        assert [a["id"] for a in producer.get("/actors", **filters)["actors"]] == expected
    producer.delete(f"/actors/{actor_id}")
    assert producer.get("/actors", search="monroe")["actors"] == []


def test_personal_data_cannot_be_searched_for(producer: Client) -> None:
    producer.new_actor("Greta", notes="secretive", email="garbo@example.com", phone="555 0100",
                       agent={"name": "Schenck"})  # fmt: skip
    for search in ("secretive", "garbo", "555", "schenck"):
        assert producer.get("/actors", search=search)["actors"] == []
