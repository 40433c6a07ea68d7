"""The import of exposures that another system had: read, checked, and written into the log."""
