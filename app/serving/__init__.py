"""A decision: which artwork a viewer gets, and what the viewer did next."""
