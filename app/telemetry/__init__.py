"""Metrics and logs: what an operator sees of the service."""
