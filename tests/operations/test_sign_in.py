"""The link that a start prints for the person who looks on."""

import asyncio

from app.operations.sign_in import sign_in_path
from tests.api.service import Service, listening

KEY = "the-admin-key-of-tests"


async def path_from(address: str, key: str) -> str | None:
    return await asyncio.to_thread(sign_in_path, "127.0.0.1", int(address.rpartition(":")[2]), key)


async def test_the_link_signs_in(service: Service) -> None:
    async with listening(service.app) as address:
        path = await path_from(address, KEY)
    assert path
    answer = await service.http.get(path)
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("../../dashboard")


async def test_without_the_right_key_or_a_service_there_is_no_link(service: Service) -> None:
    async with listening(service.app) as address:
        assert await path_from(address, "another-key-of-16-characters") is None
    assert await path_from(address, KEY) is None
