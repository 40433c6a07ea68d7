"""What every store's state owes; `app/store/protocol/` says it in words."""

from dataclasses import replace
from typing import Any

import pytest

from app.store.protocol import (
    CapChange,
    Lease,
    LostLeaseError,
    NewBase,
    Progress,
    Snapshot,
    State,
    TasteRow,
)
from bandit.tally import Tally
from tests.builders import Clock
from tests.contract.conftest import LEASE

ADA, BOB = "0a" * 16, "0b" * 16
ROW, OTHER = TasteRow(b"state", b"values", 0, b"showings"), TasteRow(b"state 2", b"values 2")
KEY, OTHER_KEY = ("countdown", "moon", "uniform"), ("apollo", "moon", "uniform")


def some_progress(counted: int = 10, **changes: Any) -> Progress:
    return replace(Progress(counted, b"base", {}, {}), **changes)


def a_snapshot(position: int = 10, role: str = "incumbent", learner: bytes = b"learner") -> Snapshot:
    return Snapshot(0, role, position, position - 3, 0, b"rules", learner)


# -------------------------------------------------------------------- the lease


async def test_one_leads_and_the_other_stands_by_until_the_lease_runs_out(state: State, clock: Clock) -> None:
    first = await state.lead("one", LEASE)
    assert first is not None
    clock.now += LEASE - 1
    assert await state.lead("two", LEASE) is None
    clock.now += 1
    second = await state.lead("two", LEASE)
    assert second is not None
    assert second > first
    assert await state.lead("one", LEASE) is None


async def test_the_lease_can_be_looked_at_until_it_is_given_back(state: State, clock: Clock) -> None:
    assert await state.lease() is None
    token = await state.lead("one", LEASE)
    assert token is not None
    assert await state.lease() == Lease("one", clock.now + LEASE)
    clock.now += 2 * LEASE
    assert await state.lease() == Lease("one", clock.now - LEASE), "it ran out, and still says whose it was"
    await state.lead("one", LEASE, token)
    assert await state.lease() == Lease("one", clock.now + LEASE)
    await state.resign(token)
    assert await state.lease() is None


async def test_renewing_keeps_the_token_and_the_lead(state: State, token: int, clock: Clock) -> None:
    for _ in range(3):
        clock.now += LEASE - 1
        assert await state.lead("one", LEASE, token) == token
        assert await state.lead("two", LEASE) is None


async def test_a_lease_that_ran_out_can_be_renewed_until_another_has_taken_it(
    state: State, token: int, clock: Clock
) -> None:
    clock.now += LEASE
    assert await state.lead("one", LEASE, token) == token
    clock.now += LEASE
    assert await state.lead("two", LEASE)
    assert await state.lead("one", LEASE, token) is None


async def test_who_starts_under_the_same_name_takes_the_lease_at_once_and_the_one_before_has_lost_it(
    state: State, token: int
) -> None:
    again = await state.lead("one", LEASE)
    assert again is not None
    assert again > token
    assert await state.lead("one", LEASE, token) is None
    with pytest.raises(LostLeaseError):
        await state.commit(token, some_progress())
    assert await state.lead("one", LEASE, again) == again


async def test_who_has_resigned_renews_nothing(state: State, token: int) -> None:
    await state.resign(token)
    assert await state.lead("one", LEASE, token) is None
    assert await state.lead("two", LEASE)


async def test_who_resigns_is_followed_at_once_and_with_a_greater_token(state: State, token: int) -> None:
    await state.resign(token)
    second = await state.lead("two", LEASE)
    assert second is not None
    assert second > token


async def test_a_token_of_old_resigns_nothing(state: State, token: int, clock: Clock) -> None:
    clock.now += LEASE
    second = await state.lead("two", LEASE)
    await state.resign(token)
    assert await state.lead("one", LEASE) is None
    assert await state.lead("two", LEASE, second) == second


@pytest.mark.parametrize("method", ["commit", "replace"])
async def test_who_lost_the_lease_writes_nothing(state: State, token: int, clock: Clock, method: str) -> None:
    await state.commit(token, some_progress(tastes={ADA: ROW}, tallies={KEY: Tally(1)}, snapshot=a_snapshot()))
    clock.now += LEASE
    await state.lead("two", LEASE)
    late = some_progress(99, tastes={ADA: None, BOB: ROW}, tallies={KEY: Tally(9)}, snapshot=a_snapshot(99))
    with pytest.raises(LostLeaseError):
        await getattr(state, method)(token, late)
    assert (await state.fold_state()).position == 10
    assert await state.taste_rows([ADA, BOB]) == {ADA: ROW}
    assert await state.tallies() == {KEY: Tally(1)}
    assert [snapshot.position for snapshot in await state.snapshots()] == [10]


async def test_without_a_lease_nobody_writes(state: State) -> None:
    with pytest.raises(LostLeaseError):
        await state.commit(1, some_progress())


# -------------------------------------------------------------------- progress


async def test_nothing_is_counted_at_first(state: State) -> None:
    counted = await state.fold_state()
    assert (counted.position, counted.base, dict(counted.tallies)) == (0, None, {})
    assert (dict(counted.counted_caps), dict(counted.learned_caps)) == ({}, {})
    assert await state.current() is None
    assert await state.snapshots() == []
    assert await state.taste_since(ADA) is None


async def test_what_is_committed_is_read_again(state: State, token: int) -> None:
    tally = Tally(3, 2, 1, 0.1 + 0.2, 1 / 3, 1e-17)
    await state.commit(token, some_progress(42, tastes={ADA: ROW}, tallies={KEY: tally, OTHER_KEY: Tally(1)}))
    counted = await state.fold_state()
    assert (counted.position, counted.base) == (42, b"base")
    assert counted.tallies == await state.tallies() == {KEY: tally, OTHER_KEY: Tally(1)}
    assert await state.tallies("countdown") == {KEY: tally}
    assert await state.group_tallies() == {"uniform": tally + Tally(1)}
    assert await state.tallies("unknown") == {}
    assert await state.taste_since(ADA) == (b"values", 0, b"showings")
    assert await state.taste_rows([ADA, BOB]) == {ADA: ROW}


async def test_a_commit_replaces_what_it_names_and_leaves_the_rest(state: State, token: int) -> None:
    await state.commit(
        token, some_progress(tastes={ADA: ROW, BOB: ROW}, tallies={KEY: Tally(1), OTHER_KEY: Tally(1)})
    )
    await state.commit(token, some_progress(11, tastes={BOB: OTHER}, tallies={KEY: Tally(2)}))
    assert await state.taste_rows([ADA, BOB]) == {ADA: ROW, BOB: OTHER}
    assert await state.tallies() == {KEY: Tally(2), OTHER_KEY: Tally(1)}


async def test_a_taste_of_none_is_deleted(state: State, token: int) -> None:
    await state.commit(token, some_progress(tastes={ADA: ROW, BOB: ROW}))
    await state.commit(token, some_progress(tastes={ADA: None}))
    assert await state.taste_rows([ADA, BOB]) == {BOB: ROW}
    assert await state.taste_since(ADA) is None


async def test_tastes_are_gone_through_page_by_page(state: State, token: int) -> None:
    everyone = {f"{number:032x}": TasteRow(b"%d" % number, b"values") for number in (5, 3, 1, 4, 2)}
    await state.commit(token, some_progress(tastes=everyone))
    first = await state.tastes("", 3)
    assert list(first) == sorted(everyone)[:3]
    rest = await state.tastes(max(first), 3)
    assert {**first, **rest} == everyone
    assert list(rest) == sorted(everyone)[3:]
    assert await state.tastes(max(rest), 3) == {}


async def test_what_is_read_does_not_change_with_what_was_handed_in_or_out(state: State, token: int) -> None:
    tally = Tally(1)
    await state.commit(token, some_progress(tallies={KEY: tally}))
    tally.exposures = 5
    (await state.tallies())[KEY].exposures = 6
    assert await state.tallies() == {KEY: Tally(1)}


# -------------------------------------------------------------------- snapshots


async def test_a_snapshot_gets_an_id_and_the_time_and_becomes_current(
    state: State, token: int, clock: Clock
) -> None:
    assert await state.commit(token, some_progress()) is None
    first = await state.commit(token, some_progress(snapshot=a_snapshot(10)))
    second = await state.commit(token, some_progress(snapshot=a_snapshot(20, learner=bytes(range(256)))))
    assert first is not None
    assert second is not None
    assert second > first
    assert await state.current() == second
    latest, before = await state.snapshots()
    assert latest == Snapshot(second, "incumbent", 20, 17, clock.now, b"rules", bytes(range(256)))
    assert before.id == first


async def test_a_candidate_is_kept_apart_from_the_incumbents(state: State, token: int) -> None:
    incumbent = await state.commit(token, some_progress(snapshot=a_snapshot()))
    candidate = await state.commit(token, some_progress(snapshot=a_snapshot(role="candidate")))
    assert await state.current() == incumbent
    assert [snapshot.id for snapshot in await state.snapshots()] == [incumbent]
    assert [snapshot.id for snapshot in await state.snapshots("candidate")] == [candidate]


async def test_a_few_incumbents_are_kept_and_ids_are_given_once(state: State, token: int) -> None:
    candidate = await state.commit(token, some_progress(snapshot=a_snapshot(role="candidate")))
    ids = [await state.commit(token, some_progress(snapshot=a_snapshot(position))) for position in range(1, 30)]
    kept = [snapshot.id for snapshot in await state.snapshots()]
    assert kept == ids[::-1][:5]
    assert len(set(ids)) == 29
    assert [snapshot.id for snapshot in await state.snapshots(limit=2)] == kept[:2]
    assert [snapshot.id for snapshot in await state.snapshots("candidate")] == [candidate]


async def test_a_candidate_is_kept_beside_whoever_leads_and_touches_nothing_else(
    state: State, token: int, clock: Clock
) -> None:
    progress = some_progress(
        tastes={ADA: ROW}, tallies={KEY: Tally(1)}, snapshot=a_snapshot(), learned_caps=CapChange({"~a": "1"})
    )
    incumbent = await state.commit(token, progress)
    before = await state.fold_state()
    candidate = await state.keep_candidate(a_snapshot(99, learner=b"tuned"))
    assert await state.snapshots("candidate") == [
        Snapshot(candidate, "candidate", 99, 96, clock.now, b"rules", b"tuned")
    ]
    assert await state.current() == incumbent
    assert [snapshot.id for snapshot in await state.snapshots()] == [incumbent]
    assert await state.fold_state() == before
    assert await state.taste_rows([ADA]) == {ADA: ROW}
    assert await state.lead("one", LEASE, token) == token
    following = await state.commit(token, some_progress(snapshot=a_snapshot(100)))
    assert incumbent is not None
    assert following is not None
    assert incumbent < candidate < following


async def test_the_latest_three_candidates_are_kept_and_incumbents_stay(state: State, token: int) -> None:
    incumbent = await state.commit(token, some_progress(snapshot=a_snapshot()))
    ids = [await state.keep_candidate(a_snapshot(position)) for position in range(1, 10)]
    assert [snapshot.id for snapshot in await state.snapshots("candidate")] == ids[::-1][:3]
    assert [snapshot.id for snapshot in await state.snapshots()] == [incumbent]


async def test_candidates_are_dropped_together_and_incumbents_stay(state: State, token: int) -> None:
    incumbent = await state.commit(token, some_progress(snapshot=a_snapshot()))
    for position in (1, 2):
        await state.keep_candidate(a_snapshot(position))
    await state.drop_candidates()
    assert await state.snapshots("candidate") == []
    assert await state.current() == incumbent


async def test_the_learners_caps_are_written_with_a_snapshot_and_those_of_the_counts_each_time(
    state: State, token: int
) -> None:
    one, two, three = CapChange({"~a": "1", "t": "2"}), CapChange({"~a": "50"}), CapChange({"~a": "3"})
    await state.commit(token, some_progress(snapshot=a_snapshot(), learned_caps=one, counted_caps=one))
    await state.commit(token, some_progress(learned_caps=two, counted_caps=two))
    counted = await state.fold_state()
    assert (counted.learned_caps, counted.counted_caps) == ({"~a": "1", "t": "2"}, {"~a": "50", "t": "2"})
    await state.commit(token, some_progress(snapshot=a_snapshot(), learned_caps=three))
    counted = await state.fold_state()
    assert (counted.learned_caps, counted.counted_caps) == ({"~a": "3", "t": "2"}, {"~a": "50", "t": "2"})


async def test_another_hour_ends_the_rows_of_the_hour_and_no_others(state: State, token: int) -> None:
    before, after = CapChange({"~a": "1", "~b": "1", "t": "2"}), CapChange({"~b": "5"}, turned=True)
    await state.commit(token, some_progress(snapshot=a_snapshot(), learned_caps=before, counted_caps=before))
    await state.commit(token, some_progress(snapshot=a_snapshot(), learned_caps=after))
    counted = await state.fold_state()
    assert (counted.learned_caps, counted.counted_caps) == ({"~b": "5", "t": "2"}, before.rows)


async def test_caps_that_begin_anew_end_all_rows_before(state: State, token: int) -> None:
    before, after = CapChange({"~a": "1", "t": "2"}), CapChange({"~b": "5"}, anew=True)
    await state.commit(token, some_progress(snapshot=a_snapshot(), learned_caps=before, counted_caps=before))
    await state.commit(token, some_progress(snapshot=a_snapshot(), learned_caps=after))
    counted = await state.fold_state()
    assert (counted.learned_caps, counted.counted_caps) == ({"~b": "5"}, before.rows)


async def test_a_row_of_a_cap_that_is_none_is_deleted(state: State, token: int) -> None:
    await state.commit(token, some_progress(counted_caps=CapChange({"~a": "1", "~b": "2"})))
    await state.commit(token, some_progress(counted_caps=CapChange({"~a": None})))
    assert (await state.fold_state()).counted_caps == {"~b": "2"}


async def test_a_taste_says_since_when_its_profile_is_known(state: State, token: int) -> None:
    assert await state.taste_since(ADA) is None
    await state.commit(token, some_progress(tastes={ADA: replace(ROW, first=1_790_000_000_000)}))
    assert await state.taste_since(ADA) == (b"values", 1_790_000_000_000, b"showings")
    assert (await state.taste_rows([ADA]))[ADA].first == 1_790_000_000_000


async def test_a_rebuild_replaces_counts_and_tastes_but_keeps_lease_and_earlier_snapshots(
    state: State, token: int
) -> None:
    everything = some_progress(
        50,
        tastes={ADA: ROW},
        tallies={KEY: Tally(5)},
        snapshot=a_snapshot(50),
        learned_caps=CapChange({"~a": "5"}),
        counted_caps=CapChange({"~a": "5"}),
    )
    await state.commit(token, everything)
    rebuilt = some_progress(
        40,
        tastes={BOB: OTHER},
        tallies={OTHER_KEY: Tally(1)},
        snapshot=a_snapshot(40),
        learned_caps=CapChange({"~b": "1"}),
    )
    snapshot = await state.replace(token, rebuilt)
    counted = await state.fold_state()
    assert (counted.position, counted.tallies) == (40, {OTHER_KEY: Tally(1)})
    assert (counted.learned_caps, counted.counted_caps) == ({"~b": "1"}, {})
    assert await state.taste_rows([ADA, BOB]) == {BOB: OTHER}
    assert await state.current() == snapshot
    assert [kept.position for kept in await state.snapshots()] == [40, 50]
    assert await state.lead("one", LEASE, token) == token


# -------------------------------------------------------------------- bases


def a_base(since: int = 5, *, reason: str = "regular", breaks: bool = False, position: int = 10) -> NewBase:
    return NewBase(reason, 2, since, breaks, a_snapshot(position), b"counts")


async def with_bases(state: State, token: int, *bases: NewBase) -> None:
    for base in bases:
        await state.commit(token, some_progress(base_of=base))


async def test_a_base_is_kept_with_its_snapshot_and_the_counts(state: State, token: int, clock: Clock) -> None:
    await with_bases(state, token, a_base(7, reason="first"))
    [base] = await state.bases()
    assert (base.reason, base.fold, base.position, base.resume) == ("first", 2, 10, 7)
    assert (base.since, base.created, base.sound) == (7, clock.now, True)
    found = await state.base(base.id)
    assert found
    snapshot, counts = found
    assert (snapshot.position, snapshot.resume, snapshot.rules, snapshot.learner) == (10, 7, b"rules", b"learner")
    assert counts == b"counts"
    assert await state.base(base.id + 1) is None


async def test_a_base_is_no_snapshot_to_decide_by(state: State, token: int) -> None:
    await with_bases(state, token, a_base())
    assert await state.current() is None
    assert await state.snapshots() == []


async def test_a_base_that_breaks_leaves_no_earlier_one_sound(state: State, token: int) -> None:
    await with_bases(state, token, a_base(), a_base(), a_base(breaks=True), a_base())
    assert [base.sound for base in await state.bases()] == [False, False, True, True]


async def test_what_was_folded_anew_leaves_only_the_base_it_began_at_and_makes_it_sound(
    state: State, token: int
) -> None:
    await with_bases(state, token, a_base(), a_base(), a_base(breaks=True))
    oldest = (await state.bases())[0]
    await state.commit(token, some_progress(snapshot=a_snapshot(50), refolded=oldest.id, quarantined=44))
    [kept] = await state.bases()
    assert (kept.id, kept.position, kept.sound, kept.quarantined) == (oldest.id, 10, True, 44)


async def test_a_base_has_the_latest_quarantine_that_a_fold_from_it_applies(state: State, token: int) -> None:
    await with_bases(state, token, a_base(), replace(a_base(), quarantined=7))
    assert [base.quarantined for base in await state.bases()] == [0, 7]


async def test_a_tally_of_which_nothing_is_left_is_deleted(state: State, token: int) -> None:
    gone, kept = ("countdown", "cupola", "uniform"), ("countdown", "ignition", "uniform")
    await state.commit(token, some_progress(tallies={gone: Tally(1), kept: Tally(2)}))
    await state.commit(token, some_progress(tallies={gone: None}))
    assert await state.tallies() == {kept: Tally(2)}
    assert await state.group_tallies() == {"uniform": Tally(2)}


async def test_bases_that_need_what_is_trimmed_are_dropped(state: State, token: int) -> None:
    await with_bases(state, token, a_base(4), a_base(5), a_base(6))
    await state.drop_bases(token, 5)
    assert [base.since for base in await state.bases()] == [5, 6]


async def test_a_rebuild_leaves_its_own_base_only(state: State, token: int) -> None:
    await with_bases(state, token, a_base(), a_base())
    await state.replace(
        token, some_progress(40, snapshot=a_snapshot(40), base_of=a_base(reason="rebuild", position=40))
    )
    assert [(base.reason, base.position) for base in await state.bases()] == [("rebuild", 40)]


async def test_ids_of_bases_are_given_once(state: State, token: int) -> None:
    await with_bases(state, token, a_base(4), a_base(5))
    [first, second] = await state.bases()
    await state.drop_bases(token, 10)
    await with_bases(state, token, a_base())
    [third] = await state.bases()
    assert first.id < second.id < third.id


async def test_who_lost_the_lease_drops_no_base(state: State, token: int) -> None:
    await with_bases(state, token, a_base(4))
    with pytest.raises(LostLeaseError):
        await state.drop_bases(token + 1, 5)
    assert await state.bases()


async def test_what_a_base_has_counted_is_replaced_and_of_one_that_is_gone_nothing(
    state: State, token: int
) -> None:
    await with_bases(state, token, a_base(), a_base())
    [first, second] = await state.bases()
    less = b"forgot", b"less"
    await state.commit(token, some_progress(scrubbed={first.id: less, second.id + 1: less}))
    found = [await state.base(base.id) for base in await state.bases()]
    assert [each and (each[0].learner, each[1]) for each in found] == [less, (b"learner", b"counts")]
