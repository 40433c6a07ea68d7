"""Many runs over the cores: each is a case, a policy and a seed, and depends on nothing else."""

import multiprocessing
import os
import signal
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tests.bench.quality.case import Ahead
from tests.bench.quality.cases import CASES
from tests.bench.quality.policies import maker
from tests.bench.quality.policies.policy import Unsuited
from tests.bench.quality.validation import BOUNDS, Score, validate

ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


class Job(NamedTuple):
    case: str
    policy: str
    seed: int
    steps: int
    delay: int


def work(job: Job) -> Score | str:
    """Return what a run came to, or why it can't be done."""
    case = CASES[job.case]
    if job.policy in BOUNDS:
        return BOUNDS[job.policy](case, job.seed, job.steps)
    try:
        policy = maker(job.policy)(Ahead(case, job.seed, job.steps), job.seed)
    except Unsuited as unsuited:
        return str(unsuited)
    except ModuleNotFoundError as missing:
        return f"{missing.name} is not installed; `make bench-quality` installs requirements/bench.txt."
    return validate(case, policy, job.seed, job.steps, job.delay)


def done(jobs: Sequence[Job], at_a_time: int) -> Iterator[tuple[Job, Score | str]]:
    """Yield runs as they end, each in a process that computes with one thread. Whoever stops early ends them."""
    os.environ.update(ONE_THREAD)  # before numpy is loaded, and that is in the processes that are started now
    fresh = multiprocessing.get_context("spawn")
    with fresh.Pool(min(at_a_time, len(jobs)), _leave_interrupts) as pool:
        yield from pool.imap_unordered(_done, jobs)


def _leave_interrupts() -> None:
    """Let Ctrl-C be the parent's, which then ends this process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _done(job: Job) -> tuple[Job, Score | str]:
    return job, work(job)
