"""What the installed Pillow can do."""

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
    """Return what Keyart needs of Pillow and this build of it has not."""
    return [name for feature, name in _NEEDED.items() if not features.check(feature)]
