"""The learner that Keyart decides by, in parts: priors, features, and updates by examples."""
