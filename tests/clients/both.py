"""The two Python clients, called in one way."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Literal

from keyart_client import AsyncBatch, AsyncKeyart, Batch, Keyart

Which = Literal["sync", "async"]


class Client:
    """A client of either kind. The sync one runs in a thread, because the service is in this one."""

    def __init__(self, client: Keyart | AsyncKeyart):
        self.client = client

    async def call(self, method: str, *arguments: Any, **named: Any) -> Any:
        called = getattr(self.client, method)
        if isinstance(self.client, Keyart):
            return await asyncio.to_thread(called, *arguments, **named)
        return await called(*arguments, **named)


@asynccontextmanager
async def client(which: Which, url: str, **settings: Any) -> AsyncIterator[Client]:
    if which == "sync":
        with Keyart(url, **settings) as keyart:
            yield Client(keyart)
    else:
        async with AsyncKeyart(url, **settings) as keyart:
            yield Client(keyart)


async def flush(batch: Batch | AsyncBatch) -> Any:
    return await (asyncio.to_thread(batch.flush) if isinstance(batch, Batch) else batch.flush())


async def close(batch: Batch | AsyncBatch) -> None:
    await (asyncio.to_thread(batch.close) if isinstance(batch, Batch) else batch.aclose())
