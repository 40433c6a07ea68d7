"""The log becomes a model: the fold, and the trainer that runs it."""
