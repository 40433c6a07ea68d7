"""Learners of data scientists, in packages that entry points name."""
