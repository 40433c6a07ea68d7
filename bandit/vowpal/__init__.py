"""The Vowpal Wabbit learner, and its encoding of numbers."""
