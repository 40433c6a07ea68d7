#!/usr/bin/env bash
# crawler-user-agents takes people in Instagram's and Facebook's browsers for crawlers.
#
# A good engineer would have guessed: a list of crawlers, with an address and a description for each, misses new ones
# and is right about the rest. A browser of people is never on it, above all if one leaves out what the list itself
# calls libraries and browser automation.
#
# What it does: two of its patterns are in what people's browsers send. `AP3A\.240617\.008` is the id of a build of
# Android 15, and every app that shows pages on a telephone with that build sends it. It is listed as the scraper 80legs,
# whose own name is "008"; the list's example of it is Instagram on an OPPO telephone. `MetaIAB Facebook` is the browser
# inside Facebook's app (IAB: in-app browser); it is listed as a fetcher of link previews. The same app on a telephone
# with another build is no crawler.
#
# Whom it hurts: whoever drops bots by this list from counts, experiments or learning. People are left out, and not by
# chance: it depends on their telephone and on the app that they come from, so the rest is skewed. Nothing fails.
# Keyart has its own patterns for bots that say what they are, and uses this list in its tests alone.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check crawler-user-agents==1.67.0
"$work/venv/bin/python" - <<'PYTHON'
import re
import sys
from importlib.metadata import version

from crawleruseragents import CRAWLER_USER_AGENTS_DATA, is_crawler

print("crawler-user-agents", version("crawler-user-agents"))

VIEW = "AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/137.0.7151.89 Mobile Safari/537.36"
BUILD = r"AP3A\.240617\.008"
FACEBOOK = "MetaIAB Facebook"
SEEN = {
    "some app's web view": (f"Mozilla/5.0 (Linux; Android 15; 23129RN51X Build/AP3A.240617.008; wv) {VIEW}", [BUILD]),
    "Instagram": (
        f"Mozilla/5.0 (Linux; Android 15; CPH2609 Build/AP3A.240617.008; wv) {VIEW} "
        "Instagram 382.0.0.49.84 Android (35/15; 480dpi; 1080x2400; OPPO; CPH2609; OP5A11L1; qcom; de_DE; 700000001)",
        [BUILD],
    ),
    "Facebook": (f"Mozilla/5.0 (Linux; Android 16; Pixel 9 Build/BP2A.250605.031; wv) {VIEW} {FACEBOOK}", [FACEBOOK]),
    "Instagram, another build": (
        f"Mozilla/5.0 (Linux; Android 15; SM-S921B Build/AP3A.240905.015.A2; wv) {VIEW} "
        "Instagram 382.0.0.49.84 Android (35/15; 480dpi; 1080x2340; samsung; SM-S921B; e1s; s5e9945; de_DE; 700000001)",
        [],
    ),
    "Chrome": (f"Mozilla/5.0 (Linux; Android 10; K) {VIEW.replace('Version/4.0 ', '')}", []),
}
NO_PEOPLE = {"http-library", "browser-automation"}
crawlers = [each for each in CRAWLER_USER_AGENTS_DATA if not NO_PEOPLE & set(each.get("tags", ()))]
changed = False
for browser, (agent, seen) in SEEN.items():
    found = [each for each in crawlers if re.search(each["pattern"], agent)]
    print(f"{browser}: is_crawler {is_crawler(agent)}", agent, sep="\n    ")
    for each in found:
        print("    matches", each["pattern"], each["tags"], each["description"])
    changed |= [each["pattern"] for each in found] != seen or is_crawler(agent) != bool(seen)

[listed] = [each for each in crawlers if each["pattern"] == BUILD]
print("The list's own example of the first:", *listed["instances"], sep="\n    ")
changed |= "Instagram" not in listed["instances"][0]
print("It behaves otherwise now." if changed else "As it was seen: three of these five people are called crawlers.")
sys.exit(changed)
PYTHON
