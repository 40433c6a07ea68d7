"""Who is a stranger, by what a request says and by what was seen before."""

from collections.abc import Mapping
from typing import Any

import pytest

from app.records import DECISIONS, decode_decision
from app.viewers.viewer import ACQUAINTED_MS
from tests.api.service import ADMIN, CLIENT, Service


async def is_stranger(service: Service, headers: Mapping[str, str] | None = None, **query: Any) -> bool:
    """Ask for a picture, and return whether its record says that a stranger got it."""
    await service.get(headers=headers, **query)
    bodies = [body for kind, body in await service.records() if kind in DECISIONS]
    return bool(decode_decision(bodies[-1]).stranger)


@pytest.mark.parametrize("query", [{}, {"profile": "ada"}])
async def test_who_comes_without_a_key_is_a_stranger_at_first(service: Service, query: dict[str, Any]) -> None:
    assert await is_stranger(service, **query)


@pytest.mark.parametrize("headers", [CLIENT, ADMIN])
@pytest.mark.parametrize("query", [{}, {"profile": "ada"}])
async def test_who_comes_with_a_key_is_none(
    service: Service, headers: dict[str, str], query: dict[str, Any]
) -> None:
    assert not await is_stranger(service, headers, **query)


async def test_a_key_that_is_none_vouches_for_nobody(service: Service) -> None:
    assert await is_stranger(service, {"Authorization": "Bearer a-key-that-is-none"}, profile="ada")


async def test_a_profile_that_was_written_with_a_key_is_no_stranger(service: Service) -> None:
    body = {"attributes": {"age": 30}}
    answer = await service.http.put("/profiles", params={"profile": "ada"}, json=body, headers=CLIENT)
    assert answer.status_code == 200
    assert not await is_stranger(service, profile="ada")
    assert await is_stranger(service, profile="ben")


async def test_a_profile_is_no_stranger_a_day_after_its_first_exposure_was_learned(service: Service) -> None:
    assert await is_stranger(service, profile="ada")
    await service.close_windows()
    service.clock.now += ACQUAINTED_MS // 2
    assert await is_stranger(service, profile="ada", placement="hero")
    service.clock.now += ACQUAINTED_MS // 2
    assert not await is_stranger(service, profile="ada", placement="search")


async def test_nobody_is_told_a_strangers_lot(service: Service) -> None:
    choice = await service.get(profile="ada")
    [body] = [body for kind, body in await service.records() if kind in DECISIONS]
    lot = str(decode_decision(body).stranger)
    why = await service.http.get(f"/decisions/{choice['decision_id']}/why")
    assert lot not in str(choice)
    assert lot not in why.text
