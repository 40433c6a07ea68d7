"""Originals turned into renditions, in separate processes."""
