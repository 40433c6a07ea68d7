from tests.api.conftest import catalogue, plain_log, service

__all__ = ["catalogue", "plain_log", "service"]
