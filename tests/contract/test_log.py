"""What every store's log owes; `app/store/protocol/` says it in words."""

import asyncio
from typing import Any

import msgspec
import pytest

from app.records import (
    Kind,
    Record,
    Reference,
    Spot,
    decode_decision,
    decode_erasure,
    decode_feedback,
    decode_reference,
    encode,
)
from app.store.protocol import Draft, Event, Head, Hold, Log, Store, StoreTimeoutError
from tests.builders import Clock, a_decision, a_draft, a_film, changed

WINDOW = 1_000
FILM = a_film("countdown")
ADA, BOB = "00" * 15 + "ff", "00" * 14 + "0100"
KEY = bytes.fromhex(ADA) + b"title-01"


@pytest.fixture
def log(store: Store) -> Log:
    return store.log


async def logged(log: Log) -> list[Record]:
    return await log.read(0, 1000)


async def kinds(log: Log) -> list[Kind]:
    return [Kind(record.kind) for record in await logged(log)]


async def placed(log: Log, draft: Draft | None = None) -> Hold:
    [hold] = await log.log_decisions([draft or a_draft()])
    return hold


def a_held(lasts: int = 5_000, **changes: Any) -> Draft:
    return changed(a_draft(), key=KEY, lasts=lasts, **changes)


def click(hold: Hold) -> Event:
    return Event(Kind.CLICK, hold.decision, hold.nonce, hold.deferred)


def play(hold: Hold, seconds: float) -> Event:
    return Event(Kind.PLAY, hold.decision, hold.nonce, hold.deferred, seconds)


def impression(hold: Hold) -> Event:
    return Event(Kind.IMPRESSION, hold.decision, hold.nonce, hold.deferred)


async def test_imported_exposures_come_with_the_note_of_how_far_the_import_is(log: Log) -> None:
    assert await log.log_imported([b"{1}", b"{2}"], "imported x", None, b"2")
    assert not await log.log_imported([b"{3}"], "imported x", None, b"3"), "another one was faster"
    assert not await log.log_imported([b"{3}"], "imported x", b"1", b"3")
    assert await log.setting("imported x") == b"2"
    assert await log.log_imported([b"{3}"], "imported x", b"2", b"3")
    assert await log.log_imported([], "imported x", b"3", b"4"), "rows with faults count, too"
    assert [(each.kind, each.body) for each in await logged(log)] == [
        (Kind.IMPORTED, body) for body in (b"{1}", b"{2}", b"{3}")
    ]
    assert await log.setting("imported x") == b"4"


# -------------------------------------------------------------------- positions and time


async def test_an_empty_log_has_its_head_at_0(log: Log) -> None:
    assert await log.head() == Head(0, 0)
    assert await logged(log) == []


async def test_positions_follow_one_another_from_1(log: Log, clock: Clock) -> None:
    await placed(log)
    await log.log_decisions([a_draft(), a_draft()])
    await log.forget(ADA)
    clock.now += 10
    await log.tick(1)
    assert [record.position for record in await logged(log)] == [1, 2, 3, 4, 5]


async def test_stamps_never_decrease_though_the_clock_does(log: Log, clock: Clock) -> None:
    await placed(log)
    clock.now -= 500
    hold = await placed(log)
    clock.now += 700
    await placed(log)
    stamps = [record.stamp for record in await logged(log)]
    assert stamps == [1_000_000, 1_000_000, 1_000_200]
    assert hold.stamp == 1_000_000
    assert await log.head() == Head(3, 1_000_200)


async def test_a_hold_does_not_outlive_its_time_because_the_clock_stepped_back(log: Log, clock: Clock) -> None:
    first = await placed(log, a_held(lasts=100))
    clock.now += 100
    await placed(log)
    clock.now -= 100
    assert (await placed(log, a_held())).decision != first.decision


async def test_a_tick_is_logged_only_after_a_silence(log: Log, clock: Clock) -> None:
    await placed(log)
    clock.now += 999
    await log.tick(1_000)
    assert await kinds(log) == [Kind.DECISION]
    clock.now += 1
    await log.tick(1_000)
    await log.tick(1_000)
    assert await kinds(log) == [Kind.DECISION, Kind.TICK]
    assert (await log.head()).stamp == clock.now


async def test_rules_are_logged_when_they_differ_from_the_last(log: Log) -> None:
    for rules in (b"one", b"one", b"two", b"one"):
        await log.declare(rules)
    assert [record.body for record in await logged(log)] == [b"one", b"two", b"one"]
    assert set(await kinds(log)) == {Kind.RULES}


async def test_read_returns_what_is_behind_a_position_in_order_up_to_a_limit(log: Log) -> None:
    await log.log_decisions([a_draft() for _ in range(5)])
    assert [record.position for record in await log.read(2, 2)] == [3, 4]
    assert await log.read(5, 10) == []


async def test_the_latest_records_before_a_position_come_first(log: Log) -> None:
    await log.log_decisions([a_draft() for _ in range(5)])
    assert [record.position for record in await log.latest(5, 3)] == [4, 3, 2]
    assert await log.latest(6, 10) == (await logged(log))[::-1]
    assert await log.latest(1, 10) == []


async def test_records_are_found_by_position_and_missing_ones_left_out(log: Log) -> None:
    drafts = [a_draft() for _ in range(1200)]
    await log.log_decisions(drafts)
    found = await log.records([1200, 1, 7, 7, 5000])
    assert {position: record.body for position, record in found.items()} == {
        1200: drafts[1199].body,
        1: drafts[0].body,
        7: drafts[6].body,
    }
    assert len(await log.records(range(1, 1201))) == 1200
    assert await log.records([]) == {}


# -------------------------------------------------------------------- placing


async def test_what_is_placed_is_in_the_log_as_it_was_drafted(log: Log) -> None:
    decision = a_decision(FILM, 2, attributes={"name": "Zoë | : \n ☃", "age": 3.5}, taste={"moon": -1.25})
    hold = await placed(log, a_draft(decision, group="uniform", key=KEY, lasts=50))
    [record] = await logged(log)
    assert decode_decision(record.body) == decision
    assert hold == Hold(
        1, decision.nonce, record.stamp, record.stamp + 50, decision.artwork, "uniform", False, False, record.stamp
    )
    assert await log.holds([KEY, b"another"]) == [hold, None]


async def test_a_deferred_decision_is_logged_as_such_and_opens_nothing(log: Log) -> None:
    hold = await placed(log, a_held(deferred=True))
    assert await kinds(log) == [Kind.DEFERRED]
    assert hold.opened_at is None
    assert await log.holds([KEY]) == [hold]


async def test_the_loser_of_a_race_gets_the_winners_hold_and_logs_nothing(log: Log) -> None:
    winner, loser = await asyncio.gather(log.log_decisions([a_held()]), log.log_decisions([a_held()]))
    assert winner == loser
    assert await kinds(log) == [Kind.DECISION]


async def test_within_one_call_the_second_draft_for_a_key_loses_and_others_are_placed(log: Log) -> None:
    first, second, third = await log.log_decisions([a_held(), a_held(), a_draft()])
    assert first == second
    assert [first.decision, third.decision] == [1, 2]


async def test_the_loser_learns_whether_the_winners_exposure_has_opened(log: Log, clock: Clock) -> None:
    winner = await placed(log, a_held(deferred=True))
    clock.now += 10
    await log.log_feedback([impression(winner)])
    assert (await placed(log, a_held())).opened_at == clock.now


async def test_an_expired_hold_is_replaced_and_until_then_returned(log: Log, clock: Clock) -> None:
    first = await placed(log, a_held(lasts=100))
    clock.now += 100
    assert await log.holds([KEY]) == [first]
    second = await placed(log, a_held(lasts=100))
    assert second.decision == 2
    assert await log.holds([KEY]) == [second]


async def test_the_hold_that_was_seen_is_replaced_but_not_one_that_came_since(log: Log) -> None:
    first = await placed(log, a_held())
    second = await placed(log, a_held(seen=first.decision))
    assert second.decision == 2
    assert await placed(log, a_held(seen=first.decision)) == second
    assert len(await logged(log)) == 2


async def test_without_a_duration_each_call_is_logged_and_the_latest_is_found(log: Log) -> None:
    await placed(log, a_held(lasts=0))
    second = await placed(log, a_held(lasts=0))
    assert second.decision == 2
    assert await log.holds([KEY]) == [second]


async def test_a_decision_without_a_key_is_held_nowhere(log: Log) -> None:
    await placed(log)
    assert await log.holds([KEY]) == [None]


async def test_what_is_asked_for_after_its_deadline_is_not_placed(log: Log) -> None:
    with pytest.raises(StoreTimeoutError):
        await log.log_decisions([a_held()], deadline=asyncio.get_running_loop().time() - 1)
    assert (await placed(log, a_held())).decision == 1
    assert await kinds(log) == [Kind.DECISION]


async def test_many_callers_at_once_all_get_what_they_placed(log: Log) -> None:
    drafts = [a_draft() for _ in range(100)]
    placings = [log.log_decisions([draft], deadline=asyncio.get_running_loop().time() + 30) for draft in drafts]
    holds = [hold for [hold] in await asyncio.gather(*placings)]
    assert [hold.nonce for hold in holds] == [draft.nonce for draft in drafts]
    found = await log.records([hold.decision for hold in holds])
    assert [found[hold.decision].body for hold in holds] == [draft.body for draft in drafts]


# -------------------------------------------------------------------- exposures


async def test_shown_again_while_its_window_is_open_is_no_new_exposure(log: Log, clock: Clock) -> None:
    hold = await placed(log, a_held())
    clock.now += WINDOW - 1
    await log.log_exposure(hold, deferred=False, window=WINDOW)
    assert await kinds(log) == [Kind.DECISION]


async def test_shown_again_after_its_window_closed_is_a_new_exposure(log: Log, clock: Clock) -> None:
    hold = await placed(log, a_held())
    clock.now += WINDOW
    await log.log_exposure(hold, deferred=False, window=WINDOW)
    [_, exposure] = await logged(log)
    assert exposure.kind == Kind.EXPOSURE
    assert decode_reference(exposure.body).decision == hold.decision
    [again] = await log.holds([KEY])
    assert again == changed(hold, opened_at=clock.now)
    clock.now += WINDOW - 1
    await log.log_exposure(hold, deferred=False, window=WINDOW)
    assert len(await logged(log)) == 2
    clock.now += 1
    await log.log_exposure(hold, deferred=False, window=WINDOW)
    assert len(await logged(log)) == 3


async def test_a_new_exposure_has_the_spot_where_it_is_shown(log: Log, clock: Clock) -> None:
    hold = await placed(log, a_held())
    for spot in (Spot("tv-4.2.0", "home", "new", 3), None):
        clock.now += WINDOW
        await log.log_exposure(hold, deferred=False, window=WINDOW, spot=spot)
        assert decode_reference((await logged(log))[-1].body) == Reference(hold.decision, spot)


async def test_a_deferred_decision_that_is_then_shown_at_once_opens(log: Log, clock: Clock) -> None:
    hold = await placed(log, a_held(deferred=True))
    await log.log_exposure(hold, deferred=False, window=WINDOW)
    await log.log_exposure(hold, deferred=False, window=WINDOW)
    assert await kinds(log) == [Kind.DEFERRED, Kind.EXPOSURE]
    [again] = await log.holds([KEY])
    assert again
    assert again.opened_at == clock.now


async def test_a_deferred_decision_that_is_asked_for_again_as_deferred_waits_on(log: Log) -> None:
    hold = await placed(log, a_held(deferred=True))
    await log.log_exposure(hold, deferred=True, window=WINDOW)
    assert await kinds(log) == [Kind.DEFERRED]
    assert await log.holds([KEY]) == [hold]


async def test_asked_for_again_as_deferred_it_opens_with_its_next_feedback(log: Log, clock: Clock) -> None:
    hold = await placed(log, a_held())
    await log.log_feedback([click(hold)])
    clock.now += WINDOW
    await log.log_exposure(hold, deferred=True, window=WINDOW)
    assert await log.holds([KEY]) == [changed(hold, opened_at=None)]
    clock.now += 10
    assert await log.log_feedback([click(hold)]) == [True]
    opening = (await logged(log))[-1]
    assert decode_feedback(opening.body).opened == opening.position == 3
    assert await log.holds([KEY]) == [changed(hold, opened_at=clock.now)]


async def test_a_window_opened_by_feedback_stays_open_for_its_time(log: Log, clock: Clock) -> None:
    hold = await placed(log, a_held(deferred=True))
    clock.now += 5 * WINDOW
    await log.log_feedback([impression(hold)])
    clock.now += WINDOW - 1
    await log.log_exposure(hold, deferred=False, window=WINDOW)
    assert await kinds(log) == [Kind.DEFERRED, Kind.IMPRESSION]
    clock.now += 1
    await log.log_exposure(hold, deferred=False, window=WINDOW)
    assert (await kinds(log))[-1] == Kind.EXPOSURE


# -------------------------------------------------------------------- feedback


async def test_feedback_keeps_its_spot(log: Log) -> None:
    hold = await placed(log, a_held())
    await log.log_feedback([msgspec.structs.replace(click(hold), spot=Spot(page="home", column=3))])
    assert decode_feedback((await logged(log))[-1].body).spot == Spot(page="home", column=3)


async def test_feedback_names_the_decision_and_what_opened_its_exposure(log: Log, clock: Clock) -> None:
    hold = await placed(log, a_held())
    await log.log_feedback([play(hold, 12.5)])
    feedback = decode_feedback((await logged(log))[-1].body)
    assert (feedback.decision, feedback.opened, feedback.seconds) == (1, 1, 12.5)
    clock.now += WINDOW
    await log.log_exposure(hold, deferred=False, window=WINDOW)
    await log.log_feedback([click(hold)])
    assert decode_feedback((await logged(log))[-1].body).opened == 3


async def test_an_impression_and_a_click_count_once_each(log: Log) -> None:
    hold = await placed(log)
    assert await log.log_feedback([impression(hold), click(hold), impression(hold), click(hold)]) == [
        True,
        True,
        False,
        False,
    ]
    assert await log.log_feedback([click(hold)]) == [False]
    assert await kinds(log) == [Kind.DECISION, Kind.IMPRESSION, Kind.CLICK]


async def test_a_play_counts_again_when_it_has_become_longer(log: Log) -> None:
    hold = await placed(log)
    seconds = [0.0, 0.0, 10.0, 5.0, 10.0, 11.0]
    assert await log.log_feedback([play(hold, each) for each in seconds]) == [
        True,
        False,
        True,
        False,
        False,
        True,
    ]


async def test_a_new_exposure_counts_feedback_anew(log: Log, clock: Clock) -> None:
    hold = await placed(log, a_held())
    await log.log_feedback([click(hold), play(hold, 100)])
    clock.now += WINDOW
    await log.log_exposure(hold, deferred=False, window=WINDOW)
    assert await log.log_feedback([click(hold), click(hold), play(hold, 1)]) == [True, False, True]


async def test_the_first_feedback_of_a_deferred_decision_opens_at_its_own_position(log: Log, clock: Clock) -> None:
    hold = await placed(log, a_held(deferred=True))
    clock.now += 10
    assert await log.log_feedback([impression(hold), click(hold), impression(hold)]) == [True, True, False]
    opened = [decode_feedback(record.body).opened for record in (await logged(log))[1:]]
    assert opened == [2, 2]
    assert await log.holds([KEY]) == [changed(hold, opened_at=clock.now)]


async def test_feedback_on_two_decisions_is_kept_apart(log: Log) -> None:
    one, other = await log.log_decisions([a_draft(), a_draft()])
    assert await log.log_feedback([click(one), click(other), click(one)]) == [True, True, False]


async def test_feedback_that_comes_twice_at_once_counts_once(log: Log) -> None:
    hold = await placed(log)
    answers = await asyncio.gather(*[log.log_feedback([click(hold)]) for _ in range(20)])
    assert sorted(answers) == [[False]] * 19 + [[True]]


async def test_feedback_on_a_decision_that_is_not_kept_is_told_apart(log: Log, clock: Clock) -> None:
    hold = await placed(log)
    await placed(log)
    clock.now += 1
    await log.trim(before=clock.now, below=100, limit=100)
    before = await log.head()
    assert await log.log_feedback([click(hold)]) == [None]
    assert await log.head() == before


async def test_feedback_on_a_position_that_now_holds_something_else_is_not_taken(log: Log) -> None:
    hold = await placed(log)
    stranger = changed(click(hold), nonce=b"another!")
    await log.tick(0)
    tick = changed(click(hold), decision=hold.decision + 1)
    assert await log.log_feedback([stranger, tick, click(hold)]) == [None, None, True]


# -------------------------------------------------------------------- trimming


async def test_trim_deletes_what_is_older_and_below_up_to_its_limit(log: Log, clock: Clock) -> None:
    for _ in range(10):
        await placed(log)
        clock.now += 10
    assert await log.trim(before=clock.now - 50, below=100, limit=3) == 3
    assert [record.position for record in await logged(log)] == [4, 5, 6, 7, 8, 9, 10]
    assert await log.trim(before=clock.now - 50, below=5, limit=100) == 1
    assert await log.trim(before=clock.now - 50, below=100, limit=100) == 1
    assert [record.position for record in await log.read(0, 2)] == [6, 7]
    assert await log.records([3]) == {}


async def test_trim_never_deletes_the_last_record(log: Log, clock: Clock) -> None:
    await log.log_decisions([a_draft(), a_draft()])
    clock.now += 10
    assert await log.trim(before=clock.now, below=100, limit=100) == 1
    assert await log.trim(before=clock.now, below=100, limit=100) == 0
    assert (await placed(log)).decision == 3


async def test_trim_leaves_the_last_rules_among_the_old_in_force(log: Log, clock: Clock) -> None:
    await log.declare(b"one")
    await placed(log)
    await log.declare(b"two")
    await log.log_decisions([a_draft(), a_draft()])
    clock.now += 10
    await log.declare(b"three")
    await placed(log)
    assert await log.trim(before=clock.now, below=100, limit=100) == 4
    records = await logged(log)
    assert [record.body for record in records[:2]] == [b"two", b"three"]
    assert [record.position for record in records] == [3, 6, 7]
    assert await log.read(3, 1) == records[1:2]
    assert await log.trim(before=clock.now, below=100, limit=100) == 0
    clock.now += 10
    assert await log.trim(before=clock.now, below=100, limit=100) == 1
    assert [record.position for record in await logged(log)] == [6, 7]


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
async def test_trim_goes_on_to_the_end_though_rules_are_left(log: Log, clock: Clock, limit: int) -> None:
    for number in range(6):
        await log.declare(b"%d" % number)
        await placed(log)
    clock.now += 10
    await placed(log)
    while (gone := await log.trim(before=clock.now, below=100, limit=limit)) == limit:
        pass
    assert gone < limit
    assert [record.position for record in await logged(log)] == [11, 13]


async def test_trim_leaves_a_hold_that_is_still_served(log: Log, clock: Clock) -> None:
    lasting = await placed(log, a_held(lasts=1_000))
    await placed(log, changed(a_held(lasts=10), key=b"short"))
    await placed(log)
    clock.now += 100
    await log.trim(before=clock.now, below=100, limit=100)
    assert await log.holds([KEY, b"short"]) == [lasting, None]
    clock.now += 1_000
    await placed(log)
    await log.trim(before=clock.now, below=100, limit=100)
    assert await log.holds([KEY]) == [None]


# -------------------------------------------------------------------- people


async def test_a_profile_is_stored_and_replaced(log: Log) -> None:
    assert await log.profile(ADA) is None
    await log.change_profile(ADA, lambda _: b"one")
    await log.change_profile(ADA, lambda _: b"two")
    assert await log.profile(ADA) == b"two"
    assert await log.profile(BOB) is None


async def test_a_change_of_a_profile_is_made_to_what_stands(log: Log) -> None:
    def one_more(stored: bytes | None) -> bytes:
        return (stored or b"") + b"+"

    await asyncio.gather(*(log.change_profile(ADA, one_more) for _ in range(50)))
    assert await log.profile(ADA) == b"+" * 50


async def test_a_change_of_a_profile_that_fails_changes_nothing_and_keeps_no_other_back(log: Log) -> None:
    def fail(stored: bytes | None) -> bytes:
        raise LookupError(stored)

    await log.change_profile(ADA, lambda _: b"one")
    failed, made = await asyncio.gather(
        log.change_profile(ADA, fail), log.change_profile(BOB, lambda _: b"two"), return_exceptions=True
    )
    assert isinstance(failed, LookupError)
    assert made is None
    assert (await log.profile(ADA), await log.profile(BOB)) == (b"one", b"two")


async def test_forgetting_deletes_profile_and_holds_and_logs_the_erasure(log: Log) -> None:
    await log.change_profile(ADA, lambda _: b"ada")
    await log.change_profile(BOB, lambda _: b"bob")
    others = bytes.fromhex(BOB) + b"title-01"
    keys = [bytes.fromhex(ADA) + rest for rest in (b"", b"\xff" * 8, b"\x00" * 8)]
    bobs = await placed(log, changed(a_held(), key=others))
    await log.log_decisions([changed(a_held(), key=key) for key in keys])
    await log.forget(ADA)
    assert await log.profile(ADA) is None
    assert await log.profile(BOB) == b"bob"
    assert await log.holds([*keys, others]) == [None, None, None, bobs]
    last = (await logged(log))[-1]
    assert last.kind == Kind.ERASURE
    assert decode_erasure(last.body).profile == ADA


async def test_scrubbing_takes_the_viewer_out_of_its_decisions_alone(log: Log) -> None:
    known: dict[str, Any] = {"attributes": {"country": "DE"}, "taste": {"moon": 1.0}}
    adas, deferred = a_decision(FILM, profile=ADA, **known), a_decision(FILM, profile=ADA, **known)
    bobs = a_decision(FILM, profile=BOB, attributes={"friend": ADA})
    await log.log_decisions([a_draft(adas), a_draft(deferred, deferred=True), a_draft(bobs)])
    await log.forget(ADA)
    assert await log.scrub(ADA, 0, 2) == 2
    assert await log.scrub(ADA, 2, 2) == 4
    assert await log.scrub(ADA, 4, 2) == 4
    decisions = [decode_decision(record.body) for record in (await logged(log))[:3]]
    assert decisions == [adas.forgotten(), deferred.forgotten(), bobs]
    assert decisions[0].artwork == adas.artwork
    assert ADA.encode() not in encode(decisions[0])


async def test_an_erasure_is_under_way_until_it_is_ended(log: Log) -> None:
    await log.forget(BOB)
    await log.forget(ADA)
    await log.forget(ADA)
    assert await log.erasures() == [ADA, BOB]
    await log.end_erasure(ADA)
    await log.end_erasure(ADA)
    assert await log.erasures() == [BOB]
    ended = [decode_erasure(record.body).profile for record in await logged(log) if record.kind == Kind.ERASURE]
    assert ended == [BOB, ADA, ADA, ADA, ADA]


async def test_ending_an_erasure_deletes_what_came_meanwhile(log: Log) -> None:
    await log.forget(ADA)
    await log.change_profile(ADA, lambda _: b"ada")
    hold = changed(a_held(), key=bytes.fromhex(ADA) + b"title-01")
    await placed(log, hold)
    await log.end_erasure(ADA)
    assert await log.profile(ADA) is None
    assert await log.holds([bytes.fromhex(ADA) + b"title-01"]) == [None]


# -------------------------------------------------------------------- settings


async def test_a_setting_is_made_once_and_everyone_gets_the_same(log: Log) -> None:
    assert await log.setting("key") is None
    made = await asyncio.gather(*[log.make_setting("key", bytes([number])) for number in range(5)])
    assert len(set(made)) == 1
    assert await log.setting("key") == made[0]
    assert await log.make_setting("key", b"later") == made[0]


async def test_an_empty_setting_is_one(log: Log) -> None:
    assert await log.make_setting("note", b"") == b""
    assert await log.make_setting("note", b"later") == b""


async def test_a_setting_is_swapped_only_if_it_is_what_was_expected(log: Log) -> None:
    assert not await log.swap_setting("catalogue", b"one", b"two")
    assert await log.swap_setting("catalogue", None, b"one")
    assert not await log.swap_setting("catalogue", None, b"two")
    assert await log.swap_setting("catalogue", b"one", b"two")
    assert await log.setting("catalogue") == b"two"
