"""What `keyart doctor` looks at, a topic to a file; nothing here changes anything."""
