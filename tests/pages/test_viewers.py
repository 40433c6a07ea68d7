"""The sample viewers: their hints are valid, and the sample catalogue has what they like."""

import tomllib

import pytest

from app.api.queries import PageQuery
from app.pages.viewers import ALIKE, SampleViewer, sample_viewers
from assets import SAMPLES

CATALOGUE = tomllib.loads((SAMPLES / "catalog.toml").read_text())


@pytest.mark.parametrize("viewer", sample_viewers(), ids=lambda each: each.id)
def test_the_service_understands_every_hint(viewer: SampleViewer) -> None:
    query = PageQuery(titles=["countdown"], country=viewer.country, language=viewer.language, device=viewer.device)
    assert (query.country, query.language, query.device) == (viewer.country, viewer.language, viewer.device)


@pytest.mark.parametrize("viewer", sample_viewers(), ids=lambda each: each.id)
def test_what_a_viewer_likes_is_on_pictures_and_not_disliked(viewer: SampleViewer) -> None:
    tags = {tag for words in CATALOGUE["vocabulary"].values() for tag in words}
    assert viewer.likes | viewer.dislikes <= tags
    assert not viewer.likes & viewer.dislikes


def test_names_and_ids_are_different() -> None:
    assert len({each.id for each in sample_viewers()} | {each.name for each in sample_viewers()}) == 2 * len(
        sample_viewers()
    )


def test_the_page_shows_the_first_profile_that_is_in_no_control_group() -> None:
    viewer = sample_viewers()[0]
    assert len(viewer.profiles) == ALIKE
    assert viewer.shown(lambda profile: profile.endswith("-3")) == f"sample-{viewer.id}-3"
    assert viewer.shown(lambda _: False) == f"sample-{viewer.id}-1"
