"""What holds for all tests."""

import gc
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, settings

from app.wiring.app import GARBAGE
from tests.chromium import running

gc.set_threshold(GARBAGE)
"""As a service does: looking for garbage all the time takes a fifth of the suite's time."""

sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
"""As `make` does: without compiled files each process that a test starts compiles every module of the product."""

signal.signal(signal.SIGINT, signal.default_int_handler)
"""As a terminal starts it: what a script starts in the background ignores Ctrl-C, and its children do."""
settings.register_profile(
    "suite",
    deadline=None,  # an example may take as long as a busy machine needs
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
settings.load_profile("suite")


LONGEST_ID = 40
"""Bytes of a parameter that are shown whole in the id of a test."""


@pytest.fixture(autouse=True, scope="module")
def _memory_is_given_back() -> Iterator[None]:
    """Collect what a module left in cycles: to Python a learner is one object, and its table has 16 MB.

    The rest is in use, most of it to the end: 300,000 objects of modules and tests. No later search looks at it.
    """
    yield
    gc.collect()
    gc.freeze()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def chromium() -> AsyncIterator[None]:
    async with running():
        yield


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep tests that share a fixture of their module in one process, where they run side by side.

    Begin with the long tests: at the end short ones keep every processor busy.
    """
    items.sort(key=lambda item: item.get_closest_marker("long") is None)
    for item in items:
        if isinstance(item, pytest.Function) and _shares_a_fixture(item):
            item.add_marker(pytest.mark.xdist_group(item.nodeid.partition("::")[0]))


def _shares_a_fixture(test: pytest.Function) -> bool:
    made_by = test._fixtureinfo.name2fixturedefs  # noqa: SLF001  nothing else tells a fixture's scope
    return any(made_by[name][-1].scope == "module" for name in made_by.keys() - {_memory_is_given_back.__name__})


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name long bytes by their length: a date in them may differ between processes, and no id may."""
    return f"{len(val)} bytes of {argname}" if isinstance(val, bytes) and len(val) > LONGEST_ID else None
