"""What `keyart health` says of a trainer, and of a service that isn't there."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from app.operations.health import Unwell, address_in, address_of, is_ready, of_service, of_trainer, reachable
from app.settings import Settings
from app.store.protocol import State
from tests.builders import Clock
from tests.e2e.service import free_port, keyart
from tests.memory import MemoryStore

LEASE = 5_000


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def state(clock: Clock) -> State:
    return MemoryStore(clock).state


async def test_a_trainer_that_renews_its_lease_is_well(state: State, clock: Clock) -> None:
    await state.lead("trainer of box 7", LEASE)
    assert await of_trainer(state, clock.now) == "A trainer leads: trainer of box 7."
    assert await of_trainer(state, clock.now + LEASE - 1)


async def test_a_trainer_that_let_its_lease_run_out_is_not(state: State, clock: Clock) -> None:
    await state.lead("trainer of box 7", LEASE)
    with pytest.raises(Unwell, match=r"The lease of trainer of box 7 ran out 3 s ago: .* start it again\."):
        await of_trainer(state, clock.now + LEASE + 3_000)


async def test_without_a_trainer_nothing_is_well(state: State, clock: Clock) -> None:
    with pytest.raises(Unwell, match=r"No trainer leads; .* run `keyart train`\."):
        await of_trainer(state, clock.now)


def test_a_service_that_does_not_answer_is_told_with_its_address() -> None:
    port = free_port()
    assert not is_ready("127.0.0.1", port)
    with pytest.raises(Unwell, match=rf"No Keyart answers at http://127\.0\.0\.1:{port} \(.*\); start it, or set"):
        of_service("127.0.0.1", port)


@pytest.mark.parametrize("host", ["0.0.0.0", "::"])  # noqa: S104  compared, not bound
def test_one_that_listens_everywhere_is_asked_on_loopback(host: str) -> None:
    assert reachable(host) == "127.0.0.1"
    assert reachable("192.0.2.1") == "192.0.2.1"


def test_an_ipv6_address_stands_in_brackets() -> None:
    assert address_of("::1", 8000) == "http://[::1]:8000"
    assert address_of("::", 80) == "http://127.0.0.1:80", "which is how this machine reaches it"
    with pytest.raises(Unwell, match=r"No Keyart answers at http://\[::1\]:"):
        of_service("::1", free_port())


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"KEYART_HOST": "192.0.2.1", "KEYART_PORT": "80"},
        {"keyart_host": "::1", "Keyart_Port": "65535"},
        {"KEYART_HOST": "", "KEYART_PORT": ""},
        {"KEYART_PORT": "0080"},
        {"KEYART_PORT": "tcp://10.0.0.1:8000"},
        {"KEYART_PORT": " 80 "},
        {"KEYART_PORT": "65536"},
        {"KEYART_PORT": "-1"},
        {"KEYART_PORT": "eighty"},
        {"KEYART_PORT": "٨٠"},
    ],
)
def test_the_address_is_that_of_the_settings_or_left_to_them(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str]
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    address = address_in(given)
    try:
        settings = Settings()
    except ValidationError:
        assert address is None
    else:
        assert address in {None, (settings.host, settings.port)}


def test_the_plain_address_is_told_without_the_settings() -> None:
    assert address_in({"KEYART_HOST": "192.0.2.1", "KEYART_PORT": "80"}) == ("192.0.2.1", 80)
    assert address_in({}) == ("127.0.0.1", 8000)


@pytest.mark.parametrize("setting", ["port", "reward"])
def test_without_a_service_a_setting_that_is_not_valid_is_named(tmp_path: Path, setting: str) -> None:
    settings = {"port": free_port(), setting: "nonsense"}
    refused = keyart(tmp_path, "health", **settings)

    assert refused.returncode == 2
    assert refused.stderr.startswith(f"KEYART_{setting.upper()}: ")
