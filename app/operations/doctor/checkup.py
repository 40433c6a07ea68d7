"""All checks, group by group. A check that fails is told as a finding, and the other groups go on."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from app.operations.doctor import catalogue, clock, folder, learner, log, machine, model, service, settings
from app.operations.doctor.finding import Finding, finding
from app.operations.doctor.observed import Observed, observe
from app.settings import Settings
from app.store.protocol import Engine


async def check(
    environment: Mapping[str, str], engine_of: Callable[[Settings], Engine], seconds: float, url: str | None = None
) -> dict[str, list[Finding]]:
    """Run every check that is possible, although others may fail."""
    here, faults = settings.read()
    seen = await observe(here, engine_of, seconds)
    groups: dict[str, list[Callable[[Observed], Iterator[Finding]]]] = {
        "Machine": [machine.findings],
        "Settings": [partial(settings.findings, faults=faults, environment=environment)],
        "Data": [folder.findings, log.findings],
        "Pictures": [catalogue.findings],
        "Model": [model.findings, learner.findings],
        "Clock": [clock.findings],
        "Service": [partial(service.findings, url=url)],
    }
    if seen.failed or seen.examined.later or not seen.examined.files:
        del groups["Pictures"], groups["Model"]
    return {
        name: [finding for look in checks for finding in _guarded(look(seen))] for name, checks in groups.items()
    }


def _guarded(findings: Iterator[Finding]) -> Iterator[Finding]:
    try:
        yield from findings
    except Exception as error:  # noqa: BLE001  a doctor that falls over is of no use where things are broken
        yield finding("check-failed", kind=type(error).__name__, error=error)
