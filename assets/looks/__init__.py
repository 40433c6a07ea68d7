"""What pictures look like, measured."""
