"""The outside channels of a district: each one file, of ``data/channels`` or, before it, of the installation's own folder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from geogrid.actions.programmes import Programmes, shipped_programmes
from geogrid.domain.events import Channel
from geogrid.domain.outside import OutsideChannel
from geogrid.errors import ChannelFileInvalid, NotFoundError, OutsideChannelUnknown
from geogrid.errors.family import Reason
from geogrid.rules.channel_file import parse_channel
from geogrid.settings import ROOT

FOLDER = "channels"


@dataclass(frozen=True)
class OutsideChannels:
    """Outside channels by code; those of none where a district has none."""

    by_code: Mapping[str, OutsideChannel] = field(default_factory=dict)

    def of(self, code: str) -> OutsideChannel:
        """Return a channel; raises OutsideChannelUnknown."""
        if code not in self.by_code:
            raise OutsideChannelUnknown(channel=code[:60], known=", ".join(self.by_code) or "-", where={"path": "channel"})
        return self.by_code[code]

    def come_by(self, channel: str) -> bool:
        """Whether orders of an outside channel come in by one of the platform's channels."""
        return any(one.channel is Channel(channel) for one in self.by_code.values()) if channel in Channel.codes() else False


def read_channels(folders: list[Path], programmes: Programmes) -> OutsideChannels:
    """Read the channels of ``folders``; of two files of one name the later folder's counts.

    Raises
    ------
    ChannelFileInvalid
        that names every fault of the first broken file with its line
    """
    paths = {path.name: path for folder in folders for path in sorted((folder / FOLDER).glob("*.toml"))}
    found = [read_channel(path, programmes) for _, path in sorted(paths.items())]
    return OutsideChannels({channel.code: channel for channel in found})


def read_channel(path: Path, programmes: Programmes) -> OutsideChannel:
    """Read the file of one channel and compare it with its programme, or the district's own."""
    text = path.read_text("utf-8")
    channel = parse_channel(text, path.name)
    try:
        programme = programmes.of(channel.programme) if channel.programme else programmes.default
    except NotFoundError as error:
        raise ChannelFileInvalid(
            name=path.name, faults=Reason("programme: {error}", error=error), where={"path": path.name}
        ) from error
    return parse_channel(text, path.name, programme)


@lru_cache(maxsize=4)
def shipped_channels(default_code: str, data_dir: Path = ROOT / "data") -> OutsideChannels:
    """Return the channels that come with the platform (or those of another folder), read once for all districts."""
    return read_channels([data_dir], shipped_programmes(default_code, data_dir))
