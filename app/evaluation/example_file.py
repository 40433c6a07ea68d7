"""The examples of a fold in the order in which they are learned, on disk: a million would fill the memory."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryFile

import msgspec

from bandit.logistic.learner import LogisticLearner
from bandit.types import Action, Context, Example, Witness

LENGTH_BYTES = 4


class ExampleFile:
    """Keeps examples, without their actions, in a file without a name, which ends with the process.

    An example takes some 400 bytes there: five attributes, twenty tastes. The actions are in memory, once for each
    set, because their number depends only on the catalogue.
    """

    def __init__(self, folder: Path):
        self._folder = folder
        self._file = TemporaryFile(dir=folder)  # noqa: SIM115  it is open as long as the spool is
        self._sets: dict[tuple[Action, ...], int] = {}
        self._examples = 0

    def __len__(self) -> int:
        return self._examples

    def add(self, example: Example) -> None:
        actions = self._sets.setdefault(tuple(example.actions), len(self._sets))
        context, chosen, propensity = example.context, example.chosen, example.propensity
        viewer = context.attributes, context.taste, context.witness, context.showings
        line = (*viewer, actions, chosen, propensity, example.reward)
        encoded = _encode(line)
        try:
            self._file.write(len(encoded).to_bytes(LENGTH_BYTES, "big") + encoded)
        except OSError as error:
            error.filename = str(self._folder)  # the file has no name to report
            raise
        self._examples += 1

    def read(self, begin: int, end: int) -> Iterator[Example]:
        """Yield the examples from `begin` up to `end`; only one caller may read at the same time."""
        self._file.seek(0)
        sets = list(self._sets)
        for number in range(end):
            encoded = self._file.read(int.from_bytes(self._file.read(LENGTH_BYTES), "big"))
            if number >= begin:
                attributes, taste, witness, showings, actions, chosen, propensity, reward = _decode(encoded)
                context = Context(attributes, taste, witness, showings)
                yield Example(context, sets[actions], chosen, propensity, reward)

    def close(self) -> None:
        self._file.close()


class RecordingLearner(LogisticLearner):
    """Learns as usual, and records each example that it has learned."""

    def __init__(self, spool: ExampleFile):
        super().__init__()
        self._spool = spool

    def learn(self, example: Example) -> None:
        super().learn(example)
        self._spool.add(example)


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(
    tuple[dict[str, str | float], dict[str, float], Witness | None, dict[str, int], int, int, float, float]
).decode
