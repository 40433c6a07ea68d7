"""Where Keyart keeps what it knows: one protocol, one implementation to a file."""
