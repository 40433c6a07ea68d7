"""The table of an evaluation, and the sentences below it."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from rich.table import Table

from app.evaluation.evaluating import Evaluation, Value
from bandit.estimators import Estimate

PER = 1000
INCUMBENT = "incumbent"


def of_values(evaluation: Evaluation) -> Table:
    table = Table(
        "policy", "doubly robust", "95 % interval", "more than incumbent", "IPS", "SNIPS", "DM", "ESS", "w"
    )
    table.title = (
        f"Reward for each 1,000 decisions: {evaluation.decisions:,} with {evaluation.exposures:,} exposures, "
        f"of {evaluation.profiles} profiles and anonymous viewers"
    )
    if evaluation.incumbent:
        earned = evaluation.incumbent
        table.add_row(INCUMBENT, *_estimate(earned), "", "", "", "", "", *_weights(earned), style="bold")
    for value in evaluation.values:
        robust = value.doubly_robust
        others = [_number(each.value) for each in (value.ips, value.snips, value.direct_method)]
        style = "dim" if robust.doubt else None
        table.add_row(value.policy, *_estimate(robust), *_more(value), *others, *_weights(robust), style=style)
    return table


def sentences(evaluation: Evaluation) -> Iterator[str]:
    """Say what the numbers mean, and which of them mean nothing."""
    yield (
        "ESS is the effective sample size, in viewers, and w the greatest weight. DM is only as good as its model."
    )
    if evaluation.incumbent is None:
        yield "No decision was personalized, so nothing is compared with the incumbent."
    for value in evaluation.values:
        yield verdict(value)


def verdict(value: Value) -> str:
    if value.doubly_robust.doubt:
        return f"{value.policy}: nothing to conclude. {value.doubly_robust.doubt}"
    if value.more_interval is None:
        return f"{value.policy}: there is no incumbent to compare it with."
    low, high = (_number(bound) for bound in value.more_interval)
    if value.more_interval[0] > 0:
        return f"{value.policy} would have earned more than the incumbent: by {low} to {high} for each 1,000."
    if value.more_interval[1] < 0:
        return f"{value.policy} would have earned less than the incumbent: the difference is {low} to {high}."
    return f"{value.policy}: no difference from the incumbent is shown; it is between {low} and {high}."


def plain(evaluation: Evaluation) -> dict[str, Any]:
    """Return the evaluation as JSON has it, with the doubts; a value that is not a number is null."""
    result = asdict(evaluation)
    result["incumbent"] = _plain(evaluation.incumbent) if evaluation.incumbent else None
    for shown, value in zip(result["values"], evaluation.values, strict=True):
        for method in ("doubly_robust", "ips", "snips", "direct_method"):
            shown[method] = _plain(getattr(value, method))
    return result


def _plain(estimate: Estimate) -> dict[str, Any]:
    known = estimate.value == estimate.value  # NaN is not equal to itself
    return {**asdict(estimate), "value": estimate.value if known else None, "doubt": estimate.doubt}


def _estimate(estimate: Estimate) -> tuple[str, str]:
    low, high = estimate.interval
    return _number(estimate.value), f"{_number(low)} – {_number(high)}"


def _more(value: Value) -> tuple[str, str]:
    if value.more is None or value.more_interval is None:
        return "", ""
    low, high = value.more_interval
    return f"{value.more * PER:+.1f}", f"{low * PER:+.1f} – {high * PER:+.1f}"


def _weights(estimate: Estimate) -> tuple[str, str]:
    return f"{estimate.effective_sample_size:,.0f}", f"{estimate.greatest_weight:.1f}"


def _number(value: float) -> str:
    return f"{value * PER:.1f}"
