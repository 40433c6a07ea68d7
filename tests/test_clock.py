"""One clock: whoever asks for the time is handed it, or asks here."""

import ast
import time

from app.clock import now_ms, now_ns, passed_ms
from tests.product import modules

CLOCKS = {"time", "time_ns", "now", "utcnow", "today", "monotonic_ns"}


def test_the_clock_is_the_machines_in_milliseconds() -> None:
    before, now, after = time.time_ns(), now_ms(), time.time_ns()
    assert before // 1_000_000 <= now <= after // 1_000_000
    assert before <= now_ns()


def test_what_passes_never_goes_back() -> None:
    assert passed_ms() <= passed_ms()


def test_no_other_file_of_the_app_asks_what_time_it_is() -> None:
    found = {
        f"{file}:{node.lineno}"
        for file, tree in modules()
        for node in ast.walk(tree)
        if file.startswith("app/") and file != "app/clock.py"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CLOCKS
        if isinstance(node.func.value, ast.Name) and node.func.value.id in {"time", "datetime", "date"}
    }
    assert not found, f"{sorted(found)}: ask `app.clock`."
