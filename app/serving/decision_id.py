"""Decision ids: opaque to clients, signed, and one text for one decision."""

import struct
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import b2a_base64
from collections.abc import Sequence
from hashlib import blake2b
from hmac import compare_digest

import msgspec

VERSION = 1
_LAYOUT = struct.Struct(">BBQ8sQ")  # version and deferral, key, position, nonce, stamp
_MAC_BYTES = 10
_TEXT_LENGTH = 48  # 36 bytes: no padding, and no bits that could differ without changing the bytes
_DEFERRED = 0x80
_URLSAFE = bytes.maketrans(b"+/", b"-_")


class UnacceptableId(ValueError):
    """A decision id that was not made here, was altered, or has expired."""


class DecisionId(msgspec.Struct, frozen=True, gc=False):
    position: int
    nonce: bytes
    stamp: int
    deferred: bool


class DecisionIds:
    """Signs with the last of its keys and accepts all of them, so that keys can be rotated.

    Verifying needs no look-up, because the text contains the decision's position in the log.
    """

    def __init__(self, keys: Sequence[bytes], lasts: int):
        """Take keys of 16 to 64 bytes, and for how many milliseconds after its decision an id is valid."""
        self._keys = list(keys)
        self._lasts = lasts

    def sign(self, id: DecisionId) -> str:  # noqa: A002  the field's word
        newest = len(self._keys) - 1
        version = VERSION | (_DEFERRED if id.deferred else 0)
        data = _LAYOUT.pack(version, newest, id.position, id.nonce, id.stamp)
        return b2a_base64(data + self._mac(newest, data), newline=False).translate(_URLSAFE).decode()

    def verify(self, text: str, now: int) -> DecisionId:
        """Return the content of the text if it was made here and has not expired; raises `UnacceptableId`."""
        id_ = self.read(text)
        if now > id_.stamp + self._lasts:
            raise UnacceptableId("The decision_id has expired; ask for a new decision with GET /artwork.")
        return id_

    def read(self, text: str) -> DecisionId:
        """Return the content of the text, of any age, if it was made here; raises `UnacceptableId`."""
        data = self._bytes(text)
        version, key, position, nonce, stamp = _LAYOUT.unpack_from(data)
        if version & ~_DEFERRED != VERSION or key >= len(self._keys):
            raise UnacceptableId(
                "The decision_id was not made by this service; send it exactly as the service answered it."
            )
        signed, mac = data[: _LAYOUT.size], data[_LAYOUT.size :]
        if not compare_digest(mac, self._mac(key, signed)):
            raise UnacceptableId(
                "The decision_id was altered or forged; send it exactly as the service answered it."
            )
        return DecisionId(position, nonce, stamp, bool(version & _DEFERRED))

    @staticmethod
    def _bytes(text: str) -> bytes:
        if len(text) == _TEXT_LENGTH and text.isascii():
            try:
                data = urlsafe_b64decode(text)
            except ValueError:
                data = b""
            if urlsafe_b64encode(data).decode() == text:
                return data
        raise UnacceptableId(
            "The decision_id is not one of this service's; send it exactly as the service answered it."
        )

    def _mac(self, key: int, data: bytes) -> bytes:
        return blake2b(data, key=self._keys[key], digest_size=_MAC_BYTES, person=b"keyart-id").digest()
