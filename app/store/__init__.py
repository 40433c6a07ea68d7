"""The stores of Keyart's data: one protocol, one implementation to a file."""
