"""Checks of the features that the installed Pillow has."""

from typing import Final

from PIL import features

_NEEDED: Final = {
    "jpg": "JPEG",
    "zlib": "PNG",
    "webp": "WebP",
    "avif": "AVIF",
    "raqm": "Raqm, which shapes letters",
    "littlecms2": "LittleCMS, which reads colour profiles",
}


def lacking() -> list[str]:
    """Return the features that Keyart needs and this build of Pillow lacks."""
    return [name for feature, name in _NEEDED.items() if not features.check(feature)]
