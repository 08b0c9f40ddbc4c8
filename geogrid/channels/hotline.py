"""12345: somebody says it on the telephone; the place often comes in words alone."""

from __future__ import annotations

from geogrid.channels.form import Form
from geogrid.domain.events import Channel

FORM = Form(Channel.HOTLINE, needs_point=False, needs_text=True)
