"""Evaluation: the reward of each way of choosing, and estimates for other ways."""
