"""Originals turned into renditions, in processes of their own."""
