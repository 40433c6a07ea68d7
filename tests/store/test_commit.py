import asyncio
import threading
from collections.abc import AsyncIterator, Callable

import pytest

from app.store.commit import BusyError, GroupCommit
from app.store.protocol import StoreTimeoutError


class Book:
    """A database of words that counts its transactions, and is busy as often as it is told."""

    def __init__(self) -> None:
        self.transactions: list[list[str]] = []
        self.busy = 0
        self.begun = 0
        self.fails_to_commit: Callable[[list[str]], bool] = lambda _: False
        self._open: list[str] | None = None

    @property
    def words(self) -> list[str]:
        return [word for words in self.transactions for word in words]

    def begin(self) -> None:
        assert self._open is None, "a transaction inside another"
        self.begun += 1
        if self.busy:
            self.busy -= 1
            raise BusyError
        self._open = []

    def commit(self) -> None:
        assert self._open is not None
        if self.fails_to_commit(self._open):
            raise OSError("The disk is full.")
        self.transactions.append(self._open)
        self._open = None

    def rollback(self) -> None:
        self._open = None

    def write(self, word: str) -> Callable[[], str]:
        def operation() -> str:
            assert self._open is not None
            self._open.append(word)
            return word

        return operation

    def refuse(self) -> str:
        assert self._open is not None
        self._open.append("refused")
        raise ValueError("No.")

    def erase(self, word: str) -> None:
        self.write(f"not {word}")()


@pytest.fixture
def book() -> Book:
    return Book()


@pytest.fixture(params=[False, True], ids=["on the loop", "on a thread"])
async def group(request: pytest.FixtureRequest, book: Book) -> AsyncIterator[GroupCommit]:
    group = GroupCommit(book.begin, book.commit, book.rollback, threaded=request.param)
    yield group
    await group.close()


def soon() -> float:
    return asyncio.get_running_loop().time() + 0.02


def late() -> float:
    return asyncio.get_running_loop().time() + 60


async def test_what_is_asked_for_in_one_turn_is_one_transaction(group: GroupCommit, book: Book) -> None:
    words = [str(number) for number in range(10)]
    assert await asyncio.gather(*[group.run(book.write(word)) for word in words]) == words
    assert book.transactions == [words]


async def test_what_is_asked_for_later_is_another_transaction(group: GroupCommit, book: Book) -> None:
    for word in "ab":
        assert await group.run(book.write(word), deadline=late()) == word
    assert book.transactions == [["a"], ["b"]]


async def test_an_operation_that_fails_fails_alone(group: GroupCommit, book: Book) -> None:
    asked = [group.run(book.write("a")), group.run(book.refuse), group.run(book.write("b"))]
    first, refused, last = await asyncio.gather(*asked, return_exceptions=True)
    assert [first, last] == ["a", "b"]
    assert isinstance(refused, ValueError)
    assert book.words == ["a", "b"]
    assert await group.run(book.write("c")) == "c"


async def test_whoever_cannot_be_committed_is_told_and_the_others_are_committed(
    group: GroupCommit, book: Book
) -> None:
    book.fails_to_commit = lambda words: "big" in words
    big, small = await asyncio.gather(
        group.run(book.write("big")), group.run(book.write("small")), return_exceptions=True
    )
    assert isinstance(big, OSError)
    assert small == "small"
    assert book.words == ["small"]


async def test_another_process_lock_is_waited_out(group: GroupCommit, book: Book) -> None:
    book.busy = 5
    first, second = await asyncio.gather(group.run(book.write("a")), group.run(book.write("b")))
    assert first + second == "ab"
    assert book.begun == 6
    assert book.transactions == [["a", "b"]]


async def test_a_lock_that_comes_between_is_waited_out_too(group: GroupCommit, book: Book) -> None:
    """The neighbours of a failure are run again, and then another process may be faster."""

    def refuse() -> str:
        book.busy = 2 if book.begun == 1 else 0
        return book.refuse()

    refused, word = await asyncio.gather(group.run(refuse), group.run(book.write("a")), return_exceptions=True)
    assert isinstance(refused, ValueError)
    assert word == "a"
    assert book.words == ["a"]


async def test_what_is_asked_for_while_another_process_writes_keeps_its_order(
    group: GroupCommit, book: Book
) -> None:
    book.busy = 3
    first = asyncio.create_task(group.run(book.write("first")))
    await asyncio.sleep(0)
    await asyncio.gather(first, group.run(book.write("second")))
    assert book.words == ["first", "second"]


async def test_what_could_not_begin_by_its_deadline_never_does(group: GroupCommit, book: Book) -> None:
    book.busy = 1_000_000
    with pytest.raises(StoreTimeoutError):
        await group.run(book.write("late"), deadline=soon())
    book.busy = 0
    await group.run(book.write("next"))
    assert book.words == ["next"]


async def test_a_deadline_that_has_passed_is_not_even_tried(group: GroupCommit, book: Book) -> None:
    with pytest.raises(StoreTimeoutError):
        await group.run(book.write("late"), deadline=0.0)
    assert book.begun == 0


async def test_one_callers_deadline_is_not_its_neighbours(group: GroupCommit, book: Book) -> None:
    book.busy = 1_000_000
    patient = asyncio.create_task(group.run(book.write("patient")))
    with pytest.raises(StoreTimeoutError):
        await group.run(book.write("hasty"), deadline=soon())
    book.busy = 0
    assert await patient == "patient"
    assert book.words == ["patient"]


async def test_what_was_cancelled_before_it_began_never_does(group: GroupCommit, book: Book) -> None:
    book.busy = 1_000_000
    task = asyncio.create_task(group.run(book.write("unwanted"), undo=book.erase))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    with pytest.raises(StoreTimeoutError):  # until then nothing could begin
        await group.run(book.write("late"), deadline=soon())
    book.busy = 0
    await group.run(book.write("next"))
    assert book.words == ["next"]


async def test_close_finishes_what_was_asked_for_and_takes_no_more(group: GroupCommit, book: Book) -> None:
    book.busy = 3
    task = asyncio.create_task(group.run(book.write("a")))
    await asyncio.sleep(0)
    await group.close()
    assert book.words == ["a"]
    assert await task == "a"
    with pytest.raises(RuntimeError, match="closed"):
        await group.run(book.write("b"))


async def test_what_lands_on_the_loop_after_its_deadline_is_taken_back(
    book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    group = GroupCommit(book.begin, book.commit, book.rollback)
    loop = asyncio.get_running_loop()
    now = loop.time()

    def slow() -> str:
        monkeypatch.setattr(loop, "time", lambda: now + 1000)
        return book.write("slow")()

    with pytest.raises(StoreTimeoutError):
        await group.run(slow, deadline=now + 500, undo=book.erase)
    monkeypatch.undo()
    await group.close()
    assert book.transactions == [["slow"], ["not slow"]]


async def test_what_is_cancelled_in_the_turn_of_its_commit_is_taken_back(book: Book) -> None:
    group = GroupCommit(book.begin, book.commit, book.rollback)

    def operation() -> str:
        asyncio.get_running_loop().call_soon(task.cancel)
        return book.write("unwanted")()

    task = asyncio.create_task(group.run(operation, undo=book.erase))
    with pytest.raises(asyncio.CancelledError):
        await task
    await group.close()
    assert book.transactions == [["unwanted"], ["not unwanted"]]


class Gate:
    """Holds an operation up on its thread until it is opened."""

    def __init__(self) -> None:
        self._reached, self._open = threading.Event(), threading.Event()

    def pass_through(self) -> None:
        self._reached.set()
        assert self._open.wait(30)

    async def reached(self) -> None:
        assert await asyncio.to_thread(self._reached.wait, 30)

    def open(self) -> None:
        self._open.set()


def held_up(book: Book, gate: Gate, word: str) -> tuple[GroupCommit, Callable[[], str]]:
    group = GroupCommit(book.begin, book.commit, book.rollback, threaded=True)

    def operation() -> str:
        gate.pass_through()
        return book.write(word)()

    return group, operation


async def test_what_is_cancelled_while_the_thread_commits_is_taken_back(book: Book) -> None:
    gate = Gate()
    group, slow = held_up(book, gate, "slow")
    task = asyncio.create_task(group.run(slow, deadline=late(), undo=book.erase))
    neighbour = asyncio.create_task(group.run(book.write("neighbour")))
    await gate.reached()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    gate.open()
    assert await neighbour == "neighbour"
    await group.close()
    assert book.transactions == [["slow", "neighbour"], ["not slow"]]


@pytest.mark.parametrize("cancelled", [False, True], ids=["expired", "cancelled"])
async def test_what_is_given_up_while_the_thread_waits_for_the_lock_is_never_written(
    book: Book, *, cancelled: bool
) -> None:
    gate = Gate()

    def begin() -> None:
        gate.pass_through()
        book.begin()

    group = GroupCommit(begin, book.commit, book.rollback, threaded=True)
    lost = asyncio.create_task(
        group.run(book.write("lost"), deadline=late() if cancelled else soon(), undo=book.erase)
    )
    neighbour = asyncio.create_task(group.run(book.write("neighbour")))
    await gate.reached()
    if cancelled:
        lost.cancel()
    with pytest.raises(asyncio.CancelledError if cancelled else StoreTimeoutError):
        await lost
    gate.open()
    assert await neighbour == "neighbour"
    await group.close()
    assert book.transactions == [["neighbour"]]


async def test_the_loop_goes_on_while_the_thread_commits(book: Book) -> None:
    gate = Gate()
    group, slow = held_up(book, gate, "slow")
    first = asyncio.create_task(group.run(slow))
    await gate.reached()
    others = [asyncio.create_task(group.run(book.write(word))) for word in "ab"]
    await asyncio.sleep(0)
    assert book.words == []
    gate.open()
    assert await asyncio.gather(first, *others) == ["slow", "a", "b"]
    assert book.transactions == [["slow"], ["a", "b"]]
    await group.close()


async def test_what_has_begun_and_cannot_be_taken_back_is_waited_for(
    group: GroupCommit, book: Book, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever is told that feedback timed out would send it again."""
    loop = asyncio.get_running_loop()
    now = loop.time()

    def slow() -> str:
        monkeypatch.setattr(loop, "time", lambda: now + 1000)
        return book.write("slow")()

    assert await group.run(slow, deadline=now + 500) == "slow"
    monkeypatch.undo()
    assert book.transactions == [["slow"]]
