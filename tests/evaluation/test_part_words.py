import pytest

from app.evaluation.part_words import sentence
from bandit.explaining import Part, PictureFeature, ViewerFeature

ARTWORK = PictureFeature("artwork")


@pytest.mark.parametrize(
    ("viewer", "picture", "log_odds", "told"),
    [
        (ViewerFeature("everyone"), ARTWORK, 0.1, "Viewers in general react better to this picture."),
        (
            ViewerFeature("attribute", "country", "DE"),
            PictureFeature("tag", "dark"),
            -0.1,
            "If country is “DE”, viewers react worse to pictures with the tag “dark”.",
        ),
        (
            ViewerFeature("attribute", "city", None),
            ARTWORK,
            0.1,
            "If city has a rare value, viewers react better to this picture.",
        ),
        (
            ViewerFeature("attribute", "age", -0.5),
            PictureFeature("feature", "warmth", 0.5),
            0.1,
            "If age is below its mean, viewers react better to pictures whose warmth is 0.50 of 1.",
        ),
        (
            ViewerFeature("taste", "comedy", 1.5),
            ARTWORK,
            0.1,
            "Viewers who like “comedy” more than most react better to this picture.",
        ),
        (
            ViewerFeature("showings", "showings", 1),
            ARTWORK,
            -0.1,
            "The viewer was shown this picture once before, which lowers its score.",
        ),
        (
            ViewerFeature("showings", "showings", 4),
            ARTWORK,
            0.1,
            "The viewer was shown this picture 4 times before, which raises its score.",
        ),
    ],
)
def test_a_part_is_a_sentence(viewer: ViewerFeature, picture: PictureFeature, log_odds: float, told: str) -> None:
    assert sentence(Part(viewer, picture, log_odds)) == told
