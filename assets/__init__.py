"""Pictures and the catalogue that names them; knows no bandit and no HTTP."""

from pathlib import Path
from typing import Final

SAMPLES: Final = Path(__file__).parent / "samples"
"""The folder of free artwork that a first run imports."""
