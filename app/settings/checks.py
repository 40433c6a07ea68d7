"""The checks of single settings. Each raises `ValueError` with the remedy."""

import re
from collections.abc import Sequence
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, ByteSize, Field, SecretStr

from bandit.learners import Kind, lacking

SHORTEST_WORD = 3
MOST_DEMANDED = 0.8
"""The most that all least shares together may take from the policy."""
SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
ORIGIN = re.compile(r"\*|[a-z][a-z0-9+.-]*://[^/?#\s@]+", re.IGNORECASE)
SHORTEST_KEY, LONGEST_KEY = 16, 256
"""Even 16 hex digits are 64 bits: at a million tries a second, half of all keys take 290,000 years."""
KEY = re.compile(rf"[!-~]{{{SHORTEST_KEY},{LONGEST_KEY}}}")


def sendable(key: SecretStr) -> SecretStr:
    text = key.get_secret_value()
    if not re.fullmatch(r"[!-~]+", text):
        raise ValueError("a key is sent in a header: write visible ASCII characters without spaces")
    if not KEY.fullmatch(text):
        raise ValueError(
            f"a key has {SHORTEST_KEY} to {LONGEST_KEY} characters, so that nobody can guess it; make one with "
            "openssl rand -hex 24"
        )
    return key


SMALLEST_LOG = 64 << 20
"""The write-ahead log counts, too, and grows to 16 MiB and more in a service that has next to nothing to do."""


def roomy(most: ByteSize) -> ByteSize:
    if 0 < most < SMALLEST_LOG:
        raise ValueError(
            f"{most:d} bytes are soon full, even in a service with almost no requests; write at least 64MiB, "
            "or 0 for no limit"
        )
    return most


def usable(learner: Kind) -> Kind:
    if reason := lacking(learner):
        raise ValueError(f"{learner!r} {reason}")
    return learner


def callable_address(address: str) -> str:
    try:
        parts = urlsplit(address)
        valid = not address or (parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0)
    except ValueError:
        valid = False
    if not valid or not re.fullmatch(r"[!-~]*", address) or "@" in address or "#" in address:
        raise ValueError("write an address without user and fragment, such as https://hooks.example.org/keyart")
    return address


Key = Annotated[SecretStr, AfterValidator(sendable)]
Share = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


def demand(text: str) -> tuple[str, float]:
    tag, _, written = text.partition("=")
    try:
        share = float(written)
    except ValueError:
        share = 0.0
    if not SLUG.fullmatch(tag) or not 0 < share < 1:
        raise ValueError(
            f"LEAST_SHARES has {text!r}; write a tag and a share between 0 and 1, such as ensemble=0.3."
        )
    return tag, share


def check_demands(demands: Sequence[tuple[str, float]]) -> None:
    if (total := sum(share for _, share in demands)) > MOST_DEMANDED:
        raise ValueError(
            f"LEAST_SHARES add up to {total:g}; lower them to at most {MOST_DEMANDED:g}, because the policy "
            "needs the rest."
        )


def check_bots(words: Sequence[str]) -> None:
    for word in words:
        if len(word) < SHORTEST_WORD:
            raise ValueError(
                f"BOTS has the word {word!r}, which many a User-Agent has; write words of at least "
                f"{SHORTEST_WORD} characters."
            )


def check_placements(placements: Sequence[str]) -> None:
    for placement in placements:
        if not SLUG.fullmatch(placement):
            raise ValueError(
                f"PLACEMENTS has {placement!r}; write 1 to 64 of a-z, 0-9 and hyphens, the first of "
                "them a letter or a digit."
            )


def check_unused(attributes: Sequence[str]) -> None:
    if "taste" in attributes:
        raise ValueError(
            "UNUSED_ATTRIBUTES has 'taste', which is not an attribute but learned from clicks and plays; "
            "leave it out, and opt profiles out with personalize: false."
        )


def check_origins(origins: Sequence[str]) -> None:
    for origin in origins:
        if not ORIGIN.fullmatch(origin):
            raise ValueError(
                f"CORS_ORIGINS has {origin!r}; write origins as a browser sends them, such as "
                "https://www.example.org, without a path, or * for all."
            )
