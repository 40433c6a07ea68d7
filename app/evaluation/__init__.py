"""What each way of choosing earned, and what another way would have earned."""
