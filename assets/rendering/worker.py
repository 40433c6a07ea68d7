"""A rendering process: `python -m assets.rendering.worker` answers orders, one line of JSON for each.

It decodes hostile bytes, so its parent does not trust its answers.
"""

import os
import queue
import resource
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO, Final

from assets.codec import canonical, parsed
from assets.picture import LARGEST_FILE, Job, Picture, PictureError
from assets.rendering import keeping
from assets.rendering.decoding import decoded, read
from assets.rendering.developing import develop
from assets.rendering.messages import DISK_FAULTS, Answer, Order
from assets.rendering.renditions import write

MEMORY: Final = 512 * 1024 * 1024
DECODING_SECONDS: Final = 4.0
"""Seconds of CPU time; only a file that is made to be slow takes longer to decode."""
DEVELOPING_SECONDS: Final = 30.0
FILES: Final = 64
BEHIND: Final = 10
"""The difference of its nice value from that of the processes that serve pictures."""
READY: Final = b"ready\n"


def main() -> None:
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # a library that prints can't spoil an answer
    limit()
    orders: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(sys.stdin.buffer, orders), daemon=True).start()
    _say(answers, READY)
    while True:
        _say(answers, canonical(answer(parsed(Order, orders.get()))) + b"\n")


def limit() -> None:
    """Give up the rights that a decoder never needs, so that a hijacked one does not have them."""
    os.nice(BEHIND)
    _lower(resource.RLIMIT_CORE, 0)
    _lower(resource.RLIMIT_NOFILE, FILES)
    _lower(resource.RLIMIT_FSIZE, LARGEST_FILE)
    if sys.platform == "linux":
        # Not RLIMIT_AS, which counts libraries and reserved memory; macOS enforces neither.
        _lower(resource.RLIMIT_DATA, MEMORY)


def answer(order: Order) -> Answer:
    name = order.job.name
    try:
        return Answer(_developed(order))
    except PictureError as error:
        return Answer(fault=str(error), field=error.field)
    except MemoryError:
        return Answer(fault=f"{name!r} takes more than {MEMORY >> 20} MiB of memory; export it smaller.")
    except OSError as error:
        if error.errno in DISK_FAULTS:
            return Answer(disk=error.errno)
        return Answer(fault=f"Keyart cannot write the renditions of {name!r} ({_said(error)}); export it again.")
    except Exception as error:  # noqa: BLE001 - the next order must be answered, whatever this picture did
        return Answer(fault=f"{name!r} causes an error when Keyart renders it ({_said(error)}); export it again.")


def _said(error: Exception) -> str:
    return ascii(error)[:100]


def _developed(order: Order) -> Picture:
    job = order.job
    content = read(Path(job.path), job.name)
    source = _source(job, content)
    with _hurried(DECODING_SECONDS):
        found = decoded(content, job.name)
        name = keeping.keep(Path(order.originals), content, found) if order.originals else ""
    del content  # up to 64 MiB, while encoders need all there is
    picture = job.known
    if picture is None:
        with _hurried(DEVELOPING_SECONDS):
            picture = develop(found.image, source, job, partial(write, Path(order.folder)), order.threads)
    return replace(picture, original=name, treatment=job.treatment) if name else picture


def _source(job: Job, content: bytes) -> str:
    if job.source and not keeping.is_named(content, Path(job.path).name):
        raise PictureError(f"The kept original of {job.name!r} is damaged; upload the picture again.")
    return job.source or sha256(content).hexdigest()


@contextmanager
def _hurried(seconds: float) -> Iterator[None]:
    """End this process, by a signal that nobody handles, if it computes for longer."""
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def _listen(source: BinaryIO, orders: "queue.SimpleQueue[bytes]") -> None:
    """Pass orders on; end this process, at work or not, when its parent is gone."""
    for line in source:
        orders.put(line)
    os._exit(0)


def _lower(what: int, most: int) -> None:
    hard = resource.getrlimit(what)[1]
    most = most if hard == resource.RLIM_INFINITY else min(most, hard)
    resource.setrlimit(what, (most, most))


def _say(answers: BinaryIO, line: bytes) -> None:
    answers.write(line)
    answers.flush()


if __name__ == "__main__":
    main()
