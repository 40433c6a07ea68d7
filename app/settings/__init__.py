"""Every setting, from the environment, in one frozen object."""

from collections.abc import Mapping
from ipaddress import ip_address
from math import ceil
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, ByteSize, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from app.public_url import checked
from app.settings.checks import (
    Key,
    Share,
    callable_address,
    check_bots,
    check_demands,
    check_origins,
    check_placements,
    check_unused,
    demand,
    roomy,
    usable,
)
from bandit.learners import Kind
from bandit.reward import RewardRules
from bandit.terms import Terms

DAY_MS = 86_400_000
GRACE_MS = 7 * DAY_MS
"""How long a decision's id is accepted after its hold and its window are over."""

DEMO: dict[str, Any] = {
    "reward_window_seconds": 2.0,
    "hold_seconds": 0.0,
    "best_single_share": 0.2,
    "uniform_share": 0.1,
    "learn_cap": 0,
    "stranger_cap": 0,
    "lift_window": 20.0,
    "lift_bound": 200,
    "browse": True,
}
"""The defaults of `KEYART_PRESET=demo`. With the usual defaults nothing is learned in the first ten minutes."""

TITLE_CAP = 2
"""Examples of one profile and one title that are learned in an hour, if there is a cap."""
LISTS = ("placements", "cors_origins", "bots", "unused_attributes", "least_shares")
"""Settings that are lists, with commas."""
PLACEMENT = "row"
"""The placement that replaces one that is not on the list or is left out."""
LINK = "://"
"""A mark of values that are not ports. For a Service named `keyart`, Kubernetes sets KEYART_PORT to a value such
as `tcp://10.0.0.1:8000`; Docker does the same for a link of that name.
"""


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix="KEYART_",
        frozen=True,
        extra="ignore",
        env_ignore_empty=True,
        use_attribute_docstrings=True,
    )

    preset: Literal["", "demo"] = ""
    """`demo` lets you watch the service learn: a window of 2 s, no holds, larger control groups, no caps."""
    host: str = "127.0.0.1"
    """The address on which Keyart listens."""
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    """The port on which Keyart listens; 0 takes a free one."""
    public_url: Annotated[str, AfterValidator(checked)] = ""
    """The public address of the service: an origin, or a path behind a proxy. Addresses of pictures begin with
    it."""
    workers: Annotated[int, Field(ge=1, le=64)] = 1
    """The number of processes that answer requests. One trainer runs in addition."""
    data: Path = Path("data")
    """The folder of all data that Keyart keeps: log, state, catalogue, pictures."""
    store: str = "sqlite"
    """The kind of store for the log: `sqlite`, in the data folder."""
    sync: Literal["normal", "full"] = "normal"
    """The failures that an acknowledged event survives: `normal` the end of any process, `full` also a power
    cut."""
    admin_key: Key | None = None
    """The key for `Authorization: Bearer …` on admin calls. If it is not set, Keyart makes one: DATA/admin-key."""
    editor_key: Key | None = None
    """The key with which editors may change titles, artworks and pins, and read the report and the edits."""
    client_key: Key | None = None
    """The key with which a backend may write profiles and give feedback by profile and title."""
    alarm_url: Annotated[str, AfterValidator(callable_address)] = ""
    """The address that gets a POST when an alarm begins, and another when it ends. It may contain a secret."""
    browse: bool = False
    """Whether `/` is the browse page, whose visitors use the service like viewers of your site."""
    serve: Literal["policy", "default"] = "policy"
    """`default` is the emergency switch: everyone gets the default picture, and no decision is logged."""
    learner: Annotated[Kind, AfterValidator(usable)] = "logistic"
    """The learner: `logistic`, `vowpal`, or your own. After a change the trainer learns the log again."""
    hold_seconds: Annotated[float, Field(ge=0, le=31 * 86400, allow_inf_nan=False)] = 86400
    """How long a viewer sees the same picture of a title; with 0 every call draws again."""
    best_single_share: Share = 0.05
    """The share of profiles that get the picture that is best for everyone: the control for the lift."""
    uniform_share: Share = 0.02
    """The share of profiles that get any picture with equal chance."""
    default_share: Share = 0.0
    """The share of profiles that get the editor's picture."""
    lift_window: Annotated[float, Field(gt=0, le=28 * 86400, allow_inf_nan=False)] = 7 * 86400
    """For how many seconds after its first exposure the rewards of a profile count in an experiment."""
    lift_bound: Annotated[int, Field(ge=1, le=200)] = 20
    """The most rewards of one profile that count in an experiment."""
    experiment_days: Annotated[float, Field(gt=0, le=366, allow_inf_nan=False)] = 28
    """How long an experiment lasts, before another one begins; never longer than the log is kept."""
    exploration_floor: Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)] = 0.02
    """The part of every choice that is chance, shared equally among the candidates."""
    reward: Literal["click", "play"] = "click"
    """The kind of success: a click, or watching (then a click alone earns 0.2)."""
    reward_window_seconds: Annotated[float, Field(gt=0, le=31 * 86400, allow_inf_nan=False)] = 600
    """How long after an exposure opens its feedback counts. Keyart learns from it only after that."""
    play_seconds: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 300
    """With `REWARD=play`, this many seconds of watching earn the whole reward."""
    learn_cap: Annotated[int, Field(ge=0)] = 60
    """The most examples of one profile that are learned in an hour, at most 2 of a title. 0: no bound."""
    stranger_cap: Annotated[int, Field(ge=0)] = 300
    """After this many examples of a title, strangers teach it next to nothing. 0: they teach like everyone."""
    decision_timeout_ms: Annotated[float, Field(gt=0, le=60_000, allow_inf_nan=False)] = 100
    """After this time without a decision the answer is the title's default picture as a fallback."""
    retention_days: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 90
    """How long the log is kept: at least as long as feedback is accepted."""
    log_bytes: Annotated[ByteSize, Field(ge=0), AfterValidator(roomy)] = ByteSize(32 << 30)
    """How large the log may become, such as `20GiB`. Above it everyone gets default pictures. 0: no bound."""
    originals: Literal["keep", "off"] = "keep"
    """Whether the files of new pictures are kept, so that focus, faces and crops can be corrected later."""
    originals_bytes: Annotated[ByteSize, Field(ge=0)] = ByteSize(16 << 30)
    """How large the kept originals may become together. Above it new pictures come without. 0: no bound."""
    keyless_decisions_per_second: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0
    """How many new decisions a worker logs in a second without a key; others get fallbacks. 0: no bound."""
    placements: Annotated[tuple[str, ...], NoDecode] = ()
    """The placements of your pages, separated by commas. Without a list Keyart takes all placements."""
    cors_origins: Annotated[tuple[str, ...], NoDecode] = ()
    """Origins, separated by commas, whose pages may call this service; `*` for all."""
    bots: Annotated[tuple[str, ...], NoDecode] = ()
    """Words, separated by commas, that mark a User-Agent as a bot's, in addition to the well-known ones."""
    unused_attributes: Annotated[tuple[str, ...], NoDecode] = ()
    """Names of attributes, separated by commas, that no policy uses and no learner sees."""
    least_shares: Annotated[tuple[str, ...], NoDecode] = ()
    """Tags with the least share of pictures that have them, separated by commas: `ensemble=0.3`."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """The lowest level of the service's own messages, as JSON lines on standard error."""

    @model_validator(mode="before")
    @classmethod
    def _apply_preset(cls, given: dict[str, Any]) -> dict[str, Any]:
        defaults = DEMO if given.get("preset") == "demo" else {}
        lists = {name: _split(given[name]) for name in LISTS if isinstance(given.get(name), str)}
        if LINK in str(given.get("port", "")):
            given = {name: value for name, value in given.items() if name != "port"}
        return {**defaults, **given, **lists}

    @model_validator(mode="after")
    def _check(self) -> Self:
        shares = self.best_single_share + self.uniform_share + self.default_share
        if shares > 1:
            raise ValueError(
                f"BEST_SINGLE_SHARE, UNIFORM_SHARE and DEFAULT_SHARE add up to {shares}; lower them to at most 1."
            )
        answerable = self.answerable_ms / DAY_MS
        if self.retention_days < answerable:
            raise ValueError(
                f"RETENTION_DAYS is {self.retention_days:g}, but feedback is accepted for longer: HOLD_SECONDS + "
                f"REWARD_WINDOW_SECONDS + 7 days; raise it to at least {ceil(answerable * 100) / 100:g}."
            )
        self._check_experiment()
        self._check_keys()
        self._check_lists()
        if self.store != "sqlite":
            raise ValueError(f"STORE is {self.store!r}; the only store is 'sqlite'.")
        return self

    @property
    def demands(self) -> tuple[tuple[str, float], ...]:
        """Return the tags of `least_shares` with their shares; raises `ValueError`."""
        return tuple([demand(each) for each in self.least_shares])

    @property
    def even_floor(self) -> float:
        """The part of each choice that all pictures have alike at least. Demands of least shares take from it."""
        return self.exploration_floor * (1 - sum(share for _, share in self.demands))

    def _check_lists(self) -> None:
        check_demands(self.demands)
        check_bots(self.bots)
        check_placements(self.placements)
        check_unused(self.unused_attributes)
        check_origins(self.cors_origins)

    def _check_experiment(self) -> None:
        longest = min(self.experiment_days, self.retention_days) * DAY_MS / 1000
        if self.lift_window > longest:
            raise ValueError(
                f"LIFT_WINDOW is {self.lift_window:g} seconds, which is longer than EXPERIMENT_DAYS or "
                f"RETENTION_DAYS; lower it to at most {longest:g}."
            )

    def _check_keys(self) -> None:
        """Refuse one key for two roles: its holder would have an unclear role."""
        names: dict[str, str] = {}
        for name in ("admin_key", "editor_key", "client_key"):
            key: SecretStr | None = getattr(self, name)
            if key and (other := names.setdefault(key.get_secret_value(), name)) != name:
                raise ValueError(f"{name.upper()} is the same as KEYART_{other.upper()}; make another key.")

    @property
    def hold_ms(self) -> int:
        return round(self.hold_seconds * 1000)

    @property
    def window_ms(self) -> int:
        return round(self.reward_window_seconds * 1000)

    @property
    def answerable_ms(self) -> int:
        """The time after a decision in which its feedback is accepted."""
        return self.hold_ms + self.window_ms + GRACE_MS

    @property
    def on_loopback(self) -> bool:
        if self.host == "localhost":
            return True
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False

    @property
    def tells_groups(self) -> bool:
        """Whether answers tell groups and probabilities to callers without a key, too."""
        return self.preset == "demo"

    @property
    def begins_with_samples(self) -> bool:
        """Whether sample viewers use a new service first: under the demo preset, if no value of it is changed."""
        return self.preset == "demo" and all(getattr(self, name) == value for name, value in DEMO.items())

    def placed(self, placement: str) -> str:
        """Return the placement, or the usual one if it is not on the list: anyone could make up placements."""
        known = not self.placements or placement in self.placements
        return placement if known else PLACEMENT

    def reward_rules(self) -> RewardRules:
        title_cap = min(TITLE_CAP, self.learn_cap)
        return RewardRules(
            self.window_ms, self.reward, self.play_seconds, self.learn_cap, title_cap, self.stranger_cap
        )

    def terms(self) -> Terms:
        """Return the terms of the experiment that compares the groups under these settings."""
        controls = {
            "best_single": self.best_single_share,
            "uniform": self.uniform_share,
            "default": self.default_share,
        }
        rest = round(1.0 - sum(controls.values()), 12)
        days = min(self.experiment_days, self.retention_days)
        window, lasts = round(self.lift_window * 1000), round(days * DAY_MS)
        return Terms(
            {"personalized": rest, **controls}, window, self.lift_bound, lasts, self.reward, self.play_seconds
        )


def _split(words: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in words.split(",") if word.strip())


def faults(error: ValidationError) -> list[str]:
    """Return a sentence for each setting that is not valid. No sentence contains a key."""
    return [_fault(dict(each)) for each in error.errors(include_url=False)]


def _fault(error: dict[str, Any]) -> str:
    reason = error["msg"].removeprefix("Value error, ")
    if not error["loc"]:
        return f"KEYART_{reason}"
    name = str(error["loc"][0])
    was = "" if name.endswith("_key") or name == "alarm_url" else f" (was {error['input']!r})"
    return f"KEYART_{name.upper()}: {reason}{was}."


def link_in(environment: Mapping[str, str]) -> str | None:
    """Return the value of KEYART_PORT if it is an address, which Kubernetes or Docker set and Keyart ignores."""
    values = [value for name, value in environment.items() if name.upper() == "KEYART_PORT"]
    return next((value for value in values if LINK in value), None)
