"""`If-Match`: an edit of a title that somebody changed meanwhile is refused."""

import asyncio
from typing import Any

import pytest

from tests.api.service import EDITOR, Service, is_problem

EDITS: list[tuple[str, str, dict[str, Any] | None]] = [
    ("PUT", "/titles/countdown", {"name": "Other"}),
    ("PATCH", "/titles/countdown/artworks/cupola", {"alt": "Other"}),
    ("PUT", "/titles/countdown/pin", {"artwork": "cupola"}),
    ("DELETE", "/titles/countdown/pin", None),
    ("DELETE", "/titles/countdown/artworks/sunset-pad", None),
    ("DELETE", "/titles/countdown", None),
]


async def revision(service: Service) -> str:
    title = (await service.http.get("/titles/countdown", headers=EDITOR)).json()
    return str(title["revision"])


async def edit(service: Service, method: str, path: str, body: Any, expected: str) -> Any:
    headers = {**EDITOR, "If-Match": expected}
    return await service.http.request(method, path, json=body, headers=headers)


@pytest.mark.parametrize(("method", "path", "body"), EDITS)
async def test_an_edit_is_made_only_at_its_revision(
    service: Service, method: str, path: str, body: dict[str, Any] | None
) -> None:
    before = await revision(service)
    assert (await service.http.put("/titles/countdown", json={"synopsis": "New"}, headers=EDITOR)).is_success
    now = await revision(service)
    assert now != before
    problem = is_problem(await edit(service, method, path, body, f'"{before}"'), 412)
    assert now in problem["detail"]
    assert await revision(service) == now, "nothing was changed"
    assert (await edit(service, method, path, body, f'"{before}", W/"{now}"')).is_success


async def test_an_answer_names_the_revision_for_the_next_edit(service: Service) -> None:
    first = await edit(service, *EDITS[0], f'"{await revision(service)}"')
    second = await edit(service, *EDITS[1], f'"{first.json()["revision"]}"')
    assert second.json()["revision"] == await revision(service) == service.title().revision
    listed = (await service.http.get("/titles")).json()["titles"]
    assert service.title().revision in [title["revision"] for title in listed]


async def test_a_star_is_any_revision_of_a_title_that_exists(service: Service) -> None:
    assert (await edit(service, *EDITS[0], "*")).is_success
    is_problem(await edit(service, "PUT", "/titles/new", {"name": "New"}, "*"), 412)


async def test_of_edits_at_the_same_revision_one_is_made(service: Service) -> None:
    now = f'"{await revision(service)}"'
    bodies = [{"synopsis": f"By editor {number}"} for number in range(8)]
    answers = await asyncio.gather(*(edit(service, "PUT", "/titles/countdown", body, now) for body in bodies))
    assert sorted(answer.status_code for answer in answers) == [200] + 7 * [412]
