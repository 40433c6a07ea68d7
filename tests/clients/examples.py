"""The examples of docs/clients.md, as they stand there."""

import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "clients.md"
SERVICE = "http://127.0.0.1:8000"
"""The address of Keyart in the examples."""


def examples(language: str, service: str) -> list[str]:
    """Return the examples in a language, with the address of a real service in them."""
    found = re.findall(rf"^```{language}\n(.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    assert found, f"docs/clients.md has no example in {language}."
    return [example.replace(SERVICE, service) for example in found]
