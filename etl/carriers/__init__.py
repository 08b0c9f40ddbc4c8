"""Carriers: one file a way of telling somebody. A sender takes a delivery and its settings, and raises where it was not taken."""
