"""docs/examples/alerts.yml: alerts that are told of, on metrics and labels that there are."""

import re

from tests.docs.pages import DOCS, code, page
from tests.docs.test_operations import SUFFIXES, counted

RULES = (DOCS / "examples" / "alerts.yml").read_text()
OTHERS = {
    "up": {"job"},
    "backup_finished_seconds": set[str](),
    "node_filesystem_avail_bytes": {"mountpoint"},
    "node_filesystem_size_bytes": {"mountpoint"},
}
"""What Prometheus itself, node_exporter and backup.sh count."""


def expressions() -> dict[str, str]:
    """Return the expression of each alert, in one line."""
    found = {}
    for rule in RULES.split("- alert: ")[1:]:
        expression = (
            rule.partition("expr:")[2].partition("\n        for:")[0].partition("\n        annotations:")[0]
        )
        found[rule.split()[0]] = " ".join(expression.replace(">-", "", 1).split())
    return found


def known() -> dict[str, set[str]]:
    """Return the labels of every series that an expression may name."""
    own = {
        f"{each._name}{suffix}": set(each._labelnames)  # noqa: SLF001  it has no other
        for each in counted().values()
        for suffix in SUFFIXES
    }
    return own | OTHERS


def test_the_page_tells_of_every_alert_in_the_order_of_the_file() -> None:
    told = [code(row[0])[0] for row in page("operations.md").rows("alert", "fires when", "see")]
    assert told == list(expressions())


def test_alerts_name_only_series_and_labels_that_there_are() -> None:
    for alert, expression in expressions().items():
        series = dict(re.findall(r"\b([a-z_]+)(?:\{(.*?)\})?(?![\w(\"=!])", re.sub(r"\[\w+\]", "", expression)))
        named = {name: labels for name, labels in series.items() if "_" in name or name == "up"}
        assert named, alert
        for name, labels in named.items():
            assert name in known(), alert
            assert set(re.findall(r"(\w+)(?:=|!=)", labels)) <= known()[name], alert


def test_expressions_close_what_they_open() -> None:
    for alert, expression in expressions().items():
        for opening, closing in ("()", "{}", "[]"):
            assert expression.count(opening) == expression.count(closing), alert


def test_the_example_of_prometheus_scrapes_under_the_job_that_alerts_name() -> None:
    jobs = set(re.findall(r"job_name: (\w+)", (DOCS / "examples" / "prometheus.yml").read_text()))
    assert set(re.findall(r'job="(\w+)"', RULES)) <= jobs


def test_a_client_that_leaves_wakes_nobody() -> None:
    """Its status, 499, is no failure of the service."""
    [failing] = re.findall(r'status=~"(.*?)"', expressions()["KeyartRequestsFail"])
    assert re.fullmatch(failing, "503")
    assert not re.fullmatch(failing, "499")
