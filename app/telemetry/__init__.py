"""Metrics and logs: the operator's view of the service."""
