"""How well policies choose, by progressive validation on cases whose best choice is known."""
