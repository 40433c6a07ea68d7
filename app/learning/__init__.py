"""Learning a model from the log: the fold, and the trainer that runs it."""
