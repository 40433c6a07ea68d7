"""Choosing and learning, pure and synchronous: no I/O, no clock, no global randomness."""
