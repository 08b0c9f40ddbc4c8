"""The sender of what outside channels are told, with the channels as their files have them now and the store for answers."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from etl.carriers.registry import Sender
    from geogrid.domain.outside import Heard, OutsideChannel
    from geogrid.settings import Settings


def outside_sender(settings: Settings, engine: Engine) -> Sender:
    """Return the sender; files are read with the first delivery, so that a mended address counts at once."""
    from etl.carriers import outside
    from geogrid.store import hotline
    from geogrid.store.session import session_scope

    kept: dict[str, OutsideChannel] = {}

    def channel_of(code: str) -> OutsideChannel | None:
        if not kept:
            kept.update(_channels(settings))
        return kept.get(code)

    def heard_by(occasion: str, heard: Heard) -> None:
        with session_scope(engine) as session:
            hotline.answered(session, occasion, heard, now=settings.now())

    return partial(outside.send, channel_of=channel_of, heard_by=heard_by)


def _channels(settings: Settings) -> dict[str, OutsideChannel]:
    from geogrid.actions.district import read_profile
    from geogrid.actions.outside_channels import read_channels
    from geogrid.actions.programmes import shipped_programmes

    programmes = shipped_programmes(read_profile(settings).programme, settings.data_dir)
    return dict(read_channels([settings.data_dir, settings.var_dir], programmes).by_code)
