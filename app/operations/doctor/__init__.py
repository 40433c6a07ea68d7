"""The checks of `keyart doctor`, a topic to a file; they change nothing."""
