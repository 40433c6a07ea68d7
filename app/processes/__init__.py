"""The processes of a service: a supervisor, its workers and a trainer."""
