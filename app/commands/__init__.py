"""What the `keyart` command does, a topic to a file."""
