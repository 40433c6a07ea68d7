"""What an operator asks of a service and its data folder."""
