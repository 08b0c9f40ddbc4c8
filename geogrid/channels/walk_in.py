"""A village's own counter: somebody drops in and says it; the place often comes in words alone."""

from __future__ import annotations

from geogrid.channels.form import Form
from geogrid.domain.events import Channel

FORM = Form(Channel.WALK_IN, needs_point=False, needs_text=True)
