"""This tree's worker held against that of another checkout."""
