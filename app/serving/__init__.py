"""Decisions: the choice of an artwork for a viewer, and the viewer's feedback."""
