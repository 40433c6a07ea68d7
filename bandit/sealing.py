"""Snapshots as bytes: a head that describes them, the learned numbers, and a digest over both."""

import json
from hashlib import blake2b
from typing import Any

DIGEST_BYTES = 16


class UnusableSnapshot(ValueError):
    """A snapshot that is not usable."""


def seal(head: dict[str, Any], body: bytes) -> bytes:
    content = json.dumps(head, separators=(",", ":")).encode() + b"\n" + body
    return _digest(content) + content


def unseal(snapshot: bytes) -> tuple[dict[str, Any], bytes]:
    """Return head and body; raises `UnusableSnapshot` if a byte has changed."""
    digest, content = snapshot[:DIGEST_BYTES], snapshot[DIGEST_BYTES:]
    if digest != _digest(content):  # a learner would take damaged bytes for weights
        raise UnusableSnapshot(f"The snapshot of {len(snapshot)} bytes is damaged: its digest does not match.")
    head, _, body = content.partition(b"\n")
    try:
        return dict(json.loads(head)), body
    except (ValueError, TypeError) as error:
        raise unusable(snapshot, error) from error


def unusable(snapshot: bytes, error: Exception) -> UnusableSnapshot:
    return UnusableSnapshot(f"The snapshot of {len(snapshot)} bytes is not valid: {error}.")


def _digest(content: bytes) -> bytes:
    return blake2b(content, digest_size=DIGEST_BYTES, person=b"keyart-learner").digest()
