"""Pages for people, and the files that they are made of. They ask the same HTTP API that everyone has."""
