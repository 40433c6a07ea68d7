"""The Python client of Keyart, which chooses the artwork of a title for each viewer."""

from keyart_client.async_batch import AsyncBatch
from keyart_client.async_client import AsyncKeyart
from keyart_client.batch import Batch
from keyart_client.calls import Canvas, Format, Hints, PageHints, Spot
from keyart_client.client import Keyart
from keyart_client.errors import KeyartError, Refused, UnexpectedAnswer, Unreachable
from keyart_client.models import Choice, Image, Page, Profile, Recorded, Rejected

__all__ = [
    "AsyncBatch",
    "AsyncKeyart",
    "Batch",
    "Canvas",
    "Choice",
    "Format",
    "Hints",
    "Image",
    "Keyart",
    "KeyartError",
    "Page",
    "PageHints",
    "Profile",
    "Recorded",
    "Refused",
    "Rejected",
    "Spot",
    "UnexpectedAnswer",
    "Unreachable",
]
