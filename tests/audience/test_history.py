"""The visits of the sample viewers: who opens which picture, and that the service gets to know it."""

from contextlib import aclosing
from pathlib import Path

import pytest

from app.audience.history import DISLIKED, OPENED, History, Regular
from app.audience.service import Service, ServiceError
from app.records import Kind, decode_decision, decode_feedback
from tests.api.conftest import catalogue, tmp_path
from tests.api.service import Catalogue, listening, serving

__all__ = ["catalogue", "tmp_path"]

FAN = Regular("fan", {"country": "DE", "device": "tv"}, {"cupola"}, {"pad"})


@pytest.mark.parametrize(
    ("tags", "chance"),
    [(["sea"], OPENED[0]), (["cupola"], OPENED[1]), (["cupola", "pad"], DISLIKED), (["sunset", "pad"], DISLIKED)],
)
def test_liked_tags_make_it_likely_that_a_picture_is_opened(tags: list[str], chance: float) -> None:
    assert FAN.opens(tags, chance - 1e-9)
    assert not FAN.opens(tags, chance)


def test_three_liked_tags_count_like_two() -> None:
    viewer = FAN._replace(likes={"a", "b", "c"})
    assert viewer.opens(["a", "b", "c"], OPENED[2] - 1e-9) == viewer.opens(["a", "b"], OPENED[2] - 1e-9) is True


async def test_the_log_has_each_visit_with_its_hints(tmp_path: Path, catalogue: Catalogue) -> None:
    async with serving(tmp_path, catalogue, hold_seconds=0) as service, listening(service.app) as address:
        async with aclosing(Service(address)) as client:
            history = History(client, [FAN], await client.titles(), visits=30, seconds=4)
            await history.play()
        records = {record.position: record for record in await service.store.log.read(0, 100_000)}
        of = {
            kind: [decode_feedback(each.body) for each in records.values() if each.kind == kind]
            for kind in (Kind.IMPRESSION, Kind.CLICK, Kind.PLAY)
        }
        decisions = [decode_decision(each.body) for each in records.values() if each.kind == Kind.DEFERRED]
    assert len(decisions) == 30 * len(catalogue.titles)
    assert {(each.attributes["country"], each.attributes["device"]) for each in decisions} == {("DE", "tv")}
    assert [len(of[kind]) for kind in of] == [history.seen, history.opened, history.opened]
    assert 0 < history.opened < history.seen < len(decisions)
    assert all(each.seconds for each in of[Kind.PLAY])


async def test_a_service_that_is_gone_ends_the_visits_with_a_sentence() -> None:
    async with aclosing(Service("http://127.0.0.1:9")) as client:
        with pytest.raises(ServiceError, match=r"stopped answering"):
            await History(client, [FAN], [{"id": "a", "artworks": []}], visits=2).play()
