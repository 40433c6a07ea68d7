"""The open windows, which join exposures with the viewer's feedback."""

from array import array
from bisect import bisect_left
from collections.abc import Iterator
from typing import NamedTuple

IMPRESSION, CLICK, PLAY, REPORTED = 1, 2, 4, 8
"""The events of a window, as bits. A click implies an impression, and REPORTED is one that the client sent."""
VOIDED = -1
IDLE = 1024
"""Closed windows that are kept before their memory is given back."""


class Closed(NamedTuple):
    """An exposure whose window has closed: its opening and its decision, as positions, and its reward.

    `seconds` are those of its longest play.
    """

    opened: int
    decision: int
    deadline: int
    reward: float
    happened: int
    seconds: float = 0.0


class Windows:
    """Keeps the open windows, by the position of the record that opened each.

    An open window takes 37 bytes, at most 64 with idle memory; the decision itself is read again from the log at
    its close. Deadlines are in milliseconds of the log's own time, which never decreases. Windows of one length
    therefore close in the order in which they opened, and each length has a separate lane.
    """

    def __init__(self) -> None:
        self._lanes: dict[int, _Lane] = {}

    def open(self, position: int, decision: int, stamp: int, window: int) -> None:
        lane = self._lanes.get(window)
        if lane is None:
            lane = self._lanes[window] = _Lane()
        lane.push(position, decision, stamp + window)

    def credit(self, opened: int, reward: float, happened: int, seconds: float = 0.0) -> float | None:
        """Raise the window's reward to `reward` if that is more; return the gain, or None if it is not open."""
        for lane in self._lanes.values():
            index = lane.find(opened)
            if index is not None:
                return lane.credit(index, reward, happened, seconds)
        return None

    def deadline(self, opened: int) -> int | None:
        """Return when the window closes; None if it is not open."""
        for lane in self._lanes.values():
            index = lane.find(opened)
            if index is not None:
                return lane.deadline[index]
        return None

    def void(self, decision: int) -> None:
        """Forget a decision that was logged but never served, which was its own opening."""
        for lane in self._lanes.values():
            index = lane.find(decision)
            if index is not None:
                lane.decision[index] = VOIDED

    def close(self, now: int) -> Iterator[Closed]:
        """Yield and forget the windows whose deadline has come, in the order of (deadline, opening position)."""
        while (lane := self._first_due(now)) is not None:
            closed = lane.pop()
            if closed.decision != VOIDED:
                yield closed

    def oldest(self) -> int | None:
        """Return the position that opened the oldest window still open."""
        return min((lane.opened[lane.head] for lane in self._lanes.values() if len(lane)), default=None)

    def __len__(self) -> int:
        return sum(len(lane) for lane in self._lanes.values())

    def _first_due(self, now: int) -> "_Lane | None":
        """Return the lane whose window closes next; drop lanes that an earlier length of window left empty."""
        if len(self._lanes) > 1:
            self._lanes = {window: lane for window, lane in self._lanes.items() if len(lane)}
        due = [lane for lane in self._lanes.values() if lane.due(now)]
        return min(due, key=_Lane.first) if len(due) > 1 else due[0] if due else None


class _Lane:
    """Windows of one length, in the order in which they open and close."""

    __slots__ = ("deadline", "decision", "happened", "head", "opened", "reward", "seconds")

    def __init__(self) -> None:
        self.head = 0
        self.opened, self.decision, self.deadline = array("q"), array("q"), array("q")
        self.reward, self.happened, self.seconds = array("d"), array("B"), array("f")

    def __len__(self) -> int:
        return len(self.opened) - self.head

    def push(self, opened: int, decision: int, deadline: int) -> None:
        self.opened.append(opened)
        self.decision.append(decision)
        self.deadline.append(deadline)
        self.reward.append(0.0)
        self.happened.append(0)
        self.seconds.append(0.0)

    def find(self, opened: int) -> int | None:
        index = bisect_left(self.opened, opened, self.head)
        return index if index < len(self.opened) and self.opened[index] == opened else None

    def credit(self, index: int, reward: float, happened: int, seconds: float) -> float | None:
        if self.decision[index] == VOIDED:
            return None
        gain = max(0.0, reward - self.reward[index])
        self.reward[index] = max(reward, self.reward[index])  # adding the gain would round
        self.happened[index] |= happened
        self.seconds[index] = max(seconds, self.seconds[index])
        return gain

    def due(self, now: int) -> bool:
        return self.head < len(self.deadline) and self.deadline[self.head] <= now

    def first(self) -> tuple[int, int]:
        return self.deadline[self.head], self.opened[self.head]

    def pop(self) -> Closed:
        i = self.head
        closed = Closed(
            self.opened[i], self.decision[i], self.deadline[i], self.reward[i], self.happened[i], self.seconds[i]
        )
        self.head += 1
        if self.head > IDLE and self.head * 3 > len(self.opened):
            self._compact()
        return closed

    def _compact(self) -> None:
        """Give back the memory of closed windows when they are a third of the list."""
        for column in (self.opened, self.decision, self.deadline, self.reward, self.happened, self.seconds):
            del column[: self.head]
        self.head = 0
