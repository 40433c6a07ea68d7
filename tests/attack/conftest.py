"""Services as the end-to-end tests start them."""

from tests.e2e.conftest import catalogue, data, start

__all__ = ["catalogue", "data", "start"]
