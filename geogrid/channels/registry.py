"""The registry of channels: one line a channel."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from geogrid.channels import department, hotline, online, patrol, superior, walk_in, window
from geogrid.channels.form import Form
from geogrid.channels.words import kind_of, shown
from geogrid.domain.events import Channel, Report
from geogrid.domain.profiles import Profile
from geogrid.errors import ChannelUnknown, FieldType

FORMS: dict[Channel, Form] = {
    Channel.PATROL: patrol.FORM,
    Channel.HOTLINE: hotline.FORM,
    Channel.WINDOW: window.FORM,
    Channel.WALK_IN: walk_in.FORM,
    Channel.DEPARTMENT: department.FORM,
    Channel.SUPERIOR: superior.FORM,
    Channel.ONLINE: online.FORM,
}


def parse(channel: Any, payload: Any, *, now: datetime, profile: Profile) -> Report:
    """Return the checked report that came in by ``channel``.

    Parameters
    ----------
    channel : code of a channel; where ``payload`` names one too, it must be the same
    payload : mapping of plain values, as JSON gives them; the fields are those of ``form.FIELDS``
    now : the server's time, aware
    profile : the district's rules

    Raises
    ------
    ChannelUnknown, and the errors of reports, coordinates and times; ``where`` names the field's path
    """
    if not isinstance(payload, Mapping):
        raise FieldType(field="report", wanted="an object of fields", got=kind_of(payload))
    for named in (channel, payload.get("channel", channel)):
        if not isinstance(named, str) or named not in Channel.codes() or named != channel:
            raise ChannelUnknown(channel=shown(named), known=", ".join(Channel.codes()), where={"path": "channel"})
    return FORMS[Channel(channel)].read(payload, now=now, profile=profile)
