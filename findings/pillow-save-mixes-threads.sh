#!/usr/bin/env bash
# Two threads that save the same picture with Pillow get each other's quality.
#
# A good engineer would have guessed: `Image.save` only reads the picture, its encoders run without the interpreter's
# lock, and so one picture can be encoded as WebP and as JPEG in two threads.
#
# What it does: `save` notes its options on the picture (`encoderinfo`), and the encoder reads them from there. Whichever
# thread noted last decides for both. Nothing fails: the files are valid, and of another quality than was asked for.
#
# Whom it hurts: whoever encodes the sizes and formats of one picture in a pool of threads. The files differ from run to
# run, and so do names that come from their content. Keyart gives each thread a copy of the picture.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check pillow==13.0.0
"$work/venv/bin/python" - <<'PYTHON'
import io
import sys
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version

from PIL import Image

print("pillow", version("pillow"))
OPTIONS = ({"format": "WEBP", "quality": 5}, {"format": "JPEG", "quality": 95})
picture = Image.effect_noise((1200, 1200), 64).convert("RGB")


def saved(options: dict[str, object], image: Image.Image = picture) -> int:
    buffer = io.BytesIO()
    image.save(buffer, **options)
    return len(buffer.getvalue())


alone = [saved(options) for options in OPTIONS]
with ThreadPoolExecutor(2) as threads:
    shared = [list(threads.map(saved, OPTIONS)) for _ in range(40)]
    copies = [list(threads.map(saved, OPTIONS, [picture.copy(), picture.copy()])) for _ in range(40)]
other = [sizes for sizes in shared if sizes != alone]
print("bytes of WebP and JPEG, one after the other:", alone)
print("in two threads at the same time:", len(other), "of", len(shared), "pairs differ, such as", other[:1])
print("in two threads with a copy each:", sum(sizes != alone for sizes in copies), "of", len(copies), "pairs differ")
sys.exit(not other or any(sizes != alone for sizes in copies))
PYTHON
