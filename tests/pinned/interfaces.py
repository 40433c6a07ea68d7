"""What others call and read by name: the API, the commands, the metrics, the settings and the problems."""

from typing import Any, get_args

import msgspec
import typer
from prometheus_client.metrics import MetricWrapperBase

from app import cli
from app.api.problems import MEDIA_TYPE, TITLES, problem_body
from app.settings import DEMO, Settings
from app.telemetry import metrics
from assets import SAMPLES
from tests.docs.api import document
from tests.docs.pages import ROOT

SENTENCES = {"description", "summary", "title"}
UNUSUAL = ("required", "envvar", "hidden", "is_flag", "multiple", "min", "max")


def openapi() -> object:
    """Return the document without its sentences and its version."""
    whole = masked(document())
    whole.pop("info")
    return whole


def commands() -> dict[str, object]:
    """Return each command with its options and arguments, each with what is not usual of it."""
    group: Any = typer.main.get_command(cli.app)
    with typer.Context(group) as context:
        found = {name: group.get_command(context, name) for name in group.list_commands(context)}
    listed = {"keyart": group} | {f"keyart {name}": command for name, command in found.items()}
    return {name: {"hidden": command.hidden, "takes": _parameters(command)} for name, command in listed.items()}


def _parameters(command: Any) -> dict[str, object]:  # typer tells its type nowhere
    return {" ".join([*each.opts, *each.secondary_opts]): _unusual(each) for each in command.params}


def _unusual(parameter: Any) -> dict[str, object]:
    annotation, default = parameter.type_descriptor.annotation, parameter.default
    told = {name: getattr(parameter, name, None) for name in UNUSUAL}
    told["type"] = get_args(annotation) or annotation.__name__
    told["times"] = parameter.nargs if parameter.nargs != 1 else None
    kept = {name: value for name, value in told.items() if value not in {None, False}}
    return {**kept, "default": str(default.relative_to(ROOT)) if default == SAMPLES else default}


def metric_families() -> dict[str, object]:
    found = [each for each in vars(metrics).values() if isinstance(each, MetricWrapperBase)]
    return {each._name: _family(each) for each in found}  # noqa: SLF001  it has no other name


def _family(metric: MetricWrapperBase) -> dict[str, object]:
    bounds = metric._kwargs.get("buckets")  # noqa: SLF001  they are told nowhere else
    summed = getattr(metric, "_multiprocess_mode", None)
    told = {"type": metric._type, "labels": metric._labelnames, "buckets": bounds, "of all processes": summed}  # noqa: SLF001
    return {name: value for name, value in told.items() if value}


def settings() -> dict[str, object]:
    """Return each setting by its environment variable, and what the demo preset sets."""
    prefix = Settings.model_config["env_prefix"]
    fields = masked(Settings.model_json_schema())["properties"]
    return {f"{prefix}{name.upper()}": field for name, field in fields.items()} | {"demo": DEMO}


def problems() -> dict[str, object]:
    bodies = {str(status): msgspec.json.decode(problem_body(status, "…", {})) for status in TITLES}
    return {"media type": MEDIA_TYPE, "statuses": bodies}


def masked(thing: Any) -> Any:  # a document
    """Return a document without its sentences, which may be said better at any time."""
    if isinstance(thing, list):
        return [masked(each) for each in thing]
    if not isinstance(thing, dict):
        return thing
    kept = {name: value for name, value in thing.items() if not (name in SENTENCES and isinstance(value, str))}
    return {str(name): masked(value) for name, value in kept.items()}
