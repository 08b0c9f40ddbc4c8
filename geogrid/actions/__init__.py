"""What is done: one use case a function, (session, command, *, now, district) -> result. Never commits; the edge does."""
