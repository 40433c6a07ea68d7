"""The originals that a rendering process leaves for its parent, and the small copies by which editors see them."""

import io
import os
from hashlib import sha256
from pathlib import Path
from typing import Final

from PIL import Image

from assets.rendering.decoding import Decoded
from assets.rendering.original_names import MODE, copy_of, name_of
from assets.rendering.stripping import stripped

_COPY: Final = 1024
"""Pixels across the longer side of the small copy: enough to draw a box around a face."""
_QUALITY: Final = 75


def keep(folder: Path, content: bytes, found: Decoded) -> str:
    """Write a file without its metadata, and its small copy, into a folder; return the original's name."""
    original = stripped(content, found.container, found.orientation)
    name = name_of(sha256(original).hexdigest())
    _write(folder / name, original)
    _write(folder / copy_of(name), _copied(found.image))
    return name


def is_named(content: bytes, name: str) -> bool:
    return name_of(sha256(content).hexdigest()) == name


def _copied(image: Image.Image) -> bytes:
    size = max(image.size)
    if size > _COPY:
        width, height = (max(1, round(side * _COPY / size)) for side in image.size)
        image = image.resize((width, height), Image.Resampling.LANCZOS, reducing_gap=2.0)
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=_QUALITY, method=2)
    return buffer.getvalue()


def _write(path: Path, content: bytes) -> None:
    with open(path, "xb", opener=lambda name, flags: os.open(name, flags, MODE)) as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
