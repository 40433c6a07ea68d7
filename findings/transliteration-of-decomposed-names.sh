#!/usr/bin/env bash
# The same name, composed or decomposed, is transliterated to other letters.
#
# A good engineer would have guessed: text that is canonically equivalent (NFC and NFD of one name) gives the same
# ASCII. At worst an accent is dropped from one and not from the other, which ASCII can't show anyway.
#
# What it does: anyascii, Unidecode and text-unidecode write character by character. In decomposed text a letter and its
# mark are two characters, and the mark says nothing or something else. Paprika is "papurika" or "ha`fu`rika" (anyascii)
# or "hahurika" (the others); a gull is "Chayka" or "Chaika" by anyascii and one word by the others; Kyiv is "Kiyiv" or
# "Kiiv" by the others and one word by anyascii. So which names are safe depends on the library, too.
#
# Whom it hurts: whoever makes ids out of the names of files. Some file systems and archives hold decomposed names, above
# all those that come from a Mac. A folder that was copied by another way is then another title, and keeps nothing that
# was known of it. Normalize to NFC before.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check anyascii==0.3.3 text-unidecode==1.3 Unidecode==1.4.0
"$work/venv/bin/python" - <<'PYTHON'
import sys
from importlib.metadata import version
from unicodedata import normalize

from anyascii import anyascii
from text_unidecode import unidecode as by_text_unidecode
from unidecode import unidecode

for package in ("anyascii", "text-unidecode", "Unidecode"):
    print(package, version(package))

LIBRARIES = {"anyascii": anyascii, "Unidecode": unidecode, "text-unidecode": by_text_unidecode}
SEEN = {
    "パプリカ": ["papurika", "ha`fu`rika", "papurika", "hahurika", "papurika", "hahurika"],
    "Чайка": ["Chayka", "Chaika", "Chaika", "Chaika", "Chaika", "Chaika"],
    "Київ": ["Kiiv", "Kiiv", "Kiyiv", "Kiiv", "Kiyiv", "Kiiv"],
    "기생충": ["GiSaengChung", "gisaengchung"],
}
changed = False
for name, seen in SEEN.items():
    found = []
    for library, write in LIBRARIES.items():
        pair = [write(normalize(form, name)) for form in ("NFC", "NFD")]
        found += pair
        print(name, library, *pair, "" if pair[0] == pair[1] else "<- not the same")
    changed |= found[: len(seen)] != seen
print("It behaves otherwise now." if changed else "As it was seen: equivalent names make different letters.")
sys.exit(changed)
PYTHON
