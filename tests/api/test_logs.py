"""What the service says about itself: one JSON object to a line."""

import json
import subprocess
import sys

SCRIPT = """
import asyncio, logging, structlog
from app.telemetry import logs
from app.telemetry.logs import request_id
from app.settings import Settings

logs.configure(Settings(log_level="info"), process="worker")
log = structlog.get_logger()
log.debug("too quiet")
log.info("said", text="line\\nbreak \\u2028 \\ud800")
request_id.set("request-7")
try:
    profile = "ada-lovelace"
    raise RuntimeError("broken")
except RuntimeError:
    log.exception("failed")
logging.getLogger("uvicorn.error").warning("odd %s", "request")
logging.getLogger("uvicorn.error").info("too quiet")
"""


def test_every_line_is_json_with_process_and_request_and_without_variables() -> None:
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True)
    said, failed, odd = [json.loads(line) for line in done.stderr.splitlines()]
    assert done.stdout == ""
    assert (said["event"], said["level"], said["process"]) == ("said", "info", "worker")
    assert "request_id" not in said
    assert said["timestamp"].endswith("Z")
    assert failed["request_id"] == odd["request_id"] == "request-7"
    assert "RuntimeError: broken" in failed["exception"]
    assert "ada-lovelace" not in done.stderr
    assert (odd["event"], odd["level"], odd["process"]) == ("odd request", "warning", "worker")
