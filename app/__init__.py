"""HTTP, storage, processes: everything around choosing and pictures."""
