"""All tests of this folder run in one event loop, because Chromium, which they share, belongs to it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.api.conftest import catalogue, plain_log, tmp_path
from tests.api.service import Catalogue, Service, serving

__all__ = ["catalogue", "plain_log", "tmp_path"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.parent == Path(__file__).parent and pytest_asyncio.is_async_test(item):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


@pytest_asyncio.fixture(loop_scope="session")
async def service(tmp_path: Path, catalogue: Catalogue) -> AsyncIterator[Service]:
    """A service as the API's tests have it."""
    async with serving(tmp_path, catalogue) as running:
        yield running
