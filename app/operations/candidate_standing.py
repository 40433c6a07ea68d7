"""The standing of the candidate in the shadow: how far it is, and what would promote it."""

import asyncio
from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

from app.interventions import SETTING, Learning, Shadowing, interventions_in
from app.learning.candidate_file import CandidateFile, Summary
from app.store.protocol import Store

MOST_BEHIND = 50_000
"""Records that a candidate may be behind the log's end when it is promoted."""
STUCK_MS = 300_000
"""The time after which a candidate that saves nothing, although records wait, is stuck."""
UNSAVED = "The candidate has saved nothing yet; wait a few seconds. A trainer has to run."
ERASED = (
    "The candidate has learned from a profile that was erased since. It learns the log again without it, an hour "
    "after the erasure; promote it then."
)

Condition = Literal["starting", "learning", "following", "waiting", "behind", "stuck"]
CONDITIONS: tuple[Condition, ...] = get_args(Condition)


class Outlook(NamedTuple):
    """The condition of a candidate, in a sentence, and the remedy if it needs one."""

    condition: Condition
    says: str
    remedy: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """The candidate in force, as it was saved last; `head` is the position of the log's end.

    The first record that it has not learned was written at `oldest`, if there is one. Times are in milliseconds.
    """

    order: Shadowing
    saved: Summary | None
    head: int
    oldest: int | None
    now: int
    leads: bool
    """Whether a trainer leads, which runs the candidate's process."""
    learns: Learning

    @property
    def position(self) -> int:
        return self.saved.position if self.saved else 0

    @property
    def behind(self) -> int:
        return max(0, self.head - self.position)

    @property
    def lag_seconds(self) -> float:
        """The age of the first record that it has not learned."""
        return 0.0 if self.oldest is None else max(0, self.now - self.oldest) / 1000

    @property
    def caught_up(self) -> bool:
        """Whether it has learned the log as it was when the candidate was started."""
        return self.position >= self.order.given.position

    @property
    def outlook(self) -> Outlook:
        since = max(self.order.given.stamp, self.saved.saved if self.saved else 0)
        if self.learns == "paused":
            return Outlook("waiting", "It waits, because learning is paused.", "Run `keyart learning resume`.")
        if not self.leads:
            return Outlook(
                "waiting", "It waits, because no trainer leads and runs its process.", "Start a trainer."
            )
        if self.now - since > STUCK_MS < 1000 * self.lag_seconds:
            return Outlook(
                "stuck",
                f"It is stuck: it has saved nothing for {(self.now - since) / 60_000:,.0f} minutes, and "
                f"records wait for it: {self.behind:,}.",
                "Look at the trainer's log lines for the child shadow, candidate_unsaved and companion_failed. If "
                "it stays so, run `keyart candidate stop`, and start it again.",
            )
        return self._progress()

    def _progress(self) -> Outlook:
        if self.saved is None:
            return Outlook("starting", "It has saved nothing yet. Its process starts within seconds.")
        if not self.caught_up:
            most = self.order.given.position
            return Outlook("learning", f"It still learns the log: {self.position:,} of {most:,} records so far.")
        if self.behind > MOST_BEHIND:
            return Outlook(
                "behind",
                f"It is {self.behind:,} records behind the log's end, and is not promoted meanwhile.",
                "Wait until there are fewer requests, or give the machine another core.",
            )
        return Outlook("following", "It follows the log.")

    @property
    def refusal(self) -> str | None:
        """Return why it would not be promoted now, before it is known whether it is fit; None if it may be."""
        if self.saved is None:
            return UNSAVED
        if not self.caught_up or self.behind > MOST_BEHIND:
            return f"The candidate is {self.behind:,} records behind the log's end; wait until it has caught up."
        return ERASED if self.saved.erased is not None else None

    @property
    def promotion(self) -> str:
        """Say what would promote it."""
        if self.refusal:
            return f"It is not promoted yet. {self.refusal}"
        if self.order.by_rule:
            return "The rule promotes it when the lower end of the interval is above 0, if it is fit."
        return "An operator promotes it with `keyart candidate promote`. Do it when it is known to earn more."


async def standing_of(store: Store, file: CandidateFile) -> Standing | None:
    """Return the standing of the candidate in force; None if there is none."""
    in_force = interventions_in(await store.log.setting(SETTING))
    if (candidate := in_force.candidate) is None:
        return None
    saved = await asyncio.to_thread(file.summary, candidate.given.position)
    unread = await store.log.read(saved.position if saved else 0, 1)
    lease, now = await store.state.lease(), store.log.now()
    return Standing(
        candidate,
        saved,
        (await store.log.head()).position,
        unread[0].stamp if unread else None,
        now,
        leads=lease is not None and lease.lasts(now),
        learns=in_force.learning,
    )
