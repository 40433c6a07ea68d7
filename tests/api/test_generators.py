"""Generators of clients understand the API's document: that for Python makes a client that works."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.api.service import Catalogue
from tests.api.test_schema import served
from tests.docs.api import document

pytestmark = [pytest.mark.soak, pytest.mark.timeout(600)]
UV = Path(sys.executable).with_name("uv")
FOR_PYTHON = "openapi-python-client==0.29.1"
FOR_TYPESCRIPT, COMPILER = "openapi-typescript@7.13.0", "typescript@5.9.3"
PICTURES = ["image/avif", "image/webp", "image/jpeg"]
"""Media types that the generator for Python wants to be told how to read."""
SETTINGS = {"content_type_overrides": dict.fromkeys(PICTURES, "application/octet-stream")}
ONLY_JSON = "Unsupported content type text/plain"
"""It tells this of the three calls that also take JSON as text, which browsers send as beacons."""
USE = """
import sys
from keyart_client import Client
from keyart_client.api.artwork import choose_artwork
from keyart_client.api.feedback import record_clicks
from keyart_client.models import Feedback

client = Client(base_url=sys.argv[1])
choice = choose_artwork.sync(client=client, title="countdown", profile="ada")
answer = record_clicks.sync(client=client, body=Feedback(decision_id=choice.decision_id))
print(answer.recorded, "was recorded of", choice.artwork)
"""


@pytest.fixture
def document_file(tmp_path: Path) -> Path:
    file = tmp_path / "openapi.json"
    file.write_text(json.dumps(document()))
    return file


def run(folder: Path, *command: str | Path) -> str:
    done = subprocess.run(command, cwd=folder, env=os.environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_a_client_for_python_is_made_and_used(tmp_path: Path, document_file: Path, catalogue: Catalogue) -> None:
    (tmp_path / "settings.json").write_text(json.dumps(SETTINGS))
    made = ("tool", "run", "--from", FOR_PYTHON, "openapi-python-client", "generate", "--output-path", "client")
    said = run(tmp_path, UV, *made, "--path", document_file, "--config", "settings.json")
    assert said.count("WARNING parsing") == said.count(ONLY_JSON) == 3
    modules = {path.stem for path in (tmp_path / "client/keyart_client/api").glob("*/*.py")} - {"__init__"}
    assert modules == {each["operationId"] for path in document()["paths"].values() for each in path.values()}
    with served(tmp_path / "data", catalogue) as service:
        use: list[str | Path] = [
            "run",
            "--no-project",
            "--with",
            tmp_path / "client",
            "python",
            "-c",
            USE,
            service.address,
        ]
        assert "1 was recorded" in run(tmp_path, UV, *use)


@pytest.mark.skipif(shutil.which("npx") is None, reason="npx is not installed.")
def test_types_for_typescript_are_made_and_checked(tmp_path: Path, document_file: Path) -> None:
    run(tmp_path, "npx", "--yes", FOR_TYPESCRIPT, document_file, "--output", "keyart.d.ts")
    (tmp_path / "use.ts").write_text(
        'import type { operations } from "./keyart";\n'
        'type Answer = operations["choose_artwork"]["responses"][200]["content"]["application/json"];\n'
        "export const shown = (answer: Answer): string => answer.artwork;\n"
    )
    run(tmp_path, "npx", "--yes", "--package", COMPILER, "tsc", "--noEmit", "--strict", "use.ts")
