"""Figures, read: every one as its file defines it, for everything that a reader sees, by township, department, post or time."""

from layers.indicators.book import read_book
from layers.indicators.lists import Listed, open_list
from layers.indicators.read import Figures, Groups, read_figures

__all__ = ["Figures", "Groups", "Listed", "open_list", "read_book", "read_figures"]
