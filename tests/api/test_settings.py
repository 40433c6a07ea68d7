"""The settings: what they accept, and how they refuse."""

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from app.settings import DEMO, Settings, faults
from tests.api.service import settings_of


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("KEYART_"):
            monkeypatch.delenv(name)


def refused(**given: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        settings_of(**given)
    [sentence] = faults(caught.value)
    return sentence


def test_the_demo_preset_changes_its_defaults_alone_and_what_is_set_wins(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("KEYART_PRESET", "demo")
    monkeypatch.setenv("KEYART_HOLD_SECONDS", "5")
    demo, plain = Settings(), Settings(preset="")
    changed = {name: getattr(demo, name) for name in Settings.model_fields if name != "preset"}
    wanted = {name: getattr(plain, name) for name in changed} | DEMO | {"hold_seconds": 5}
    assert changed == wanted


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    given = {"PORT": "9", "DATA": "/x", "ADMIN_KEY": "k" * 16, "CORS_ORIGINS": " https://a.b , * ,"}
    for name, value in given.items():
        monkeypatch.setenv(f"KEYART_{name}", value)
    settings = Settings()
    assert (settings.port, settings.data, settings.cors_origins) == (9, Path("/x"), ("https://a.b", "*"))
    assert settings.admin_key
    assert settings.admin_key.get_secret_value() == "k" * 16


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ADMIN_KEY", "PORT", "HOLD_SECONDS", "CORS_ORIGINS"):
        monkeypatch.setenv(f"KEYART_{name}", "")
    for name in ("ADMIN_KEY", "PORT", "HOLD_SECONDS", "CORS_ORIGINS"):
        assert getattr(Settings(), name.lower()) == Settings.model_fields[name.lower()].default


def test_settings_are_frozen_and_keep_keys_to_themselves() -> None:
    settings = settings_of(admin_key="hush-hush-hush-hush")
    with pytest.raises(ValidationError):
        settings.port = 1
    assert "hush-hush" not in repr(settings) + str(settings.model_dump())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *[("port", value) for value in ("abc", "-1", "65536", "80.5")],
        *[("workers", value) for value in ("0", "65", "many")],
        *[("hold_seconds", value) for value in ("-1", "nan", "inf", "1e99", "a day")],
        *[("reward_window_seconds", value) for value in ("0", "-1", "nan", "inf")],
        *[("best_single_share", value) for value in ("-0.1", "1.1", "nan", "5%")],
        *[("exploration_floor", value) for value in ("0", "1.1", "nan")],
        *[("play_seconds", value) for value in ("0", "inf")],
        *[("learn_cap", value) for value in ("-1", "some")],
        *[("decision_timeout_ms", value) for value in ("0", "60001", "nan")],
        *[("retention_days", value) for value in ("0", "-3", "inf")],
        *[(name, "other") for name in ("preset", "sync", "serve", "reward", "log_level")],
        *[
            (key, value)
            for key in ("admin_key", "editor_key", "client_key")
            for value in (
                " ",
                "with a space inside",
                "ein langer schlüssel",
                "a long line\nbreak",
                "k" * 15,
                "k" * 257,
            )
        ],
    ],
)
def test_what_a_setting_can_not_be_is_refused_by_name(name: str, value: str) -> None:
    sentence = refused(**{name: value})
    assert sentence.startswith(f"KEYART_{name.upper()}: ")
    assert sentence.endswith(".")
    assert (repr(value) in sentence) == (not name.endswith("_key"))


@pytest.mark.parametrize(
    ("one", "other"), [("admin_key", "editor_key"), ("admin_key", "client_key"), ("editor_key", "client_key")]
)
def test_one_key_for_two_roles_is_refused(one: str, other: str) -> None:
    sentence = refused(**{one: "hush-hush-hush-hush", other: "hush-hush-hush-hush"})
    assert sentence == f"KEYART_{other.upper()} is the same as KEYART_{one.upper()}; make another key."


@pytest.mark.parametrize(
    "origin", ["example.org", "https://a.example/", "https://a.example/path", "https://a b", "https://u@a"]
)
def test_an_origin_that_no_browser_sends_is_refused(origin: str) -> None:
    assert refused(cors_origins=f"https://good.example,{origin}").startswith("KEYART_CORS_ORIGINS has ")


def test_shares_that_add_up_to_more_than_everybody_are_refused() -> None:
    sentence = refused(
        best_single_share=0.5, uniform_share=0.5, default_share=0.1, admin_key="hush-hush-hush-hush"
    )
    assert sentence.startswith("KEYART_BEST_SINGLE_SHARE, ")
    assert "1.1" in sentence
    assert "hush" not in sentence


def test_a_log_that_is_kept_for_less_than_feedback_is_accepted_is_refused() -> None:
    sentence = refused(retention_days="8", hold_seconds="86400", reward_window_seconds="600")
    assert sentence.startswith("KEYART_RETENTION_DAYS is 8, ")
    assert sentence.endswith("raise it to at least 8.01.")
    assert settings_of(retention_days="8.01", hold_seconds="86400").retention_days == 8.01
    assert settings_of(retention_days="7.1", hold_seconds="0").retention_days == 7.1
    assert refused(retention_days="7.1", hold_seconds="8640", reward_window_seconds="600")


@pytest.mark.parametrize(("name", "value"), [("originals", "no"), ("originals_bytes", "-1")])
def test_a_way_to_keep_originals_that_does_not_exist_is_refused(name: str, value: str) -> None:
    assert refused(**{name: value}).startswith(f"KEYART_{name.upper()}: ")


@pytest.mark.parametrize("value", ["1", "20000000", "10MiB", "63.9MiB", "64MB"])
def test_a_log_that_an_idle_service_would_fill_is_refused(value: str) -> None:
    sentence = refused(log_bytes=value)
    assert sentence.startswith("KEYART_LOG_BYTES: ")
    assert "write at least 64MiB, or 0 for no limit" in sentence
    assert value in sentence


@pytest.mark.parametrize(
    ("value", "bytes_"), [("0", 0), ("64MiB", 64 << 20), ("67108864", 64 << 20), ("1GB", 10**9)]
)
def test_no_bound_and_one_with_room_are_taken(value: str, bytes_: int) -> None:
    assert settings_of(log_bytes=value).log_bytes == bytes_


def test_a_store_that_there_is_not_is_refused() -> None:
    assert "'redis://x'" in refused(store="redis://x")


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        *[(host, True) for host in ("127.0.0.1", "127.9.9.9", "::1", "localhost")],
        *[(host, False) for host in ("0.0.0.0", "::", "192.168.0.1", "example.org", "")],  # noqa: S104
    ],
)
def test_loopback_is_told_from_the_rest(host: str, loopback: bool) -> None:
    assert Settings(host=host).on_loopback is loopback


@pytest.mark.parametrize("command", ["serve", "train", "report"])
def test_the_command_line_refuses_with_a_sentence_for_each_fault_and_exit_code_2(
    tmp_path: Path, command: str
) -> None:
    given = {"PORT": "eighty", "HOLD_SECONDS": "nan", "ADMIN_KEY": "hush hush", "DATA": str(tmp_path / "data")}
    environment = os.environ | {f"KEYART_{name}": value for name, value in given.items()}
    done = subprocess.run(
        [sys.executable, "-m", "app", command], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert re.findall(r"^(KEYART_\w+): .+\.$", done.stderr, re.MULTILINE) == [
        "KEYART_PORT",
        "KEYART_ADMIN_KEY",
        "KEYART_HOLD_SECONDS",
    ]
    assert "hush" not in done.stderr + done.stdout
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "data").exists()


WITHOUT_VOWPAL = """
import sys
sys.modules["vowpal_wabbit_next"] = None
from app.__main__ import main
sys.argv = ["keyart", "{command}"]
main()
"""


@pytest.mark.parametrize("command", ["serve", "train"])
def test_a_learner_that_is_not_installed_is_refused_with_the_reason_the_remedy_and_exit_code_2(
    tmp_path: Path, command: str
) -> None:
    environment = os.environ | {"KEYART_LEARNER": "vowpal", "KEYART_DATA": str(tmp_path / "data")}
    code = WITHOUT_VOWPAL.format(command=command)
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    [sentence] = done.stderr.splitlines()
    assert sentence.startswith(
        "KEYART_LEARNER: 'vowpal' needs the package vowpal-wabbit-next, which is not installed"
    )
    assert sentence.endswith("; use 'logistic', or run Keyart by one of those (was 'vowpal').")
    assert not (tmp_path / "data").exists()
