from tests.api.conftest import catalogue, plain_log, service, tmp_path

__all__ = ["catalogue", "plain_log", "service", "tmp_path"]
