"""A department or one of its systems hands a matter over, with a position or with an address."""

from __future__ import annotations

from geogrid.channels.form import Form
from geogrid.domain.events import Channel

FORM = Form(Channel.DEPARTMENT, needs_point=False, needs_text=True)
