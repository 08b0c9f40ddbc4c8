"""``/api/v1``: reports come in, events and grids are asked for."""
