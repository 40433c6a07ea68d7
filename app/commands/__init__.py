"""The `keyart` commands, a topic to a file."""
