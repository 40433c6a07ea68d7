"""The trainer and the model: who leads, how far it has come, whether anything was learned, and if not, why."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from app.learning.caps import Caps
from app.operations.doctor.finding import Finding, note, ok, span, wrong
from app.records import DECISIONS, Decision, Kind, Record, decode_decision, decode_reference
from app.settings import Settings
from app.store.protocol import Examined, FoldState, Lease, Snapshot
from bandit.learners import kind_of, restored
from bandit.policy import Learner
from bandit.sealing import UnusableSnapshot

BEHIND_MS = 30_000
"""How long beyond the window a trainer may leave a record: it commits four times a second, and reads in bulk."""
RUN_OUT_MS = 5_000
ENOUGH = 20
"""Decisions from which on it is told that none of them was personalized."""
Reason = tuple[str, str] | None
"""Why nothing of use was learned, and what to do."""
FEEDBACK = (Kind.IMPRESSION, Kind.CLICK, Kind.PLAY)


@dataclass(frozen=True, slots=True)
class Learning:
    """What the checks of this file go by. `tail` are the log's last records; `now` is in milliseconds."""

    settings: Settings
    examined: Examined
    lease: Lease | None
    counted: FoldState
    snapshots: Sequence[Snapshot]
    tail: Sequence[Record]
    now: int
    running: bool


def findings(learning: Learning) -> Iterator[Finding]:
    yield lease(learning)
    yield lag(learning)
    yield from snapshots(learning)
    yield lately(learning)
    yield from personalized(learning)


# -------------------------------------------------------------------- the trainer


def lease(learning: Learning) -> Finding:
    held, now = learning.lease, learning.now
    if held and held.lasts(now):
        return ok("trainer", f"{held.holder} leads.")
    if not learning.running:
        return ok("trainer", "No trainer leads, as no service uses the folder.")
    if held and 0 <= now - held.until < RUN_OUT_MS:
        return note("trainer", f"The lease of {held.holder} has just run out.", "Look again in a few seconds.")
    since = f"; the lease of {held.holder} ran out {span(abs(now - held.until) / 1000)} ago" if held else ""
    return wrong(
        "trainer",
        f"A service uses the folder, and no trainer leads{since}: nothing is learned.",
        "Look at the trainer's lines in the service's log; a standby is started by `keyart train`.",
    )


def lag(learning: Learning) -> Finding:
    """Say how far the trainer is behind. What is in no window that has closed need not be committed yet."""
    examined = learning.examined
    if examined.unfolded is None:
        return ok("fold", "The log is too long to count in the time what is not folded yet.")
    if examined.unfolded <= 0 or examined.since is None:
        return ok("fold", "The trainer has folded all that can be.")
    age = learning.now - examined.since
    if age <= learning.settings.window_ms + BEHIND_MS:
        return ok("fold", f"{examined.unfolded} decisions and exposures are in open windows.")
    weight = wrong if learning.running else note
    return weight(
        "fold",
        f"{examined.unfolded} decisions and exposures are not folded yet, the first {span(age / 1000)} old.",
        "Wait if the trainer has just started; else give it a core: it yields to the workers."
        if learning.running
        else "Start the service: the trainer goes on where it was.",
    )


# -------------------------------------------------------------------- the model


def snapshots(learning: Learning) -> Iterator[Finding]:
    found = {snapshot.id: _restored(snapshot) for snapshot in learning.snapshots}
    if not found:
        yield note("model", "There is no snapshot yet.", "Start the service: the trainer publishes one at once.")
        return
    latest = learning.snapshots[0]
    damaged = [f"{id_} ({error})" for id_, error in found.items() if isinstance(error, UnusableSnapshot)]
    newest = found[latest.id]
    if isinstance(newest, UnusableSnapshot):
        usable = next((id_ for id_, learner in found.items() if not isinstance(learner, UnusableSnapshot)), None)
        instead = f"workers that start use {usable}" if usable else "no worker that starts gets ready"
        yield wrong(
            "model",
            f"The latest snapshot can't be loaded, and {instead}: {damaged[0]}.",
            "Stop the service, and fold the log anew: `keyart rebuild --publish`.",
        )
        return
    age = span((learning.now - latest.created) / 1000)
    yield ok("model", f"Snapshot {latest.id} loads, and is finite; it was published {age} ago.")
    yield from _unpublished(learning, latest)
    if damaged:
        yield note(
            "model", f"Earlier snapshots can't be loaded: {damaged[0]}.", "Nothing needs doing; watch the disk."
        )
    if (kind := kind_of(latest.learner)) != learning.settings.learner:
        yield note(
            "model",
            f"It is of the learner {kind!r}, and KEYART_LEARNER is {learning.settings.learner!r}.",
            "Start the service: the trainer learns the retained log anew, and then publishes.",
        )


def _unpublished(learning: Learning, latest: Snapshot) -> Iterator[Finding]:
    """Find out whether something should have been published long ago: workers serve old weights then."""
    over = learning.now - learning.settings.window_ms - BEHIND_MS
    voided = {decode_reference(each.body).decision for each in learning.tail if each.kind == Kind.VOID}
    late = [
        each
        for each in learning.tail
        if each.kind == Kind.DECISION and latest.position < each.position not in voided and each.stamp < over
    ]
    if learning.running and any(_teaches(each, learning) for each in _decisions(late)):
        yield note(
            "model",
            f"Windows have closed since, and no snapshot came after {latest.id}: workers serve old weights.",
            "Look for snapshot_refused in the service's log, and at the fold above.",
        )


def _teaches(decision: Decision, learning: Learning) -> bool:
    caps, rules = Caps.of(learning.counted.learned_caps), learning.settings.rules()
    return not decision.pinned and not caps.full(decision, rules)


def _restored(snapshot: Snapshot) -> Learner | UnusableSnapshot:
    try:
        return restored(snapshot.learner)
    except UnusableSnapshot as error:
        return error


# -------------------------------------------------------------------- what was learned


def lately(learning: Learning) -> Finding:
    """Say whether anything was learned in the last day, and if not, why."""
    if learning.examined.day is None:
        return ok("learning", "The last day has more records than can be looked at in the time.")
    day = Day.of(learning.examined.day)
    for look in (_switched_off, _nobody_came, _unseen, _all_pinned, _no_feedback, _no_plays, _too_early, _capped):
        if reason := look(learning, day):
            return note("learning", *reason)
    made = _count(day.shown + day.deferred, "decision or exposure", "decisions and exposures")
    return ok("learning", f"In the last day: {made}, {_count(day.acted, 'click or play', 'clicks and plays')}.")


@dataclass(frozen=True, slots=True)
class Day:
    """What the log has of the last day."""

    shown: int
    deferred: int
    seen: int
    acted: int
    plays: int

    @classmethod
    def of(cls, kinds: Mapping[int, int]) -> "Day":
        def count(*wanted: Kind) -> int:
            return sum(kinds.get(kind, 0) for kind in wanted)

        return cls(
            count(Kind.DECISION, Kind.EXPOSURE),
            count(Kind.DEFERRED),
            count(Kind.IMPRESSION),
            count(Kind.CLICK, Kind.PLAY),
            count(Kind.PLAY),
        )


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _switched_off(learning: Learning, _: Day) -> Reason:
    if learning.settings.serve == "default":
        return "Nothing is logged or learned while KEYART_SERVE is default.", "Set it to policy."
    return None


def _nobody_came(_: Learning, day: Day) -> Reason:
    if not day.shown and not day.deferred:
        return "Nobody was shown a picture in the last day.", "Ask for one: GET /artwork."
    return None


def _unseen(_: Learning, day: Day) -> Reason:
    if day.shown or day.seen or day.acted:
        return None
    return (
        f"All {day.deferred} decisions of the last day are deferred and none was seen: they don't count as shown.",
        "Send POST /impressions, or ask with deferred=false.",
    )


def _no_feedback(_: Learning, day: Day) -> Reason:
    if day.acted:
        return None
    return (
        "Nobody clicked or played anything in the last day, so that all pictures look equally bad.",
        "Send POST /clicks with the decision_id of the answer; look whether pages report at all.",
    )


def _no_plays(learning: Learning, day: Day) -> Reason:
    if learning.settings.reward == "play" and not day.plays:
        return (
            "There are clicks and no plays, and KEYART_REWARD is play.",
            "Send POST /plays with the seconds watched.",
        )
    return None


def _all_pinned(learning: Learning, _: Day) -> Reason:
    decisions = _decisions(learning.tail)
    if decisions and all(each.pinned for each in decisions):
        return f"The last {len(decisions)} decisions were all pinned: those are not learned from.", "End the pins."
    return None


def _decisions(tail: Sequence[Record]) -> list[Decision]:
    found = []
    for record in tail:
        if record.kind in DECISIONS:
            try:
                found.append(decode_decision(record.body))
            except ValueError:  # damaged, or another version's: told of elsewhere
                continue
    return found


def _too_early(learning: Learning, _: Day) -> Reason:
    """Say when the first window closes, if nothing was counted and the log is younger than a window."""
    if learning.counted.tallies or learning.examined.oldest is None:
        return None
    first = next((each.stamp for each in learning.tail if each.kind in {*DECISIONS, *FEEDBACK}), None)
    left = None if first is None else first + learning.settings.window_ms - learning.now
    if left is None or left <= 0:
        return None
    return (
        f"Nothing is learned before a window is over: the first closes in {span(left / 1000)}.",
        "Wait, or set KEYART_PRESET=demo to try things out.",
    )


def _capped(learning: Learning, _: Day) -> Reason:
    cap, learned = learning.settings.learn_cap, Caps.of(learning.counted.learned_caps).taken()
    if cap and learned and all(examples >= cap for examples in learned.values()):
        return (
            f"Each of the {len(learned)} profiles of the hour has reached the {cap} examples learned of one.",
            "Send each viewer's own profile; raise KEYART_LEARN_CAP if the traffic is your own.",
        )
    return None


def personalized(learning: Learning) -> Iterator[Finding]:
    groups = Counter(each.group for each in _decisions(learning.tail))
    if groups.total() >= ENOUGH and not groups["personalized"]:
        which = ", ".join(sorted(group or "anonymous" for group in groups))
        yield note(
            "groups",
            f"None of the last {groups.total()} decisions was personalized; their groups: {which}.",
            "Send a profile with each request; lower the control groups' shares if all are in them.",
        )
