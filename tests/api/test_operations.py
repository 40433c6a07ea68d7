"""What operators look at: single decisions, the report, metrics, readiness; and the pictures."""

import asyncio
import re
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import REGISTRY
from prometheus_client.metrics import MetricWrapperBase

from app.records import Kind
from app.serving.decision_id import DecisionId
from app.store.protocol import Snapshot
from app.telemetry import metrics
from bandit.sampling import draw, uniform_from
from tests.api.service import ADMIN, CLIENT, IMG, Catalogue, Service, in_group, is_problem, serving


async def record_of(service: Service, id_: str) -> Any:
    answer = await service.http.get(f"/decisions/{id_}", headers=ADMIN)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def why(service: Service, id_: str) -> Any:
    answer = await service.http.get(f"/decisions/{id_}/why", headers=CLIENT)
    assert answer.status_code == 200, answer.text
    return answer.json()


# ---------------------------------------------------------------- decisions


async def test_a_decision_is_drawn_again_from_its_record_with_the_same_result(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    shares: dict[str, Any] = {"best_single_share": 0.25, "uniform_share": 0.25, "default_share": 0.25}
    async with serving(tmp_path, catalogue, **shares) as service:
        for number in range(40):
            choice = await service.get(profile=f"viewer-{number}", headers=CLIENT)
            record = await record_of(service, choice["decision_id"])
            assert record["artwork"] == record["drawn_again"] == choice["artwork"]
            assert record["group"] == choice["group"]
            assert sum(record["probabilities"]) == pytest.approx(1, abs=1e-12)
            chosen = record["candidates"].index(choice["artwork"])
            assert record["propensity"] == record["probabilities"][chosen]
            assert draw(record["probabilities"], record["u"]) == chosen


async def test_the_draw_hangs_on_the_decision_id_alone(service: Service) -> None:
    choice = await service.get(profile="ada")
    record = await record_of(service, choice["decision_id"])
    id_ = service.services.explainer._ids.verify(choice["decision_id"], service.clock.now)  # noqa: SLF001
    assert record["u"] == uniform_from(id_.nonce)
    assert (record["position"], record["stamp"]) == (id_.position, service.clock.now)


async def test_a_record_says_what_the_policy_knew_but_not_who_the_viewer_is(service: Service) -> None:
    await service.http.put(
        "/profiles", params={"profile": "ada-lovelace"}, json={"attributes": {"genre": "comedy"}}, headers=CLIENT
    )
    choice = await service.get(profile="ada-lovelace", device="tv")
    record = await record_of(service, choice["decision_id"])
    assert {"genre": "comedy", "device": "tv"}.items() <= record["attributes"].items()
    assert record["snapshot"] == service.services.model.snapshot
    assert re.fullmatch(r"[0-9a-f]{32}", record["profile"])
    assert "ada-lovelace" not in str(record)


async def test_why_tells_the_reason_and_no_profile_data(tmp_path: Path, catalogue: Catalogue) -> None:
    shares: dict[str, Any] = {"best_single_share": 0.25, "uniform_share": 0.25, "default_share": 0.25}
    async with serving(tmp_path, catalogue, **shares) as service:
        reasons = set()
        for group in ("personalized", "best_single", "uniform", "default"):
            profile = await in_group(service, group)
            attributes = {"secret": "hush", "country": "DE"}
            await service.http.put(
                "/profiles", params={"profile": profile}, json={"attributes": attributes}, headers=CLIENT
            )
            choice = await service.get(profile=profile)
            told = await why(service, choice["decision_id"])
            assert (told["group"], told["artwork"]) == (group, choice["artwork"])
            assert 0 < told["probability"] <= 1
            pseudonym = (await record_of(service, choice["decision_id"]))["profile"]
            for private in (profile, pseudonym, "hush", "secret", "DE"):
                assert private not in str(told)
            reasons |= set(told["reasons"])
        assert len(reasons) == 4


async def test_why_names_a_pin(service: Service) -> None:
    await service.http.put("/titles/countdown/pin", json={"artwork": "ignition"}, headers=ADMIN)
    id_ = (await service.get(profile="ada"))["decision_id"]
    assert "pinned" in (await why(service, id_))["reasons"][0]
    assert (await record_of(service, id_))["drawn_again"] == "ignition"


@pytest.mark.parametrize("end", ["", "/why"])
async def test_an_id_that_is_altered_shows_nothing(service: Service, end: str) -> None:
    id_ = (await service.get(profile="ada"))["decision_id"]
    altered = ("B" if id_[0] == "A" else "A") + id_[1:]
    is_problem(await service.http.get(f"/decisions/{altered}{end}", headers=ADMIN), 404)
    is_problem(await service.http.get(f"/decisions/{'A' * 64}{end}", headers=ADMIN), 404)
    is_problem(await service.http.get(f"/decisions/{'A' * 65}{end}", headers=ADMIN), 422)


async def test_a_decision_is_recorded_for_as_long_as_the_log_keeps_it_and_explained_until_its_id_expires(
    service: Service,
) -> None:
    choice = await service.get(profile="ada")
    service.clock.now += service.settings.hold_ms + service.settings.window_ms + 7 * 86_400_000 + 1
    assert (await record_of(service, choice["decision_id"]))["artwork"] == choice["artwork"]
    problem = is_problem(await service.http.get(f"/decisions/{choice['decision_id']}/why", headers=ADMIN), 404)
    assert "expired" in problem["detail"]


@pytest.mark.parametrize("end", ["", "/why"])
async def test_an_id_whose_position_was_given_to_another_record_shows_nothing(service: Service, end: str) -> None:
    """After a power cut with SYNC=normal positions are given again, while ids of what was lost are about."""
    one = (await service.get(profile="ada"))["decision_id"]
    await service.http.post("/clicks", json={"decision_id": one})
    ids = service.services.explainer._ids  # noqa: SLF001
    known = ids.verify(one, service.clock.now)
    kinds = [kind for kind, _ in await service.records()]
    for position in (known.position, kinds.index(Kind.CLICK) + 1, 9999):
        lost = ids.sign(DecisionId(position, b"lost one", known.stamp, deferred=False))
        is_problem(await service.http.get(f"/decisions/{lost}{end}", headers=ADMIN), 404)


# ---------------------------------------------------------------- the report


async def test_an_empty_report_has_every_group_and_no_rates(service: Service) -> None:
    report = (await service.http.get("/report", headers=ADMIN)).json()
    outside = {"pinned", "anonymous", "bot"}
    assert set(report["groups"]) == {"personalized", "best_single", "uniform", "default"} | outside
    for group in report["groups"].values():
        assert group["exposures"] == group["clicks"] == group["plays"] == 0
        assert group["rate"] is group["click_rate"] is group["interval"] is None
    assert (report["lift"], report["warning"], report["titles"]) == (None, "", {})
    assert "no experiment" in report["says"] or "No viewer" in report["says"] or "no share" in report["says"]


async def test_the_report_tells_the_rules_that_it_came_about_by(tmp_path: Path, catalogue: Catalogue) -> None:
    async with serving(
        tmp_path, catalogue, hold_seconds=30, learn_cap=7, reward="play", uniform_share=0.25, serve="default"
    ) as service:
        report = (await service.http.get("/report", headers=ADMIN)).json()
    assert report["rules"] == {
        "serve": "default",
        "reward": "play",
        "play_seconds": 300,
        "window_seconds": 600,
        "hold_seconds": 30,
        "learn_cap": 7,
        "stranger_cap": 300,
        "floor": 0.02,
        "shares": {"best_single": 0, "uniform": 0.25, "default": 0},
    }


async def test_the_report_counts_what_happened_by_group_title_and_artwork(
    tmp_path: Path, catalogue: Catalogue
) -> None:
    async with serving(tmp_path, catalogue, best_single_share=0.5, uniform_share=0) as service:
        shown: dict[tuple[str, str, str], list[int]] = {}
        for number in range(120):
            title = ("countdown", "big-buck-bunny")[number % 2]
            choice = await service.get(title, profile=f"viewer-{number}", headers=CLIENT)
            counts = shown.setdefault((title, choice["artwork"], choice["group"]), [0, 0, 0])
            counts[0] += 1
            if number % 3 == 0:
                await service.http.post("/clicks", json={"decision_id": choice["decision_id"]})
                counts[1] += 1
            elif number % 10 == 1:
                play = {"decision_id": choice["decision_id"], "seconds": 9}
                await service.http.post("/plays", json=play)
                counts[1] += 1
                counts[2] += 1
        await service.get()
        await service.close_windows()
        report = (await service.http.get("/report", headers=ADMIN)).json()

        def total(where: dict[int, str]) -> list[int]:
            chosen = [
                counts for key, counts in shown.items() if all(key[place] == name for place, name in where.items())
            ]
            return [sum(column) for column in zip(*chosen, strict=True)]

        def told(rates: dict[str, Any]) -> list[int]:
            return [rates["exposures"], rates["clicks"], rates["plays"]]

        for group in ("personalized", "best_single"):
            assert told(report["groups"][group]) == total({2: group})
        anonymous = report["groups"]["anonymous"]
        assert told(anonymous) == [1, 0, 0]
        for (title, artwork, group), counts in shown.items():
            listed = report["titles"][title]["artworks"][artwork]
            assert told(listed["groups"][group]) == counts
            n, clicks, _ = told(listed)
            assert listed["click_rate"] == listed["rate"] == pytest.approx(clicks / n, abs=1e-6)
            assert listed["interval"][0] <= listed["click_rate"] <= listed["interval"][1]
            of_title = total({0: title, 2: group})[0]
            assert listed["groups"][group]["share"] == pytest.approx(counts[0] / of_title, abs=1e-6)
            assert 0 <= listed["estimated_rate"] <= 1
        for rates in report["titles"].values():
            assert told(rates) == [sum(c) for c in zip(*map(told, rates["artworks"].values()), strict=True)]


async def test_the_interval_of_a_rate_is_wilsons(service: Service) -> None:
    for number in range(10):
        choice = await service.get("cosmos-laundromat", profile=f"viewer-{number}")
        if number < 3:
            await service.http.post("/clicks", json={"decision_id": choice["decision_id"]})
    await service.close_windows()
    report = (await service.http.get("/report", headers=ADMIN)).json()
    # Wilson's interval at 95 % for 3 of 10, from Newcombe (1998), equation 2, by hand.
    assert report["titles"]["cosmos-laundromat"]["interval"] == pytest.approx([0.107789, 0.603222], abs=1e-5)


async def test_where_watching_is_the_reward_the_report_shows_it(tmp_path: Path, catalogue: Catalogue) -> None:
    async with serving(tmp_path, catalogue, reward="play", play_seconds=100) as service:
        for profile, route, seconds in (("a", "/clicks", None), ("b", "/plays", 50), ("c", "/plays", 1000)):
            choice = await service.get("cosmos-laundromat", profile=profile)
            await service.http.post(route, json={"decision_id": choice["decision_id"], "seconds": seconds})
        await service.close_windows()
        rates = (await service.http.get("/report", headers=ADMIN)).json()["titles"]["cosmos-laundromat"]
        assert rates["reward"] == pytest.approx(0.2 + 0.5 + 1.0)
        assert rates["rate"] == pytest.approx(1.7 / 3, abs=1e-6)


# ---------------------------------------------------------------- metrics and health


async def test_every_metric_is_shown_once_it_was_used(tmp_path: Path, catalogue: Catalogue) -> None:
    async with serving(tmp_path, catalogue, hold_seconds=0) as service:
        choice = await service.get(profile="ada")
        await service.http.post("/clicks", json={"decision_id": choice["decision_id"]})
        await service.http.post("/clicks", json={"decision_id": "x"})
        service.services.model._learner = None  # noqa: SLF001
        assert (await service.get(profile="ada"))["fallback"]
        await service.close_windows()
        await service.http.post("/titles/countdown/artworks", headers=ADMIN)
        metrics.count_learning(examples=1, capped=1, strangers=1, refused=1, quarantined=1, on_time=1, late=1)
        answer = await service.http.get("/metrics")
        assert answer.headers["content-type"].startswith("text/plain")
        shown = set(re.findall(r"^(keyart_\w+?)(?:_total|_bucket)?[{ ]", answer.text, re.MULTILINE))
        drift = {metric._name for metric in metrics.DRIFT.values()}  # noqa: SLF001  set after hours and days
        for metric in vars(metrics).values():
            if isinstance(metric, MetricWrapperBase) and metric._name not in drift:  # noqa: SLF001
                assert metric._name in shown  # noqa: SLF001
        head = (await service.store.log.head()).position
        assert f"keyart_log_position {head:.1f}" in answer.text


async def test_decisions_feedback_and_answers_are_counted(service: Service) -> None:
    async def value(line: str) -> float:
        text = (await service.http.get("/metrics")).text
        return sum(float(each.rpartition(" ")[2]) for each in text.splitlines() if each.startswith(line + " "))

    profile = await in_group(service, "personalized")
    lines = [
        'keyart_decisions_total{group="personalized",outcome="drawn"}',
        'keyart_decisions_total{group="personalized",outcome="held"}',
        'keyart_decisions_total{group="anonymous",outcome="drawn"}',
        'keyart_feedback_total{kind="click",outcome="recorded"}',
        'keyart_feedback_total{kind="click",outcome="duplicate"}',
        'keyart_feedback_total{kind="click",outcome="rejected"}',
        'keyart_request_seconds_count{route="/artwork",status="302"}',
        'keyart_request_seconds_count{route="/artwork",status="404"}',
        'keyart_request_seconds_count{route="/titles/{title}/pin",status="401"}',
        'keyart_request_seconds_count{route="other",status="404"}',
    ]
    before = [await value(line) for line in lines]
    choice = await service.get(profile=profile)
    await service.get(profile=profile)
    await service.http.get("/artwork?title=countdown", headers=IMG)
    click = {"decision_id": choice["decision_id"]}
    await service.http.post("/clicks", json=[click, click, {}])
    await service.http.get("/artwork?title=nothing")
    await service.http.delete("/titles/countdown/pin")
    await service.http.get("/no/such/path")
    assert [await value(line) - old for line, old in zip(lines, before, strict=True)] == [1] * len(lines)


async def test_every_worker_tells_the_age_of_its_snapshot_unasked(service: Service) -> None:
    service.clock.now += 12_000
    metrics.SNAPSHOT_AGE.set(0)
    for _ in range(2_000):
        if REGISTRY.get_sample_value("keyart_snapshot_age_seconds") == 12:
            return
        await asyncio.sleep(0.02)
    raise AssertionError("Nobody told.")


async def test_the_time_to_load_a_snapshot_has_the_reading_in_it(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = service.store.state.snapshots

    async def slowly(role: str = "incumbent", limit: int = 20) -> list[Snapshot]:
        await asyncio.sleep(0.2)
        return await read(role, limit)

    monkeypatch.setattr(service.store.state, "snapshots", slowly)
    before = REGISTRY.get_sample_value("keyart_snapshot_load_seconds_sum") or 0.0
    await service.close_windows()
    assert (REGISTRY.get_sample_value("keyart_snapshot_load_seconds_sum") or 0.0) - before >= 0.2


def test_the_budget_of_20_ms_can_be_read_from_the_metrics() -> None:
    assert {0.015, 0.02} <= set(metrics.FAST)


async def test_no_metric_names_a_title_or_a_viewer(service: Service) -> None:
    await service.get(profile="ada-lovelace")
    text = (await service.http.get("/metrics")).text
    assert "ada-lovelace" not in text
    assert "countdown" not in text


async def test_a_service_without_a_snapshot_is_up_but_not_ready(tmp_path: Path, catalogue: Catalogue) -> None:
    async with serving(tmp_path, catalogue, trained=False) as service:
        assert (await service.http.get("/healthz")).json() == {"status": "ok"}
        assert "a snapshot" in is_problem(await service.http.get("/readyz"), 503)["detail"]
        await service.learn()
        ready = (await service.http.get("/readyz")).json()
        assert (ready["status"], ready["titles"]) == ("ready", 3)
        assert ready["snapshot"] == service.services.model.snapshot


async def test_a_service_without_a_catalogue_is_not_ready(tmp_path: Path, catalogue: Catalogue) -> None:
    async with serving(tmp_path, Catalogue({}, catalogue.images)) as service:
        assert "a catalogue" in is_problem(await service.http.get("/readyz"), 503)["detail"]
        is_problem(await service.http.get("/artwork?title=countdown"), 404)


async def test_the_api_document_names_every_call_that_there_is(service: Service) -> None:
    paths = (await service.http.get("/openapi.json")).json()["paths"]
    found = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}
    assert found == {
        *("GET /artwork", "POST /artwork", "POST /impressions", "POST /clicks", "POST /plays"),
        *("GET /profiles", "PUT /profiles", "PATCH /profiles", "DELETE /profiles"),
        "GET /profiles/records",
        *("GET /titles", "GET /titles/{title}", "PUT /titles/{title}", "DELETE /titles/{title}"),
        *("PUT /titles/{title}/pin", "DELETE /titles/{title}/pin", "POST /titles/{title}/artworks"),
        *("PATCH /titles/{title}/artworks/{artwork}", "DELETE /titles/{title}/artworks/{artwork}"),
        "GET /titles/{title}/artworks/{artwork}/whole",
        *("GET /catalogue", "PATCH /catalogue", "GET /edits"),
        *("GET /models", "GET /models/{snapshot}/fitness", "POST /models/{snapshot}/promotion"),
        *("POST /models/rollback", "PUT /models/frozen"),
        *("GET /candidate", "PUT /candidate", "DELETE /candidate", "POST /candidate/promotion"),
        "PUT /candidate/serving",
        *("GET /interventions", "PUT /interventions/serving", "PUT /interventions/learning"),
        *("POST /interventions/quarantines", "DELETE /interventions/quarantines/{position}"),
        *(
            "GET /images/{name}",
            "GET /report",
            "GET /report/titles",
            "GET /report/audit",
            "GET /report/series",
            "GET /experiments",
            "GET /report/shares",
            "GET /titles/{title}/probabilities",
            "GET /decisions/{decision_id}",
            "GET /decisions/{decision_id}/why",
        ),
        *("POST /session", "GET /session", "DELETE /session"),
        *("POST /session/links", "GET /session/links/{token}"),
        *("GET /healthz", "GET /readyz", "GET /metrics"),
    }
    names = [each["name"] for each in paths["/artwork"]["get"]["parameters"]]
    assert {"profile", "title", "placement", "canvas", "device", "country", "language", "maturity"} <= set(names)
    assert {"width", "deferred", "as"} <= set(names)


# ---------------------------------------------------------------- pictures


async def test_a_picture_is_immutable_cached_for_long_and_readable_from_everywhere(service: Service) -> None:
    url = (await service.get())["image"]["url"]
    answer = await service.http.get(url)
    assert answer.status_code == 200
    assert answer.content[:4] == b"RIFF"
    assert answer.headers["content-type"] == "image/webp"
    assert "immutable" in answer.headers["cache-control"]
    assert "max-age=31536000" in answer.headers["cache-control"]
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    assert answer.headers["x-content-type-options"] == "nosniff"
    head = await service.http.head(url)
    assert (head.status_code, head.headers["etag"]) == (200, answer.headers["etag"])
    assert head.headers["content-length"] == str(len(answer.content))


async def test_a_picture_that_the_client_has_is_not_sent_again(service: Service) -> None:
    url = (await service.get())["image"]["url"]
    etag = (await service.http.get(url)).headers["etag"]
    for known in (etag, f"W/{etag}", f'"x", {etag}', "*"):
        answer = await service.http.get(url, headers={"If-None-Match": known})
        assert (answer.status_code, answer.content) == (304, b"")
        assert answer.headers["etag"] == etag
        assert "immutable" in answer.headers["cache-control"]
    assert (await service.http.get(url, headers={"If-None-Match": '"x"'})).status_code == 200


async def test_a_part_of_a_picture_can_be_asked_for(service: Service) -> None:
    url = (await service.get())["image"]["url"]
    answer = await service.http.get(url, headers={"Range": "bytes=0-3"})
    assert (answer.status_code, answer.content) == (206, b"RIFF")


@pytest.mark.parametrize(
    "name",
    [
        "0000000000000000-640.webp",
        "x.webp",
        "..%2flog.sqlite",
        "%00",
        "a" * 300,
        "00aa-640.webp%0a",
        "00aa-640.svg",
    ],
)
async def test_what_is_no_picture_is_not_found(service: Service, name: str) -> None:
    is_problem(await service.http.get(f"/images/{name}"), 404)
