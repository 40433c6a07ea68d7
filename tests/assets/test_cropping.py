import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageOps

from assets.crop import ASPECTS, CANVASES, Box, Canvas, Point
from assets.rendering.cropping import crop_box
from tests.assets.samples import glance_of, sample_jobs

WIDE = (512, 256)
TALL = (256, 512)
EVEN = Image.new("RGB", WIDE, "grey")


def a_spot(size: tuple[int, int], place: Point, colour: str = "red") -> Image.Image:
    """Return an even picture with something eye-catching at a place."""
    image = Image.new("RGB", size, "grey")
    x, y = place[0] * size[0], place[1] * size[1]
    ImageDraw.Draw(image).ellipse((x - 24, y - 24, x + 24, y + 24), colour)
    return image


def box_of(image: Image.Image, canvas: Canvas, focus: Point | None = None, *faces: Box) -> Box:
    return crop_box(image, image.size, canvas, focus, faces)


def share_shown(face: Box, box: Box) -> float:
    shares = [
        max(0.0, min(face[axis] + face[axis + 2], box[axis] + box[axis + 2]) - max(face[axis], box[axis]))
        / face[axis + 2]
        for axis in (0, 1)
    ]
    return shares[0] * shares[1]


@pytest.mark.parametrize("canvas", CANVASES)
@pytest.mark.parametrize("size", [WIDE, TALL, (512, 512), (640, 427), (3000, 65), (65, 3000)])
def test_the_window_is_the_greatest_of_the_canvas_s_shape(canvas: Canvas, size: tuple[int, int]) -> None:
    glance = ImageOps.contain(Image.new("RGB", size, "grey"), (512, 512))
    x, y, width, height = crop_box(glance, size, canvas, None, ())

    across, down = ASPECTS[canvas]
    assert width * size[0] / (height * size[1]) == pytest.approx(across / down)
    assert max(width, height) == 1
    assert min(x, y) >= 0
    assert max(x + width, y + height) <= 1 + 1e-9


def test_a_picture_of_the_canvas_s_shape_is_shown_whole() -> None:
    image = a_spot((320, 180), (0.1, 0.1))
    assert box_of(image, "16:9", (0.9, 0.9)) == (0.0, 0.0, 1.0, 1.0)


def test_of_an_even_picture_the_middle_is_shown_and_upright_rather_what_is_above() -> None:
    x, _, width, _ = box_of(EVEN, "1:1")
    assert x + width / 2 == pytest.approx(0.5)
    _, y, _, height = box_of(EVEN.resize(TALL), "1:1")
    assert 0.4 < y + height / 2 < 0.5


@pytest.mark.parametrize("place", [0.1, 0.3, 0.6, 0.9])
def test_without_a_word_from_the_editor_what_catches_the_eye_is_shown(place: float) -> None:
    for canvas in CANVASES:
        x, _, width, _ = box_of(a_spot(WIDE, (place, 0.5)), canvas)
        assert x + 0.1 * width < place < x + 0.91 * width
        _, y, _, height = box_of(a_spot(TALL, (0.5, place)), canvas)
        assert y < place < y + height


def test_a_mirrored_picture_is_cropped_mirrored() -> None:
    image = a_spot(WIDE, (0.3, 0.4))
    x, _, width, _ = box_of(image, "2:3")
    mirrored, *_ = box_of(ImageOps.mirror(image), "2:3")
    assert mirrored == pytest.approx(1 - x - width)


@pytest.mark.parametrize("focus", [(0.02, 0.5), (0.35, 0.5), (0.5, 0.5), (0.98, 0.5)])
def test_the_focal_point_beats_what_catches_the_eye_and_keeps_off_the_edges(focus: Point) -> None:
    image = a_spot(WIDE, (1 - focus[0], 0.5))
    x, _, width, _ = box_of(image, "1:1", focus)
    edge = 0.0 if abs(focus[0] - 0.5) > 0.4 else 0.25 * width
    assert x + edge < focus[0] < x + width - edge


@settings(max_examples=60)
@given(st.floats(0, 0.75), st.floats(0.02, 0.24), st.sampled_from(CANVASES), st.sampled_from([WIDE, TALL]))
def test_a_face_that_fits_is_whole(start: float, length: float, canvas: Canvas, size: tuple[int, int]) -> None:
    face = (start, 0.2, length, 0.2) if size == WIDE else (0.2, start, 0.2, length)
    image = EVEN.resize(size)
    assert share_shown(face, box_of(image, canvas, None, face)) == pytest.approx(1)


@settings(max_examples=60)
@given(st.lists(st.tuples(st.floats(0, 0.8), st.floats(0.03, 0.2)), min_size=2, max_size=2))
def test_of_two_faces_both_are_whole_or_one_is_out_of_sight(places: list[tuple[float, float]]) -> None:
    (first, wide), (second, narrow) = sorted(places)
    together = max(first + wide, second + narrow) - first
    # Where a window can't have one of them without a part of the other, one is cut.
    assume(together < 0.333 or (first + wide <= second and second >= 1 / 3 and first + wide <= 2 / 3))
    assume(together < 0.333 or together > 0.334)
    faces = [(start, 0.2, length, 0.2) for start, length in places]
    shown = [share_shown(face, box_of(EVEN, "2:3", None, *faces)) for face in faces]

    assert max(shown) == pytest.approx(1)
    assert min(shown) == pytest.approx(1 if together < 0.333 else 0, abs=0.002)


def test_the_larger_of_two_faces_stays_unless_the_focal_point_is_on_the_other() -> None:
    large, small = (0.1, 0.2, 0.2, 0.4), (0.75, 0.2, 0.15, 0.3)
    assert share_shown(large, box_of(EVEN, "1:1", None, small, large)) == pytest.approx(1)
    assert share_shown(small, box_of(EVEN, "1:1", (0.8, 0.3), small, large)) == pytest.approx(1)


@pytest.mark.parametrize("place", [0.4, 0.9])
def test_the_focal_point_is_shown_even_where_a_face_must_go(place: float) -> None:
    x, _, width, _ = box_of(EVEN, "2:3", (place, 0.5), (0.05, 0.2, 0.2, 0.4))
    assert 0.25 <= x < place < x + width


def test_a_face_has_air_and_a_hat() -> None:
    top = 0.3
    x, _, width, _ = box_of(a_spot(WIDE, (0.9, 0.5)), "1:1", None, (0.1, top, 0.2, 0.4))
    assert x <= 0.1 - 0.049
    assert x + width >= 0.349
    _, y, _, _ = box_of(a_spot(TALL, (0.5, 0.9)), "1:1", None, (0.3, top, 0.4, 0.2))
    assert y <= top - 0.099


def test_of_a_face_larger_than_the_window_the_middle_is_shown() -> None:
    x, _, width, _ = box_of(EVEN, "2:3", None, (0.2, 0.0, 0.7, 1.0))
    assert x + width / 2 == pytest.approx(0.55, abs=0.05)


def test_a_face_that_was_rounded_over_the_edge_is_whole() -> None:
    assert box_of(EVEN, "1:1", None, (0.852, 0.2, 0.15, 0.3))[0] == pytest.approx(0.5)


def test_a_face_without_size_is_no_face() -> None:
    assert box_of(EVEN, "1:1", (0.5, 0.5), (0.0, 0.0, 0.0, 0.5)) == box_of(EVEN, "1:1", (0.5, 0.5))


def test_no_crop_of_the_samples_cuts_a_face_or_leaves_out_the_focal_point() -> None:
    left_out = set()
    for job in sample_jobs():
        if not job.faces:
            continue
        glance = glance_of(job)
        for canvas in CANVASES:
            box = crop_box(glance, glance.size, canvas, job.focus, job.faces)
            shown = [share_shown(face, box) for face in job.faces]
            assert all(share > 0.999 or share < 0.001 for share in shown), (job.name, canvas, shown)
            if min(shown) < 0.5:
                left_out.add((job.name, canvas))
            if job.focus:
                assert all(box[axis] < job.focus[axis] < box[axis] + box[axis + 2] for axis in (0, 1))
    # Of these the faces lie farther apart than the canvas is wide.
    assert left_out == {
        ("0ad/seleucid-rider.jpg", "2:3"),
        ("0ad/two-heroes.jpg", "2:3"),
        ("0ad/war-elephants.jpg", "2:3"),
        ("freeorion/bog-creatures.jpg", "2:3"),
        ("freeorion/mammoths.jpg", "2:3"),
        ("sintel/dragon-cuddle.jpg", "1:1"),
        ("sintel/dragon-cuddle.jpg", "2:3"),
    }
