"""`keyart candidate`: a learner that is trained in the shadow, and orders about it."""

from typing import Annotated, Any, Literal

import typer
from rich.console import Console

from app.clock import now_ms
from app.commands.calling import COMPARING_SECONDS, called
from app.commands.environment import settings_for
from app.commands.orders import Why, ordered
from app.commands.terminal import fail
from app.settings import Settings

Do = Literal["start", "stop", "promote", "serve"]


def candidate(
    do: Annotated[Do | None, typer.Argument(help="The order. Without it the command shows the candidate.")] = None,
    policy: Annotated[
        str | None, typer.Argument(help="The learner and its tuning, as `keyart evaluate` names them.")
    ] = None,
    *,
    promote_by_rule: Annotated[
        bool, typer.Option("--promote-by-rule", help="Promote it as soon as it is known to earn more.")
    ] = False,
    share: Annotated[
        float | None,
        typer.Option(min=0, max=0.5, help="The share of the profiles that it decides for; 0 ends that."),
    ] = None,
    why: Why = "",
) -> None:
    """Train a candidate in the shadow, compare it with the learner in use, and promote it.

    With start, a separate process learns the log; nobody sees the candidate's choices. It is compared with the
    learner in use on each decision after that. With serve, it decides for a share of the profiles, the canary.
    With promote, the trainer continues with the candidate, from a new base, if the candidate is fit. With stop,
    the candidate is deleted.

    The command calls the service that runs on the data folder, with KEYART_ADMIN_KEY or the key in the data
    folder.

    Examples:
        keyart candidate start logistic,spread=0.3 --why "Better in keyart evaluate"
        keyart candidate
        keyart candidate serve --share 0.05
        keyart candidate promote
        keyart candidate stop
    """
    settings = settings_for("candidate")
    if (do == "start") != (policy is not None):
        raise fail("start needs a policy, such as logistic,spread=0.3, and the other orders need none.")
    if promote_by_rule and do != "start":
        raise fail("--promote-by-rule belongs to start.")
    if (do == "serve") != (share is not None):
        raise fail("serve needs --share, such as 0.05, and the other orders need none.")
    body = {"policy": policy, "by_rule": promote_by_rule} if do == "start" else {"share": share}
    found = _called(settings, do, {**body, "why": why}, why)
    if do == "promote":
        Console().print("The trainer continues with the candidate's learner.")
    else:
        for line in lines(found.get("candidate")):
            Console().print(line, soft_wrap=True, markup=False)


def _called(settings: Settings, do: Do | None, body: dict[str, object], why: str) -> dict[str, Any]:
    if do == "start":
        return called(settings, "PUT", "/candidate", body)
    if do == "serve":
        return called(settings, "PUT", "/candidate/serving", body)
    if do == "promote":
        return called(settings, "POST", "/candidate/promotion", {"why": why}, seconds=COMPARING_SECONDS)
    if do == "stop":
        return called(settings, "DELETE", "/candidate", query={"why": why})
    return called(settings, "GET", "/candidate")


def lines(found: dict[str, Any] | None) -> list[str]:
    """Describe a candidate, with a sentence to a line."""
    if not found:
        return ["There is no candidate."]
    rule = " It is promoted by rule." if found["by_rule"] else ""
    said = [f"{found['policy']} learns in the shadow{ordered(found['by'])}.{rule}", _position(found)]
    if paired := found["paired"]:
        decisions, difference = paired["decisions"], paired["difference"]
        if difference is not None:
            said.append(f"On {decisions:,} decisions it earns {difference * 1000:+.2f} in 1,000 decisions.")
        said.append(paired["says"])
    if found["remedy"]:
        said.append(f"{found['says']} {found['remedy']}")
    said.append(found["promotion"])
    if found["share"]:
        whose = (
            "the candidate"
            if found["serves"]
            else "the learner in use, because the worker has loaded no usable candidate,"
        )
        said.append(f"For {found['share']:.1%} of the profiles {whose} decides{ordered(found['serving_by'])}.")
    if found["refused"]:
        said.append(f"The rule did not promote it. {found['refused']}")
    return said


def _position(found: dict[str, Any]) -> str:
    if found["saved"] is None:
        return "It has saved nothing yet. A trainer that leads starts its process within seconds."
    age = max(0, round(now_ms() / 1000 - found["saved"]))
    behind = f"{found['behind']:,} records behind the log's end"
    state = "follows the log" if found["caught_up"] else "still learns the log"
    return f"It {state}: it is at position {found['position']}, {behind}, and was saved {age} s ago."
