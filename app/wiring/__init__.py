"""Builds everything and wires it together."""
