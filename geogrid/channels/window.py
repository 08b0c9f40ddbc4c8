"""A service window: somebody comes to the hall and says it; the place often comes in words alone."""

from __future__ import annotations

from geogrid.channels.form import Form
from geogrid.domain.events import Channel

FORM = Form(Channel.WINDOW, needs_point=False, needs_text=True)
