"""The pseudonym of a profile in the log: a keyed hash, never the profile's own id."""

from dataclasses import dataclass
from hashlib import blake2b

PSEUDONYM_BYTES = 16


@dataclass(frozen=True, slots=True)
class Identity:
    """The identity key, made once for all workers.

    It never rotates: with another key everyone would be a stranger.
    """

    key: bytes

    def pseudonym(self, profile: str) -> str:
        data = profile.encode(errors="surrogatepass")
        return blake2b(data, key=self.key, digest_size=PSEUDONYM_BYTES, person=b"keyart-name").hexdigest()


def hold_key(pseudonym: str, title: str, placement: str) -> bytes:
    """Name the hold of a profile's picture for a title in a placement. It begins with the pseudonym's bytes."""
    return bytes.fromhex(pseudonym) + blake2b(f"{title} {placement}".encode(), digest_size=8).digest()
