"""Where things are: geometry and networks on arrays; no database, no files."""
