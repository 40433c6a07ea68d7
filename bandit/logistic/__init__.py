"""The learner that Keyart decides by, in parts: what is known before, what features are, what examples move."""
