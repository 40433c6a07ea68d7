"""The tables of a rebuild: how each tuning foretold the examples, and which one won."""

from rich.table import Table

from app.evaluation.tuning import ONLINE, Difference, Found, Way, best_of, better, earns_more


def of_trials(found: Found) -> list[Table]:
    """Show how well the tunings predicted the first examples; nothing if only the default was tried."""
    default, *others = found.trials
    if not others:
        return []
    table = Table("spread", "most known", "log loss", "better by", "95 % interval")
    table.title = f"Tunings: {len(default.losses)} examples, each predicted and then learned"
    best = best_of(found.trials)
    for trial in found.trials:
        tuning, style = trial.way.tuning, "bold" if trial is best else None
        gain = ["", ""] if trial is default else _gain(better(trial, default))
        numbers = f"{tuning.spread:g}", f"{tuning.most_known:g}", f"{trial.losses.mean():.5f}"
        table.add_row(*numbers, *gain, style=style)
    return [table]


def of_judged(found: Found) -> Table:
    table = Table("way", "log loss", "better by", "95 % interval", "earns", "more by")
    online = found.judged[0]
    table.title = f"On the {len(online.losses)} test examples"
    for each in found.judged:
        earned = "" if each.value is None else f"{each.value:.4f}"
        more = earns_more(each, online)
        gain = ["", ""] if each is online else _gain(better(each, online))
        than = "" if each is online or more is None else f"{more.mean:+.4f} ± {1.96 * more.error:.4f}"
        style = "bold" if each.way == found.won else None
        table.add_row(_way(each.way), f"{each.losses.mean():.5f}", *gain, earned, than, style=style)
    return table


def verdict(found: Found) -> str:
    if len(found.judged) == len(found.trials) == 1:
        return "One pass with the default tuning is the online way; the candidate learned so."
    if len(found.judged) == 1:
        return "No tuning is clearly better than the default, so the candidate learned in the online way."
    if found.won == ONLINE:
        return "No other way is as good on the test examples, so the candidate learned in the online way."
    return f"The candidate learned with {_way(found.won)}."


def _way(way: Way) -> str:
    if way == ONLINE:
        return "online"
    passes = f", {way.passes} passes" if way.passes > 1 else ""
    return f"spread {way.tuning.spread:g}, most known {way.tuning.most_known:g}{passes}"


def _gain(difference: Difference) -> list[str]:
    low, high = difference.mean - 1.96 * difference.error, difference.mean + 1.96 * difference.error
    return [f"{difference.mean:+.5f}", f"{low:+.5f} to {high:+.5f}"]
