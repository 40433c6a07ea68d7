"""HTTP: the routes, and everything that they share."""
