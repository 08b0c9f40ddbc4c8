"""A superior body or another centre hands a matter down, with a position or with an address."""

from __future__ import annotations

from geogrid.channels.form import Form
from geogrid.domain.events import Channel

FORM = Form(Channel.SUPERIOR, needs_point=False, needs_text=True)
