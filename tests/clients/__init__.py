"""The clients in clients/, and the examples of docs/clients.md."""
