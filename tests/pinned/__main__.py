"""`.venv/bin/python -m tests.pinned [SUBJECT…]` writes the expectations anew."""

import sys
import tempfile
from pathlib import Path

from tests.pinned.subjects import EXPECTED, SUBJECTS, text_of

for name in sys.argv[1:] or SUBJECTS:
    with tempfile.TemporaryDirectory() as folder:
        (EXPECTED / f"{name}.json").write_text(text_of(name, Path(folder)))
