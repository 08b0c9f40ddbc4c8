"""What things are: frozen dataclasses and enums. Imports no other room."""
