"""Services as the end-to-end tests start them."""

from tests.api.conftest import plain_log
from tests.e2e.conftest import catalogue, data, start

__all__ = ["catalogue", "data", "plain_log", "start"]
