"""Titles' names set on pictures."""
