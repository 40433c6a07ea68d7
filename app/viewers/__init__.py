"""Viewers: their profiles, pseudonyms and contexts."""
