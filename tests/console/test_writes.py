"""What a write says when it fails, conflicts, is repeated, or takes long."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, Route, expect

from tests.conftest import Product, copy_of
from tests.support import desk
from tests.support.client import Client
from tests.support.desk import Person

pytestmark = pytest.mark.slow


def edit_movie(person: Person, movie_id: str) -> Locator:
    person.go(f"/movies/{movie_id}/details")
    person.page.keyboard.press("e")
    form = person.dialog(re.compile("^Change"))
    expect(form).to_be_visible()
    return form


def test_a_422_is_shown_at_its_field_and_loses_nothing(director: Person, api: Client) -> None:
    form = edit_movie(director, api.new_movie("The Field"))
    form.get_by_label("Director").fill("Ann")
    form.get_by_label("IMDb id").fill("nonsense")
    form.get_by_role("button", name="Save").click()
    field = form.get_by_label("IMDb id")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_be_focused()
    expect(form).to_contain_text("tt and 7 to 10 digits")
    expect(form.get_by_label("Director")).to_have_value("Ann")
    field.fill("")
    form.get_by_role("button", name="Save").click()
    expect(form).to_have_count(0)
    director.says("Ann")


def test_two_people_who_change_the_same_movie_see_both_versions(
    sit_down: Callable[..., Person], api: Client
) -> None:
    movie = api.new_movie("The Conflict")
    one, two = sit_down("director"), sit_down("producer")
    first, second = edit_movie(one, movie), edit_movie(two, movie)
    first.get_by_label("Director").fill("Ann")
    first.get_by_label("Production company").fill("Ann's company")
    first.get_by_role("button", name="Save").click()
    expect(first).to_have_count(0)
    second.get_by_label("Director").fill("Bea")
    second.get_by_label("Place of shooting").fill("Łódź")
    second.get_by_role("button", name="Save").click()
    table = second.get_by_role("table", name="Both versions")
    expect(table.get_by_role("row", name="Director")).to_contain_text("Ann")
    expect(table.get_by_role("row", name="Director")).to_contain_text("Bea")
    save = second.get_by_role("button", name="Save these")
    expect(save).to_be_disabled()  # nobody has chosen the director yet
    assert api.movie(movie)["director"] == "Ann"
    table.get_by_role("row", name="Director").get_by_label("Bea").check()
    save.click()
    expect(second).to_have_count(0)
    saved = api.movie(movie)
    assert saved["director"] == "Bea"
    assert saved["production_company"] == "Ann's company"
    assert saved["shoot_location"] == "Łódź"


def test_every_change_names_the_version_that_was_read(director: Person, api: Client) -> None:
    seen: list[tuple[str, dict[str, str]]] = []
    director.page.on("request", lambda request: seen.append((request.method, request.headers)))
    form = edit_movie(director, api.new_movie("The Version"))
    form.get_by_label("Director").fill("Ann")
    form.get_by_role("button", name="Save").click()
    expect(form).to_have_count(0)
    changes = [headers for method, headers in seen if method == "PATCH"]
    assert [headers["if-match"] for headers in changes] == ['"1"']


def test_a_double_click_adds_one(sit_down: Callable[..., Person], api: Client) -> None:
    producer = sit_down("producer", at="/movies")
    producer.page.keyboard.press("n")
    form = producer.dialog(re.compile("^Add"))
    form.get_by_label("Title").fill("The Double Click")
    form.get_by_role("button", name="Add").dblclick()
    expect(form).to_have_count(0)
    assert len(api.get("/movies", search="The Double Click")["movies"]) == 1


def test_a_lost_response_is_sent_again_and_adds_one(
    sit_down: Callable[..., Person], api: Client
) -> None:
    producer = sit_down("producer", at="/movies")
    keys: list[str] = []

    def lose_the_first(route: Route) -> None:
        if route.request.method != "POST":
            route.continue_()
            return
        keys.append(route.request.headers["idempotency-key"])
        response = route.fetch()
        if len(keys) == 1:
            route.abort("connectionreset")
        else:
            route.fulfill(response=response)

    producer.page.route("**/movies", lose_the_first)
    producer.page.keyboard.press("n")
    form = producer.dialog(re.compile("^Add"))
    form.get_by_label("Title").fill("The Lost Response")
    form.get_by_role("button", name="Add").click()
    expect(form).to_contain_text("cannot be reached")
    form.get_by_role("button", name="Add").click()
    expect(form).to_have_count(0)
    assert len(keys) == 2
    assert len(set(keys)) == 1
    assert len(api.get("/movies", search="The Lost Response")["movies"]) == 1
    producer.problems.clear()  # Chromium reports the connection that the test has cut


@pytest.mark.parametrize("status", [429, 503])
def test_a_busy_service_is_waited_for(director: Person, api: Client, status: int) -> None:
    movie = api.new_movie("The Busy Service")
    form = edit_movie(director, movie)
    calls: list[int] = []

    def be_busy_once(route: Route) -> None:
        if route.request.method == "PATCH" and not calls:
            calls.append(status)
            headers = {"Retry-After": "2", "Content-Type": "application/json"}
            route.fulfill(status=status, headers=headers, body="{}")
        else:
            route.continue_()

    director.page.route("**/movies/*", be_busy_once)
    form.get_by_label("Director").fill("Ann")
    form.get_by_role("button", name="Save").click()
    director.says("The casting service is busy. Trying again in 2 s")
    expect(form).to_have_count(0)
    assert api.movie(movie)["director"] == "Ann"


def test_a_409_says_what_stands_in_the_way(director: Person, api: Client) -> None:
    first = api.new_movie("The Owner")
    assert api.patch(f"/movies/{first}", {"imdb_id": "tt7654321"}).status == 200
    form = edit_movie(director, api.new_movie("The Other"))
    form.get_by_label("IMDb id").fill("tt7654321")
    form.get_by_role("button", name="Save").click()
    expect(form).to_contain_text(f"imdb_id is already that of {first}")


def test_a_403_is_explained(director: Person, api: Client) -> None:
    movie = api.new_movie("The Refusal")
    form = edit_movie(director, movie)
    body = '{"success": false, "error": 403, "message": "unauthorized", "detail": "It requires x."}'
    director.page.route("**/movies/*", lambda route: route.fulfill(status=403, body=body))
    form.get_by_label("Director").fill("Ann")
    form.get_by_role("button", name="Save").click()
    expect(form).to_contain_text("Your role may not do this. It requires x.")


def test_offline_is_said_and_nothing_is_lost(director: Person, api: Client) -> None:
    movie = api.new_movie("The Tunnel")
    form = edit_movie(director, movie)
    director.context.set_offline(True)
    director.says("You are offline.")
    form.get_by_label("Director").fill("Ann")
    form.get_by_role("button", name="Save").click()
    expect(form).to_contain_text("cannot be reached")
    director.context.set_offline(False)
    form.get_by_role("button", name="Save").click()
    expect(form).to_have_count(0)
    assert api.movie(movie)["director"] == "Ann"
    director.problems.clear()  # Chromium reports each request without a connection


def test_what_was_typed_is_not_thrown_away_unasked(director: Person, api: Client) -> None:
    form = edit_movie(director, api.new_movie("The Draft"))
    form.get_by_label("Director").fill("Ann")
    director.page.keyboard.press("Escape")
    question = director.dialog("Discard the changes?")
    question.get_by_role("button", name="Cancel").click()
    expect(form.get_by_label("Director")).to_have_value("Ann")
    director.page.keyboard.press("Escape")
    question.get_by_role("button", name="Discard").click()
    expect(form).to_have_count(0)


def test_a_long_removal_goes_on_by_itself(sit_down: Callable[..., Person], api: Client) -> None:
    movie = api.new_movie("The Long Removal")
    producer = sit_down("producer", at=f"/movies/{movie}/details")
    left = iter([40, 10])

    def answer_in_steps(route: Route) -> None:
        if route.request.method != "DELETE":
            route.continue_()
            return
        remaining = next(left, None)
        if remaining is None:
            route.continue_()
            return
        body = f'{{"success": true, "deleted": "{movie}", "remaining": {remaining}}}'
        route.fulfill(status=202, headers={"Retry-After": "1"}, body=body)

    producer.page.route(f"**/movies/{movie}", answer_in_steps)
    producer.button(re.compile("^Remove")).click()
    question = producer.dialog(re.compile("Remove"))
    question.get_by_label(re.compile("Type")).fill("The Long Removal")
    question.get_by_role("button", name=re.compile("^Remove")).click()
    expect(producer.page).to_have_url(re.compile("#/movies$"))
    assert api.get(f"/movies/{movie}").status == 404


@pytest.fixture
def restarted(tmp_path_factory: pytest.TempPathFactory, loaded: Product) -> Iterator[Product]:
    """A product of its own, which a test may kill."""
    product = copy_of(loaded, tmp_path_factory.mktemp("restarted") / "local").start()
    yield product
    product.stop()


def test_work_goes_on_after_the_api_was_killed_and_started_again(
    restarted: Product, chromium: object
) -> None:
    person = Person(chromium, restarted.url)  # type: ignore[arg-type]
    person.start_signed_in("director")
    api = Client(restarted.url, desk.token(restarted.folder, "producer"))
    movie = api.new_movie("The Power Cut")
    form = edit_movie(person, movie)
    form.get_by_label("Director").fill("Ann")
    restarted.stop(9)
    form.get_by_role("button", name="Save").click()
    expect(form).to_contain_text("cannot be reached")
    restarted.start()
    form.get_by_role("button", name="Save").click()
    expect(form).to_have_count(0)
    assert api.movie(movie)["director"] == "Ann"
    person.close()
