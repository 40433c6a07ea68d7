"""The learner that is Vowpal Wabbit, and how numbers are told to it."""
