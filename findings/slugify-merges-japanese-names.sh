#!/usr/bin/env bash
# python-slugify makes one slug of Japanese names that differ in a consonant.
#
# A good engineer would have guessed: each kana is written by its usual reading, as the library underneath does it
# (Unidecode and text-unidecode both give "papa", "baba" and "haha"). If slugs collide, then rarely, and between names
# that sound alike.
#
# What it does: the text is normalized to NFKD before it is transliterated. NFKD parts the mark that turns "ha" into "ba"
# or "pa" from its letter, and the mark alone is transliterated to nothing. Father, "papa", and mother, "haha", are one
# slug; so are "gaki" (brat) and "kaki" (persimmon). `algorithm='modern'` does the same, with either library.
#
# Whom it hurts: whoever makes ids, file names or addresses out of titles in a catalogue with Japanese names. The second
# title takes the first one's place, or is refused, and nothing says why. Normalize to NFC and call the transliterating
# library yourself.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check \
    python-slugify==9.2.0 text-unidecode==1.3 Unidecode==1.4.0
"$work/venv/bin/python" - <<'PYTHON'
import sys
from importlib.metadata import version

from slugify import slugify
from text_unidecode import unidecode as by_text_unidecode
from unidecode import unidecode

for package in ("python-slugify", "text-unidecode", "Unidecode"):
    print(package, version(package))

SEEN = {
    "パパ": ("papa", "haha"),
    "ババ": ("baba", "haha"),
    "ハハ": ("haha", "haha"),
    "がき": ("gaki", "kaki"),
    "かき": ("kaki", "kaki"),
    "ペンギン": ("pengin", "henkin"),
}
changed = False
for name, (read, slug) in SEEN.items():
    found = {
        "Unidecode": unidecode(name),
        "text-unidecode": by_text_unidecode(name),
        "slugify": slugify(name),
        "slugify, text-unidecode": slugify(name, backend="text-unidecode"),
        "slugify, modern": slugify(name, algorithm="modern"),
    }
    print(name, found)
    changed |= list(found.values()) != [read, read, slug, slug, slug]
print("It behaves otherwise now." if changed else "As it was seen: three names with three readings make the slug 'haha'.")
sys.exit(changed)
PYTHON
