"""The examples in docs/api.md, and what a real service answers to them.

The service has three of the sample titles, everybody in the personalized group, and a clock that stands still; the
lines are run by a shell, with curl. Who is shown what is drawn at random: a service that draws something else than
the page tells of is left for another.
"""

import asyncio
import json
import os
import re
import shutil
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assets import SAMPLES
from assets.importing.ingest import ingest
from tests.api.service import Catalogue, Service, listening, serving

ADDRESS = "http://127.0.0.1:8000"
TITLES = ("big-buck-bunny", "sintel")
POSTER = SAMPLES / "six-horizons" / "golden-tidepools.jpg"
DRAWN = "morning-stretch"
ATTEMPTS = 60
ADMIN_KEY, CLIENT_KEY = "the-admin-key-of-tests", "the-client-key-of-tests"
SHOWN_HEADERS = {"location", "x-decision-id", "x-ignored"} | {
    *("etag", "cache-control", "vary", "set-cookie", "content-type")
}
CURLRC = 'silent\nwrite-out = "%{stderr}%{http_code}"\n'
MEASURED = {"u", "features", "faces", "bytes"}
WIDEST = 100


@dataclass(frozen=True, slots=True)
class Example:
    """A shell's line with curl in it, and the operation that it is an example of.

    `learned` lets the windows of all that was shown pass before it.
    """

    operation: str
    line: str
    learned: bool = False


def _of(operation: str, line: str, *, learned: bool = False) -> Example:
    for role in ("ADMIN", "CLIENT"):
        line = line.replace(f"-H {role}", f'-H "Authorization: Bearer ${role}_KEY"')
    return Example(operation, line.replace("/…", ADDRESS + "/"), learned)


EXAMPLES = (
    _of("GET /artwork", "curl '/…artwork?profile=ada&title=big-buck-bunny&country=DE&device=tv'"),
    _of("GET /artwork", "curl -i '/…artwork?profile=ada&title=big-buck-bunny&as=image'"),
    _of("GET /artwork", "curl '/…artwork?profile=ada&title=nothing'"),
    _of("GET /artwork", "curl -i '/…artwork?profile=ada&title=big-buck-bunny&country=Germany&as=image'"),
    _of(
        "POST /artwork",
        """curl /…artwork -d '{"profile": "ada", "titles": ["sintel", "none"], "canvas": "2:3"}'""",
    ),
    _of("POST /impressions", """curl /…impressions -d '[{"decision_id": "'$ID'"}, {"decision_id": "forged"}]'"""),
    _of("POST /clicks", """curl /…clicks -d '{"decision_id": "'$ID'"}'"""),
    _of(
        "POST /clicks",
        """curl /…clicks -H CLIENT -d '{"profile": "ada", "title": "sintel"}'""",
    ),
    _of("POST /plays", """curl /…plays -d '{"decision_id": "'$ID'", "seconds": 1260}'"""),
    _of(
        "PUT /profiles",
        "curl -X PUT '/…profiles?profile=ada' -H CLIENT -H 'Content-Type: application/json' "
        """-d '{"attributes": {"country": "DE", "age": 36}}'""",
    ),
    _of(
        "PATCH /profiles",
        "curl -X PATCH '/…profiles?profile=ada' -H CLIENT -H 'Content-Type: application/json' "
        """-d '{"attributes": {"age": null, "favourite_genre": "comedy"}}'""",
    ),
    _of("GET /profiles", "curl '/…profiles?profile=ada' -H CLIENT", learned=True),
    _of("GET /profiles/records", "curl '/…profiles/records?profile=ada' -H CLIENT"),
    _of("GET /decisions/{decision_id}", "curl /…decisions/$ID -H ADMIN"),
    _of("GET /decisions/{decision_id}/why", "curl /…decisions/$ID/why"),
    _of("GET /report", "curl /…report -H ADMIN"),
    _of("GET /report/audit", "curl '/…report/audit?title=big-buck-bunny' -H ADMIN"),
    _of("GET /report/titles", "curl '/…report/titles?search=count' -H ADMIN"),
    _of("GET /experiments", "curl '/…experiments' -H ADMIN"),
    _of("GET /report/series", "curl '/…report/series?step=day&span=7d&by=group,device' -H ADMIN"),
    _of("GET /report/shares", "curl '/…report/shares?title=big-buck-bunny&days=7' -H ADMIN"),
    _of("DELETE /profiles", "curl -X DELETE '/…profiles?profile=ada' -H CLIENT"),
    _of("GET /titles", "curl /…titles"),
    _of("GET /titles/{title}", "curl /…titles/sintel -H ADMIN"),
    _of("GET /titles/{title}/probabilities", "curl /…titles/sintel/probabilities -H ADMIN"),
    _of(
        "PUT /titles/{title}",
        "curl -X PUT /…titles/my-film -H ADMIN -H 'Content-Type: application/json' "
        """-d '{"name": "My Film", "genres": ["drama"]}'""",
    ),
    _of(
        "POST /titles/{title}/artworks",
        "curl /…titles/my-film/artworks -H ADMIN -F file=@poster.jpg -F alt='Pools of gold at low tide.' "
        "-F tags=sea,calm",
    ),
    _of(
        "PATCH /titles/{title}/artworks/{artwork}",
        "curl -X PATCH /…titles/sintel/artworks/dragon-cuddle -H ADMIN -H 'Content-Type: application/json' "
        """-d '{"status": "paused"}'""",
    ),
    _of(
        "PATCH /titles/{title}/artworks/{artwork}",
        "curl -X PATCH /…titles/my-film/artworks/poster -H ADMIN -H 'Content-Type: application/json' "
        """-d '{"focus": [0.4, 0.3], "faces": []}'""",
    ),
    _of(
        "PATCH /titles/{title}/artworks/{artwork}",
        "curl -X PATCH /…titles/my-film/artworks/poster -H ADMIN -H 'Content-Type: application/json' "
        """-d '{"crops": {"16:9": [0.1, 0.05, 0.8, 0.9], "1:1": null}}'""",
    ),
    _of(
        "GET /titles/{title}/artworks/{artwork}/whole",
        "curl -D - -o whole.webp /…titles/my-film/artworks/poster/whole -H ADMIN",
    ),
    _of(
        "PUT /titles/{title}/pin",
        "curl -X PUT /…titles/my-film/pin -H ADMIN -H 'Content-Type: application/json' "
        """-d '{"artwork": "poster", "country": "DE", "until": "2026-12-31"}'""",
    ),
    _of("DELETE /titles/{title}/pin", "curl -X DELETE /…titles/my-film/pin -H ADMIN"),
    _of("DELETE /titles/{title}/artworks/{artwork}", "curl -X DELETE /…titles/my-film/artworks/poster -H ADMIN"),
    _of("DELETE /titles/{title}", "curl -X DELETE /…titles/my-film -H ADMIN"),
    _of("GET /catalogue", "curl /…catalogue -H ADMIN"),
    _of(
        "PATCH /catalogue",
        "curl -X PATCH /…catalogue -H ADMIN -H 'Content-Type: application/json' "
        """-d '{"barred": ["ai-generated"]}'""",
    ),
    _of(
        "PUT /interventions/serving",
        "curl -X PUT /…interventions/serving -H ADMIN -H 'Content-Type: application/json' "
        """-d '{"pictures": "default", "why": "Wrong pictures"}'""",
    ),
    _of(
        "PUT /interventions/learning",
        "curl -X PUT /…interventions/learning -H ADMIN -H 'Content-Type: application/json' "
        """-d '{"state": "paused", "why": "No clicks of the TV app"}'""",
    ),
    _of(
        "POST /interventions/quarantines",
        "curl /…interventions/quarantines -H ADMIN -H 'Content-Type: application/json' "
        """-d '{"since": "2026-01-01T14:00", "until": "2026-01-01T15:30", "device": "tv"}'""",
    ),
    _of("GET /interventions", "curl /…interventions -H ADMIN"),
    _of(
        "DELETE /interventions/quarantines/{position}",
        "curl -X DELETE /…interventions/quarantines/1 -H ADMIN",
    ),
    _of("GET /models", "curl /…models -H ADMIN"),
    _of("GET /models/{snapshot}/fitness", "curl /…models/99/fitness -H ADMIN"),
    _of(
        "POST /models/{snapshot}/promotion",
        "curl /…models/99/promotion -H ADMIN -H 'Content-Type: application/json' -d '{}'",
    ),
    _of(
        "POST /models/rollback",
        "curl /…models/rollback -H ADMIN -H 'Content-Type: application/json' "
        """-d '{"why": "Fewer clicks"}'""",
    ),
    _of(
        "PUT /models/frozen",
        "curl -X PUT /…models/frozen -H ADMIN -H 'Content-Type: application/json' -d '{\"frozen\": true}'",
    ),
    _of(
        "PUT /candidate",
        "curl -X PUT /…candidate -H ADMIN -H 'Content-Type: application/json' "
        """-d '{"policy": "logistic,spread=0.3", "why": "Better in keyart evaluate"}'""",
    ),
    _of("GET /candidate", "curl /…candidate -H ADMIN"),
    _of(
        "POST /candidate/promotion",
        "curl /…candidate/promotion -H ADMIN -H 'Content-Type: application/json' -d '{}'",
    ),
    _of(
        "PUT /candidate/serving",
        "curl -X PUT /…candidate/serving -H ADMIN -H 'Content-Type: application/json' -d '{\"share\": 0.05}'",
    ),
    _of("DELETE /candidate", "curl -X DELETE /…candidate -H ADMIN"),
    _of("GET /edits", "curl '/…edits?title=sintel&limit=1' -H ADMIN"),
    Example("GET /images/{name}", f'curl -D - -o picture.webp "{ADDRESS}$IMAGE"'),
    _of("GET /healthz", "curl /…healthz"),
    _of("GET /readyz", "curl /…readyz"),
    _of("GET /metrics", "curl /…metrics | grep '# HELP keyart_decisions'"),
    _of(
        "POST /session",
        "curl -i -c cookies.txt /…session -H 'Content-Type: application/json' "
        """-d '{"key": "'$ADMIN_KEY'"}'""",
    ),
    _of("GET /session", "curl -b cookies.txt /…session"),
    _of("DELETE /session", f"curl -i -b cookies.txt -X DELETE /…session -H 'Origin: {ADDRESS}'"),
    _of("POST /session/links", "curl -X POST /…session/links -H ADMIN"),
    _of("GET /session/links/{token}", 'curl -i "/…session/links/$TOKEN"'),
)


@dataclass(frozen=True, slots=True)
class Answered:
    """An example with the status and the text that it got, made the same for every run."""

    example: Example
    status: int
    text: str


@dataclass(slots=True)
class Reader:
    """Somebody who types the lines of the page into a shell, one after another."""

    service: Service
    address: str
    folder: Path
    known: dict[str, str] = field(default_factory=lambda: {"ADMIN_KEY": ADMIN_KEY, "CLIENT_KEY": CLIENT_KEY})

    async def run(self, example: Example) -> Answered:
        if example.learned:
            await self.service.close_windows()
        line = example.line.replace(ADDRESS, self.address)
        process = await asyncio.create_subprocess_exec(
            "/bin/sh",
            "-c",
            line,
            cwd=self.folder,
            env={"PATH": os.environ["PATH"], "CURL_HOME": str(self.folder), **self.known},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, status = [part.decode() for part in await process.communicate()]
        self._remember(out)
        return Answered(example, int(status), shown(out))

    def _remember(self, out: str) -> None:
        if "ID" not in self.known and (found := re.search(r'"decision_id":"([^"]+)"', out)):
            self.known["ID"] = found[1]
            self.known["IMAGE"] = json.loads(out)["image"]["url"]
        if found := re.search(r"/session/links/([\w=-]+)", out):
            self.known["TOKEN"] = found[1]


async def answered(folder: Path) -> list[Answered]:
    """Run all examples against services in a folder, until one has drawn the picture that the page tells of."""
    catalogue = a_catalogue(folder / "images")
    for attempt in range(ATTEMPTS):
        async with reader(folder / str(attempt), catalogue) as one:
            first = await one.run(EXAMPLES[0])
            if f'"artwork": "{DRAWN}"' in first.text:
                return [first, *[await one.run(example) for example in EXAMPLES[1:]]]
    raise AssertionError(f"{ATTEMPTS} services in a row drew another picture than {DRAWN!r}.")


def a_catalogue(images: Path) -> Catalogue:
    """Import some of the samples."""
    originals = images.with_name("originals")
    for title in TITLES:
        shutil.copytree(SAMPLES / title, originals / title)
    shutil.copy(SAMPLES / "catalog.toml", originals)
    return Catalogue(dict(ingest(originals, current={}, images=images).titles), images)


@asynccontextmanager
async def reader(folder: Path, catalogue: Catalogue) -> AsyncIterator[Reader]:
    async with serving(folder / "data", catalogue) as service, listening(service.app) as address:
        (folder / ".curlrc").write_text(CURLRC)
        shutil.copy(POSTER, folder / "poster.jpg")
        yield Reader(service, address, folder)


def shown(out: str) -> str:
    """Return an answer as the page shows it: laid out, and without what is another for every service."""
    try:
        text = laid_out(shortened(json.loads(out)))
    except ValueError:
        lines = [line.rstrip() for line in out.splitlines()]
        text = "\n".join(line for line in lines if ": " not in line or line.partition(":")[0] in SHOWN_HEADERS)
    text = re.sub(r"data:image/webp;base64,[\w+/=]+", "data:image/webp;base64,…", text)
    text = re.sub(r"(?<![\w-])[\w-]{48}(?![\w-])", "gQAAAAAAAAAB…", text)
    text = re.sub(r"keyart_session=[^;]+;", "keyart_session=…;", text)
    text = re.sub(r"/session/links/[\w=-]+", "/session/links/…", text)
    text = re.sub(r"session [\w-]{8}(?![\w-])", "session 4f0c…", text)
    text = re.sub(r"expires=[^;]+;", "expires=…;", text)
    return re.sub(r"\b(?:[0-9a-f]{32}|[0-9a-f]{16})\b", "4f0c…", text).strip()


def shortened(value: Any) -> Any:
    """Leave out what is measured or drawn, and all but the first of many titles, artworks and rates."""
    if isinstance(value, list):
        few = value[:1] if _many(value) else value
        return [shortened(each) for each in few] + (["…"] if len(few) < len(value) else [])
    if isinstance(value, dict):
        few_of = dict(list(value.items())[:1]) if _many(list(value.values())) else value
        left_out = MEASURED | ({"image"} if "features" in value else set())
        brief = {name: "…" if name in left_out else shortened(each) for name, each in few_of.items()}
        return brief | ({"…": "…"} if len(few_of) < len(value) else {})
    return round(value, 6) if isinstance(value, float) else value


def _many(values: list[Any]) -> bool:
    known = {"alt", "artworks", "clicks"}
    return len(values) > 1 and all(isinstance(each, dict) and each.keys() & known for each in values)


def laid_out(value: Any, indent: int = 0) -> str:
    """Write JSON down with as much on a line as fits."""
    line = json.dumps(value, ensure_ascii=False)
    if len(line) + indent <= WIDEST or not isinstance(value, list | dict) or not value:
        return line
    pad = " " * (indent + 2)
    if isinstance(value, dict):
        parts = [f'"{name}": {laid_out(each, indent + 2)}' for name, each in value.items()]
    else:
        parts = [laid_out(each, indent + 2) for each in value]
    left, right = "{}" if isinstance(value, dict) else "[]"
    return f"{left}\n" + ",\n".join(pad + part for part in parts) + f"\n{' ' * indent}{right}"


def by_operation(answers: Sequence[Answered]) -> dict[str, list[Answered]]:
    found: dict[str, list[Answered]] = {}
    for each in answers:
        found.setdefault(each.example.operation, []).append(each)
    return found
