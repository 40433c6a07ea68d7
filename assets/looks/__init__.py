"""Measurements of how pictures look."""
