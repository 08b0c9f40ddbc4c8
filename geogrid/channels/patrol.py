"""A grid worker on patrol stands at the place: a position is needed, words are not (a photo may say it all)."""

from __future__ import annotations

from geogrid.channels.form import Form
from geogrid.domain.events import Channel

FORM = Form(Channel.PATROL, needs_point=True, needs_text=False)
