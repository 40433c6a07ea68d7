"""What every store owes to the record of edits; `app/store/protocol/` says it in words."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from app.records import Kind
from app.store.protocol import KEPT_EDITS, Author, EditDraft, Head, Intervening, Store
from app.store.sqlite import SqliteStore
from tests.builders import Clock


def an_edit(title: str | None = "countdown") -> EditDraft:
    by = Author("editor", "session 1")
    return EditDraft(by, "put title", title, "cupola", b'{"name":"A"}', b'{"name":"B"}', "1", "2")


async def test_an_edit_is_recorded_with_the_setting_that_it_led_to(store: Store, clock: Clock) -> None:
    assert await store.edits.swap_setting("catalogue", None, b"one", [an_edit()])
    assert await store.log.setting("catalogue") == b"one"
    [found] = await store.edits.latest(10)
    assert (found.what, found.stamp, found.id) == (an_edit(), clock.now, 1)


async def test_what_came_too_late_is_not_recorded(store: Store) -> None:
    assert await store.edits.swap_setting("catalogue", None, b"one", [an_edit("first")])
    assert not await store.edits.swap_setting("catalogue", None, b"two", [an_edit("late")])
    assert [each.what.title for each in await store.edits.latest(10)] == ["first"]
    assert await store.log.setting("catalogue") == b"one"


async def test_of_edits_at_once_the_one_that_became_current_is_recorded(store: Store) -> None:
    values = [b"%d" % number for number in range(20)]
    done = await asyncio.gather(
        *(store.edits.swap_setting("catalogue", None, value, [an_edit(value.decode())]) for value in values)
    )
    [edit] = await store.edits.latest(30)
    assert done.count(True) == 1
    assert await store.log.setting("catalogue") == (edit.what.title or "").encode()


async def test_edits_are_read_newest_first_page_by_page_and_by_title(store: Store) -> None:
    for number in range(7):
        edits = [an_edit(f"title-{number % 2}"), an_edit(None)]
        before = b"%d" % number if number else None
        assert await store.edits.swap_setting("catalogue", before, b"%d" % (number + 1), edits)
    ids = [each.id for each in await store.edits.latest(100)]
    assert ids == sorted(ids, reverse=True)
    assert len(ids) == 14
    pages: list[int] = []
    while page := await store.edits.latest(5, before=pages[-1] if pages else None):
        pages += [each.id for each in page]
    assert pages == ids
    of_one = await store.edits.latest(100, title="title-1")
    assert [each.what.title for each in of_one] == ["title-1"] * 3
    assert await store.edits.latest(100, title="title-1", before=of_one[0].id) == of_one[1:]


async def test_only_the_latest_are_kept(store: Store) -> None:
    many = [an_edit(f"title-{number}") for number in range(KEPT_EDITS)]
    assert await store.edits.swap_setting("catalogue", None, b"one", [an_edit("first"), *many])
    assert await store.edits.swap_setting("catalogue", b"one", b"two", [an_edit("last")])
    found = await store.edits.latest(KEPT_EDITS + 10)
    assert len(found) == KEPT_EDITS
    assert (found[0].what.title, found[-1].what.title) == ("last", "title-1")


async def test_an_intervention_is_a_record_a_setting_and_an_edit(store: Store) -> None:
    def change(value: bytes | None, at: Head) -> Intervening | None:
        return Intervening(b"body", b"%d after %d" % (at.position, len(value or b"")), an_edit(None))

    for expected in (b"1 after 0", b"2 after 9"):
        assert await store.edits.intervene(Kind.INTERVENTION, "interventions", change)
        assert await store.log.setting("interventions") == expected
    records = await store.log.read(0, 10)
    assert [(each.position, each.kind, each.body) for each in records] == [(1, 12, b"body"), (2, 12, b"body")]
    assert [each.what for each in await store.edits.latest(10)] == [an_edit(None)] * 2


async def test_an_intervention_that_changes_nothing_or_is_refused_writes_nothing(store: Store) -> None:
    def refuse(_: bytes | None, __: Head) -> Intervening | None:
        raise ValueError("no")

    assert not await store.edits.intervene(Kind.QUARANTINE, "interventions", lambda _, __: None)
    with pytest.raises(ValueError, match="no"):
        await store.edits.intervene(Kind.QUARANTINE, "interventions", refuse)
    assert (await store.log.head()).position == 0
    assert await store.log.setting("interventions") is None
    assert await store.edits.latest(10) == []


async def test_an_edit_that_can_not_be_recorded_does_not_become_current(tmp_path: Path, clock: Clock) -> None:
    """Both stand in one transaction: killed at any moment, there is both or neither."""
    store = SqliteStore(tmp_path, clock)
    with closing(sqlite3.connect(tmp_path / "log.sqlite")) as connection, connection:
        connection.execute("CREATE TRIGGER full BEFORE INSERT ON edit BEGIN SELECT RAISE(ABORT, 'no room'); END")
    with pytest.raises(sqlite3.Error, match="no room"):
        await store.edits.swap_setting("catalogue", None, b"one", [an_edit()])
    assert await store.log.setting("catalogue") is None
    await store.close()
