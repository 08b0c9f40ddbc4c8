"""One file a step from schema to schema."""
