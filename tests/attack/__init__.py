"""What an attacker, or an accident, does to a running service; bounded, and on this machine alone."""
