"""An audience whose taste is known here and nowhere else; it knows the service by HTTP alone."""
