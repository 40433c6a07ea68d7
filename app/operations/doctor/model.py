"""The trainer and the model: who leads, how far it has come, whether anything was learned, and if not, why."""

from collections import Counter
from collections.abc import Iterator, Sequence

from app.data_folder import LOG, STATE
from app.learning.caps import Caps
from app.operations.candidate_standing import Standing
from app.operations.doctor.finding import Finding, finding, first, number, span
from app.operations.doctor.observed import Observed
from app.operations.drift_alarms import drift_alarms
from app.records import DECISIONS, Decision, Kind, Record, decode_decision, decode_reference
from app.store.protocol import Snapshot
from bandit.learners import kind_of, restored
from bandit.sealing import UnusableSnapshot

BEHIND_MS = 30_000
"""How long beyond the window a trainer may leave a record: it commits four times a second, and reads in bulk."""
RUN_OUT_MS = 5_000
ENOUGH = 20
"""Decisions from which on it is told that none of them was personalized."""
FEEDBACK = (Kind.IMPRESSION, Kind.CLICK, Kind.PLAY)


def findings(seen: Observed) -> Iterator[Finding]:
    if not seen.usable(LOG, STATE):
        yield finding("model-not-judged")
        return
    yield lease(seen)
    yield lag(seen)
    yield from snapshots(seen)
    yield lately(seen)
    yield from drift(seen)
    if seen.candidate:
        yield candidate(seen.candidate)
    groups = Counter(each.group for each in _decisions(seen.tail))
    if groups.total() >= ENOUGH and not groups["personalized"]:
        names = ", ".join(sorted(group or "anonymous" for group in groups))
        yield finding("groups-not-personalized", count=groups.total(), groups=names)


def lease(seen: Observed) -> Finding:
    held, now = seen.lease, seen.now
    conditions = {
        "trainer-leads": held and held.lasts(now),
        "trainer-none-needed": not seen.running,
        "trainer-lease-ended": held and 0 <= now - held.until < RUN_OUT_MS,
        "trainer-missing": True,
    }
    since = f"; the lease of {held.holder} ran out {span(abs(now - held.until) / 1000)} ago" if held else ""
    return first(conditions, held=held, since=since)


def lag(seen: Observed) -> Finding:
    """Tell how far the trainer is behind. Exposures in open windows do not have to be committed yet."""
    count, since = seen.examined.unfolded, seen.examined.since
    age = 0 if since is None else seen.now - since
    conditions = {
        "fold-not-counted": count is None,
        "fold-complete": not count or count < 0 or since is None,
        "fold-open": age <= seen.settings.window_ms + BEHIND_MS,
        "fold-slow": seen.running,
        "fold-stopped": True,
    }
    return first(conditions, count=count, age=span(age / 1000))


def snapshots(seen: Observed) -> Iterator[Finding]:
    if not seen.snapshots:
        yield finding("snapshot-none")
        return
    latest, faults = seen.snapshots[0], {each.id: _fault(each) for each in seen.snapshots}
    usable = [id_ for id_, fault in faults.items() if not fault]
    damaged = [f"{id_} ({fault})" for id_, fault in faults.items() if fault]
    if faults[latest.id]:
        instead = f"workers that start use {usable[0]}" if usable else "no worker that starts gets ready"
        yield finding("snapshot-unusable", instead=instead, damaged=damaged[0])
        return
    yield finding("snapshot-loads", latest=latest, age=span(max(0, seen.now - latest.created) / 1000))
    if seen.running and _lack(seen, latest):
        yield finding("snapshot-old", latest=latest)
    if damaged:
        yield finding("snapshots-damaged", damaged=damaged[0])
    if (kind := kind_of(latest.learner)) != seen.settings.learner:
        yield finding("snapshot-other-learner", kind=kind, learner=seen.settings.learner)


def _fault(snapshot: Snapshot) -> UnusableSnapshot | None:
    try:
        restored(snapshot.learner)
    except UnusableSnapshot as error:
        return error
    return None


def _lack(seen: Observed, latest: Snapshot) -> bool:
    """Find out whether something should have been published long ago: workers serve old weights then."""
    over = seen.now - seen.settings.window_ms - BEHIND_MS
    voided = {decode_reference(each.body).decision for each in seen.tail if each.kind == Kind.VOID}
    later = [each for each in seen.tail if each.position > latest.position and each.stamp < over]
    late = _decisions([each for each in later if each.kind == Kind.DECISION and each.position not in voided])
    caps, rules = Caps.of(seen.fold.learned_caps), seen.settings.reward_rules()
    return any(not decision.pinned and not caps.full(decision, rules) for decision in late)


def _decisions(records: Sequence[Record]) -> list[Decision]:
    found = []
    for record in records:
        if record.kind in DECISIONS:
            try:
                found.append(decode_decision(record.body))
            except ValueError:  # damaged, or another version's: reported elsewhere
                continue
    return found


def drift(seen: Observed) -> Iterator[Finding]:
    """Tell the alarms of collapse and drift, as the dashboard does."""
    gauges = {" ".join(sign): value for sign, value in seen.signs.items()}
    gauges["keyart_exploration_floor"] = seen.settings.even_floor
    found = list(drift_alarms(gauges))
    for alarm in found:
        yield finding("drift-alarm", alarm=alarm)
    if not found:
        yield first({"drift-early": len(seen.signs) <= 1, "drift-none": True})
    if seen.snapshots and not seen.predicts:
        yield finding("drift-no-predictions", kind=kind_of(seen.snapshots[0].learner))


def candidate(standing: Standing) -> Finding:
    outlook = standing.outlook
    conditions = {
        "candidate-unwell": outlook.condition in {"stuck", "behind"},
        "candidate-waits": outlook.remedy,
        "candidate-well": True,
    }
    return first(conditions, policy=standing.order.policy, outlook=outlook)


def lately(seen: Observed) -> Finding:
    if seen.examined.day is None:
        return finding("day-not-counted")
    day, settings = Counter(seen.examined.day), seen.settings
    shown, deferred = day[Kind.DECISION] + day[Kind.EXPOSURE], day[Kind.DEFERRED]
    acted = day[Kind.CLICK] + day[Kind.PLAY]
    decisions, closes = _decisions(seen.tail), _first_close(seen)
    taken = Caps.of(seen.fold.learned_caps).taken()
    conditions = {
        "day-switched-off": settings.serve == "default",
        "day-nobody": not shown and not deferred,
        "day-unseen": not shown and not day[Kind.IMPRESSION] and not acted,
        "day-pinned": decisions and all(each.pinned for each in decisions),
        "day-no-feedback": not acted,
        "day-no-plays": settings.reward == "play" and not day[Kind.PLAY],
        "day-too-early": closes > 0,
        "day-capped": settings.learn_cap and taken and min(taken.values()) >= settings.learn_cap,
        "day-learned": True,
    }
    return first(
        conditions,
        deferred=deferred,
        decisions=len(decisions),
        closes=span(max(0, closes) / 1000),
        profiles=len(taken),
        cap=settings.learn_cap,
        made=number(shown + deferred, "decision or exposure", "decisions and exposures"),
        acted=number(acted, "click or play", "clicks and plays"),
    )


def _first_close(seen: Observed) -> int:
    """Return in how many milliseconds the first window closes; 0 if one has closed, or none is open."""
    if seen.fold.tallies or seen.examined.oldest is None:
        return 0
    opened = next((each.stamp for each in seen.tail if each.kind in {*DECISIONS, *FEEDBACK}), None)
    return 0 if opened is None else opened + seen.settings.window_ms - seen.now
