"""The picture of the architecture matches the imports."""

from tests.picture import PICTURE, ROOMS, SCRIPTS, arrows, draw, floors, imports


def test_the_picture_is_drawn_from_the_imports_as_they_are():
    assert PICTURE.read_text() == draw(), "`make picture` draws it again"


def test_every_package_is_in_a_layer_and_every_arrow_leads_down():
    rows = floors()
    height = {room: at for at, row in enumerate(rows) for room in row} | {SCRIPTS: -1}
    found = imports()
    assert set(found) | {other for others in found.values() for other in others} == set(height) == set(ROOMS)
    assert [(room, other) for room, other in arrows(found) if height[room] >= height[other]] == []


def test_an_arrow_is_left_out_where_a_longer_way_says_the_same():
    assert arrows({"a": {"b", "c"}, "b": {"c"}, "c": set()}) == [("a", "b"), ("b", "c")]
