"""The Python client against a real service."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from app.records import Kind, Spot, decode_decision
from keyart_client import KeyartError, Refused, UnexpectedAnswer, Unreachable
from tests.api.service import Catalogue, Service, listening, serving
from tests.clients.both import Which, client
from tests.clients.proxies import Flaky, hanging_up
from tests.pages.site import kinds

KEY = "the-client-key-of-tests"
NOBODY = "http://127.0.0.1:9"
BOTH = pytest.mark.parametrize("which", ["sync", "async"])
pytestmark = BOTH


@pytest.fixture
async def service(tmp_path: Path, catalogue: Catalogue) -> AsyncIterator[Service]:
    async with serving(tmp_path / "data", catalogue) as each:
        yield each


@pytest.fixture
async def address(service: Service) -> AsyncIterator[str]:
    async with listening(service.app) as each:
        yield each


class TestChoosing:
    async def test_a_choice_is_the_answer_of_the_service(
        self, which: Which, service: Service, address: str
    ) -> None:
        async with client(which, address) as keyart:
            choice = await keyart.call("choose", "countdown", profile="ada", canvas="2:3", width=300.5)
            same = await service.get(profile="ada", canvas="2:3", width=301)
            assert same["held"]
            assert (choice.title, choice.artwork, choice.fallback) == ("countdown", same["artwork"], False)
            assert (choice.image.url, choice.image.height) == (same["image"]["url"], same["image"]["height"])
            assert choice.decision_id == same["decision_id"]

    async def test_hints_arrive_and_formats_are_accepted(self, which: Which, address: str) -> None:
        async with client(which, f"{address}/", public_url="https://pictures.example") as keyart:
            page = await keyart.call(
                "choose_page",
                *(["countdown", "nothing"],),
                profile="ada",
                device="tv",
                country="Germany",
                formats=["avif"],
            )
            assert page.unknown == ("nothing",)
            assert page.ignored == ("country",)
            assert page["countdown"].image.url.startswith("https://pictures.example/images/")
            sizes = page["countdown"].image.srcset.split(", ")
            assert len(sizes) > 1
            assert all(each.startswith("https://pictures.example/images/") and ".avif " in each for each in sizes)
            with pytest.raises(KeyError):
                page["nothing"]
            single = await keyart.call("choose", "countdown", deferred=True, formats=["avif", "webp"])
            assert single.image.url.endswith(".avif")

    async def test_a_page_may_have_more_titles_than_a_call(self, which: Which, address: str) -> None:
        async with client(which, address) as keyart:
            titles = ["countdown", *(f"none-{each}" for each in range(300)), "big-buck-bunny"]
            page = await keyart.call("choose_page", titles)
            assert [choice.title for choice in page.choices] == ["countdown", "big-buck-bunny"]
            assert page.unknown == tuple(titles[1:-1])
            assert (await keyart.call("choose_page", [])).choices == ()

    async def test_a_page_names_its_spots(self, which: Which, service: Service, address: str) -> None:
        async with client(which, address) as keyart:
            spots = {"countdown": {"row": "new", "column": 3}, "elsewhere": {"row": "other"}}
            page = await keyart.call("choose_page", ["countdown"], release="web-7", page="home", spots=spots)
            assert page.ignored == ()
            [decision] = [body for kind, body in await service.records() if kind == Kind.DEFERRED]
            assert decode_decision(decision).spot == Spot("web-7", "home", "new", 3)

    async def test_a_group_is_told_to_who_has_the_key(self, which: Which, address: str) -> None:
        async with client(which, address, key=KEY) as keyart:
            assert (await keyart.call("choose", "countdown", profile="ada")).group == "personalized"


class TestFeedback:
    async def test_each_kind_is_recorded_once(self, which: Which, service: Service, address: str) -> None:
        async with client(which, address) as keyart:
            page = await keyart.call("choose_page", ["countdown", "big-buck-bunny"], profile="ada")
            ids = [choice.decision_id for choice in page.choices]
            assert (await keyart.call("impressions", [*ids, None])).recorded == 2
            assert (await keyart.call("clicks", ids[:1])).recorded == 1
            again = await keyart.call("clicks", [ids[0], "forged"])
            assert (again.recorded, again.duplicates, again.rejected[0].index) == (0, 1, 1)
            assert (await keyart.call("plays", {ids[0]: 42, ids[1]: 0.5})).recorded == 2
            assert await kinds(service) == [*[Kind.IMPRESSION] * 2, Kind.CLICK, Kind.PLAY, Kind.PLAY]

    async def test_more_items_than_a_call_takes_are_several_calls(
        self, which: Which, service: Service, address: str
    ) -> None:
        async with client(which, address) as keyart:
            choice = await keyart.call("choose", "countdown", profile="ada")
            items = [{"decision_id": choice.decision_id}] * 1500 + [{"decision_id": "forged"}]
            recorded = await keyart.call("report", "clicks", items)
            assert (recorded.recorded, recorded.duplicates) == (1, 1499)
            assert [each.index for each in recorded.rejected] == [1500]
            assert (await keyart.call("clicks", [])).recorded == 0

    async def test_a_backend_names_profile_and_title(self, which: Which, service: Service, address: str) -> None:
        async with client(which, address, key=KEY) as keyart:
            await keyart.call("choose", "countdown", profile="ada")
            clicked = await keyart.call("report", "clicks", [{"profile": "ada", "title": "countdown"}])
            assert clicked.recorded == 1

    async def test_mistakes_are_told_before_anything_is_sent(self, which: Which, address: str) -> None:
        async with client(which, address) as keyart:
            with pytest.raises(TypeError, match=r"Write \['an-id'\]"):
                await keyart.call("clicks", "an-id")
            for seconds in (-1, float("nan"), float("inf")):
                with pytest.raises(ValueError, match="not negative"):
                    await keyart.call("plays", {"an-id": seconds})


class TestProfiles:
    async def test_they_are_read_changed_and_forgotten(self, which: Which, address: str) -> None:
        name = "Åsa & Co/ 7?"
        async with client(which, address, key=KEY) as keyart:
            changed = await keyart.call("change_profile", name, {"country": "DE", "age": 36})
            assert changed.attributes == {"country": "DE", "age": 36}
            changed = await keyart.call("change_profile", name, {"age": None}, personalize=False)
            assert (changed.attributes, changed.personalize) == ({"country": "DE"}, False)
            assert (await keyart.call("profile", name)) == changed
            changed = await keyart.call("change_profile", name, audit={"gender": "f"})
            assert (changed.attributes, changed.audit) == ({"country": "DE"}, {"gender": "f"})
            with pytest.raises(Refused, match="an attribute and as an audit attribute"):
                await keyart.call("change_profile", name, {"gender": "f"})
            assert (await keyart.call("change_profile", name, audit={"gender": None})).audit == {}
            assert await keyart.call("forget_profile", name) is None
            assert (await keyart.call("profile", name)).attributes == {}


class TestRefusals:
    async def test_a_refusal_is_the_services_sentence(self, which: Which, address: str) -> None:
        async with client(which, address) as keyart:
            with pytest.raises(Refused, match="There is no title 'nothing'") as refusal:
                await keyart.call("choose", "nothing")
            assert refusal.value.status == 404
            assert refusal.value.request_id
            with pytest.raises(Refused) as refusal:
                await keyart.call("profile", "ada")
            assert refusal.value.status == 401
            with pytest.raises(Refused, match="accepts none") as refusal:
                await keyart.call("clicks", ["forged"])
            assert refusal.value.problem["rejected"][0]["index"] == 0

    async def test_nobody_there_and_somebody_else_are_told_apart(self, which: Which, tmp_path: Path) -> None:
        async with client(which, NOBODY, tries=1) as keyart:
            with pytest.raises(Unreachable, match=NOBODY):
                await keyart.call("choose", "countdown")

        async def somebody_else(scope, receive, send) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001
            await Flaky(somebody_else, 200, 1)(scope, receive, send)

        async with listening(somebody_else) as address, client(which, address) as keyart:
            for method, argument in (("choose", "countdown"), ("choose_page", ["a"]), ("clicks", ["a"])):
                with pytest.raises(UnexpectedAnswer, match="check the address"):
                    await keyart.call(method, argument)

    async def test_settings_that_are_not_valid_are_refused(self, which: Which) -> None:
        for url, tries in (("127.0.0.1:8000", 1), (NOBODY, 0)):
            with pytest.raises(KeyartError):
                async with client(which, url, tries=tries):
                    pass


class TestRepeating:
    async def test_a_service_that_is_busy_is_asked_again(self, which: Which, service: Service) -> None:
        flaky = Flaky(service.app, 503, 2)
        async with listening(flaky) as address, client(which, address) as keyart:
            assert (await keyart.call("choose", "countdown")).title == "countdown"
            assert flaky.calls == 3

    async def test_it_gives_up_in_the_end(self, which: Which, service: Service) -> None:
        flaky = Flaky(service.app, 503, 9)
        async with listening(flaky) as address, client(which, address, tries=2) as keyart:
            with pytest.raises(Refused) as refusal:
                await keyart.call("clicks", ["some-id"])
            assert (refusal.value.status, flaky.calls) == (503, 2)

    async def test_feedback_whose_answer_was_lost_is_sent_again_and_counts_once(
        self, which: Which, service: Service
    ) -> None:
        flaky = Flaky(service.app, 504, 1, passing=True)
        choice = await service.get(profile="ada")
        async with listening(flaky) as address, client(which, address) as keyart:
            recorded = await keyart.call("clicks", [choice["decision_id"]])
            assert (recorded.recorded, recorded.duplicates) == (0, 1)
            assert await kinds(service) == [Kind.CLICK]

    @pytest.mark.parametrize(
        ("method", "argument", "deferred", "calls"),
        [
            ("choose", "countdown", False, 1),
            ("choose", "countdown", True, 3),
            ("choose_page", ["countdown"], False, 1),
            ("choose_page", ["countdown"], True, 3),
        ],
    )
    async def test_a_decision_that_counts_as_shown_is_not_made_twice(
        self, which: Which, method: str, argument: object, deferred: bool, calls: int
    ) -> None:
        async with hanging_up() as (address, made), client(which, address) as keyart:
            with pytest.raises(Unreachable):
                await keyart.call(method, argument, deferred=deferred)
            assert len(made) == calls

    async def test_feedback_by_profile_is_not_sent_twice(self, which: Which) -> None:
        async with hanging_up() as (address, made), client(which, address, key=KEY) as keyart:
            with pytest.raises(Unreachable):
                await keyart.call("report", "clicks", [{"profile": "ada", "title": "countdown"}])
            assert len(made) == 1
