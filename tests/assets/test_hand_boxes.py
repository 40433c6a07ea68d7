import pytest

from assets.crop import ASPECTS, Box, Canvas
from assets.picture import PictureError
from assets.rendering.hand_boxes import check_by_hand, fitted

SIZE = (960, 720)
SMALL = (90, 60)


@pytest.mark.parametrize(
    ("canvas", "box", "size"),
    [
        ("16:9", (0.25, 0.5, 0.5, 0.375), SIZE),
        ("16:9", (0.25, 0.5, 0.5, 0.378), SIZE),
        ("1:1", (0.1, 0.0, 0.667, 1.0), SMALL),
        ("2:3", (0.0, 0.0, 0.444, 1.0), SMALL),
    ],
)
def test_a_box_of_nearly_the_shape_is_taken_and_nothing_is_stretched(
    canvas: Canvas, box: Box, size: tuple[int, int]
) -> None:
    check_by_hand(box, size, canvas)
    x, y, width, height = fitted(box, size, canvas)
    across, down = ASPECTS[canvas]
    assert width * size[0] * down == pytest.approx(height * size[1] * across)
    assert (x >= box[0], y >= box[1]) == (True, True)
    assert x + width <= box[0] + box[2] + 1e-9
    assert y + height <= box[1] + box[3] + 1e-9


@pytest.mark.parametrize(
    ("canvas", "box", "size", "sentence"),
    [
        ("16:9", (0.25, 0.5, 0.5, 0.39), SIZE, "480 × 281 pixels, which is not the shape of 16:9"),
        (
            "1:1",
            (0.2, 0.2, 0.3, 0.4),
            SIZE,
            "288 pixels wide, which is too small; draw it at least 320 pixels wide",
        ),
        (
            "1:1",
            (0.2, 0.2, 0.5, 0.75),
            SMALL,
            "45 pixels wide, which is too small; draw it at least 60 pixels wide",
        ),
    ],
)
def test_another_shape_and_too_few_pixels_are_refused(
    canvas: Canvas, box: Box, size: tuple[int, int], sentence: str
) -> None:
    with pytest.raises(PictureError, match=sentence) as refused:
        check_by_hand(box, size, canvas)
    assert refused.value.field == f"crops.{canvas}"
