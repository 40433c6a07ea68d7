"""Programs that fetch pages for no viewer, and say so in their User-Agent."""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

REMEMBERED: Final = 1 << 12
LONGEST_AGENT: Final = 512
"""Bytes of a User-Agent that are examined; the answer for each is remembered."""
DECLARED: Final = (
    # names that all kinds use; Cubot makes telephones
    *(r"(?<!cu)bots?(?![a-z])", r"crawl", r"spider", r"slurp", r"scrap(?:er|y|ing)", r"archiver", r"\brss\b"),
    # an address with an explanation, as robots give it
    *(r"\+https?:", r"\+mailto:"),
    # previews of links in messages and posts
    *(r"link ?preview", r"ur[il] ?preview", r"(?:bing|microsoft|web )preview", r"unfurl", r"onebox", r"opengraph"),
    *(r"facebookexternal", r"facebookcatalog", r"facebookplatform", r"meta-external", r"whatsapp", r"\bslack-"),
    *(r"steamchaturl", r"vkshare", r"embedly", r"iframely", r"flipboardproxy", r"pinterest/0\.", r"outbrain"),
    *(r"mastodon/", r"pleroma", r"akkoma", r"misskey/", r"friendica", r"hatena", r"bluesky cardyb"),
    # search engines and what trains models, where the name says it
    *(r"google-(?:inspection|read|site|structured|safety|notebook|adwords)", r"googleother", r"apis-google"),
    *(
        r"mediapartners",
        r"feedfetcher",
        r"google favicon",
        r"yandex(?:images|favicons|metrika|render|mobilescreen)",
    ),
    *(r"sogou (?:web|inst|pic|news|video)", r"coccoc/", r"ia_archiver", r"heritrix", r"nutch", r"qwantify"),
    *(
        r"chatgpt-user",
        r"oai-",
        r"claude-(?:user|web)",
        r"anthropic",
        r"perplexity-?user",
        r"cohere-",
        r"amzn-user",
    ),
    # monitors of a page's availability and speed
    *(r"pingdom", r"uptime", r"statuscake", r"site24x7", r"newrelic", r"datadog", r"monitoring"),
    *(r"lighthouse", r"gtmetrix", r"pagespeed", r"\bptst/", r"prerender", r"rendertron"),
)
"""How bots declare themselves, as patterns in any case."""
LIBRARIES: Final = re.compile(
    rb"(?:node-fetch|undici|axios|got|curl|wget|php-curl|guzzlehttp|python|httpx|aiohttp|okhttp|go-http)(?![a-z])",
    re.IGNORECASE,
)
"""The first words of HTTP libraries.

A backend calls with one, on behalf of viewers, even if the library names its page.
"""


class Bots:
    """Recognizes declared bots by their User-Agent; `more` are words beyond the known ones."""

    def __init__(self, more: Iterable[str] = ()):
        own = [re.escape(word) for word in more]
        self._declared = _any_of([*DECLARED, *own])
        self._own = _any_of(own)
        self._remembered = lru_cache(maxsize=REMEMBERED)(self._find)

    def declared(self, agent: bytes) -> bool:
        return self._remembered(agent if len(agent) <= LONGEST_AGENT else agent[:LONGEST_AGENT])

    def _find(self, agent: bytes) -> bool:
        if LIBRARIES.match(agent):
            return self._own.search(agent) is not None
        return self._declared.search(agent) is not None


def _any_of(patterns: Sequence[str]) -> re.Pattern[bytes]:
    return re.compile("|".join(patterns or ["(?!)"]).encode(), re.IGNORECASE)
