"""Folders of originals merged into the catalogue."""
