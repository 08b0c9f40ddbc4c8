"""A resident's own telephone, by QR code or page; it may refuse to say where it is."""

from __future__ import annotations

from geogrid.channels.form import Form
from geogrid.domain.events import Channel

FORM = Form(Channel.ONLINE, needs_point=False, needs_text=True)
