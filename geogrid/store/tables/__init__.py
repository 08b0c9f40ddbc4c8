"""The tables, as SQLAlchemy Core. Migrations are compared with them by test."""

from geogrid.store.tables import cells, closures, editions, events, geography, matters, names, people
from geogrid.store.tables.metadata import metadata

__all__ = ["cells", "closures", "editions", "events", "geography", "matters", "metadata", "names", "people"]
