#!/usr/bin/env bash
# A country with one line in the table of time zones is a country with one time; Germany is not among them.
#
# A good engineer would have guessed: a country whose clocks all agree has one line in `zone.tab`, and those with several
# lines (Brazil, Canada, Russia) are those where it matters which one. If `zone.tab` has too many, `zone1970.tab` helps,
# because it puts together the zones that have agreed since 1970. So the time of a country is known if it has one line.
#
# What it does: 31 countries have several lines, and 8 of them have one time throughout 2026: Germany, Argentina
# (12 lines), Kazakhstan (7 lines) and Malaysia are among them. Germany's second line is Büsingen, a village inside
# Switzerland, which had no summer time in 1980. The clocks of both have agreed on every day since 1981.
# In `zone1970.tab` 33 countries have several lines, not fewer: Germany is on Zürich's line now because of Büsingen,
# and Vietnam has two lines.
#
# Whom it hurts: whoever derives the time of day from the country, and leaves out those with several lines: 84 million
# people in Germany have no time. Keyart compares what the clocks of all lines show in the year in question.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check tzdata==2026.6
"$work/venv/bin/python" - <<'PYTHON'
import sys
import zoneinfo
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from importlib.resources import files

zoneinfo.reset_tzpath(to=())  # the package's data, not the machine's
print("tzdata", version("tzdata"))
DATA = files("tzdata") / "zoneinfo"
DAY = timedelta(days=1)


def lines(table: str) -> list[list[str]]:
    text = (DATA / table).read_text(encoding="utf-8")
    return [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]


def zones(table: str) -> dict[str, list[str]]:
    """Return the zones of each country, in the table's order."""
    found: dict[str, list[str]] = {}
    for codes, _, zone, *_ in lines(table):
        for code in codes.split(","):
            found.setdefault(code, []).append(zone)
    return found


def days(first: int, last: int) -> list[datetime]:
    """Return noon of each day from the first to the last year."""
    start = datetime(first, 1, 1, 12, tzinfo=UTC)
    return [start + DAY * n for n in range((datetime(last + 1, 1, 1, 12, tzinfo=UTC) - start) // DAY)]


def agree(names: list[str], moments: list[datetime]) -> bool:
    keys = [zoneinfo.ZoneInfo(name) for name in names]
    return all(len({moment.astimezone(key).utcoffset() for key in keys}) == 1 for moment in moments)


NAMES = dict(lines("iso3166.tab"))
YEAR = days(2026, 2026)
SEEN = {
    "zone.tab": (31, ["AR", "CY", "DE", "KZ", "MH", "MY", "PS", "UZ"], ["Europe/Berlin", "Europe/Busingen"]),
    "zone1970.tab": (33, ["AR", "CY", "DE", "KZ", "MH", "MY", "PS", "UZ", "VN"], ["Europe/Zurich", "Europe/Berlin"]),
}
changed = False
for table, (many, same, germany) in SEEN.items():
    found = {code: names for code, names in zones(table).items() if len(names) > 1}
    alike = sorted(code for code, names in found.items() if agree(names, YEAR))
    print(f"{table}: {len(found)} countries with several lines; the clocks of {len(alike)} agree throughout 2026:")
    for code in alike:
        print("   ", code, NAMES[code], len(found[code]), "lines")
    print("    Germany:", *found["DE"])
    changed |= (len(found), alike, found["DE"]) != (many, same, germany)

for first in (1980, 1981):
    together = agree(["Europe/Berlin", "Europe/Busingen"], days(first, 2026))
    print(f"Berlin and Büsingen agree on all days from {first} to 2026:", together)
    changed |= together != (first == 1981)
print("It behaves otherwise now." if changed else "As it was seen: several lines, and one time all the same.")
sys.exit(changed)
PYTHON
