"""Versions of programmes: a matter keeps the rules it was opened under, whatever the files say later."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from threading import Lock

from sqlalchemy.orm import Session

from geogrid.domain.programmes import Programme
from geogrid.errors import NotFoundError, SetupError
from geogrid.rules.programme import parse_programme, read
from geogrid.store import programmes as stored

Opening = Callable[[], AbstractContextManager[Session]]


class Versions:
    """The versions that a database keeps, read when they are asked for the first time.

    ``opening`` gives a session of its own transaction. Where it gives the session of whoever asks, which may be rolled back,
    ``once`` is False: then nothing is taken for kept.
    """

    def __init__(self, opening: Opening, *, once: bool = True) -> None:
        self._opening, self._once, self._kept = opening, once, False
        self._lock, self._older = Lock(), dict[stored.Version, Programme]()

    def keep(self, current: Mapping[str, Programme], texts: Mapping[str, str], *, now: datetime) -> None:
        """Keep the texts of the current versions; raises SetupError where a version was in use with other rules."""
        with self._lock:
            if not self._kept:
                with self._opening() as session:
                    keep_all(session, current, texts, now=now)
                self._kept = self._once

    def older(self, code: str, version: int) -> Programme:
        """Return a version that is in no file any more; raises NotFoundError, ProgrammeInvalid."""
        with self._lock:
            if (code, version) not in self._older:
                with self._opening() as session:
                    text = stored.text_of(session, code, version)
                if text is None:
                    raise NotFoundError(what=f"programme {code}, version {version}")
                self._older[code, version] = parse_programme(text, f"{code}, version {version}")
            return self._older[code, version]


def keep_all(session: Session, current: Mapping[str, Programme], texts: Mapping[str, str], *, now: datetime) -> None:
    """Keep the texts of the current versions of all programmes.

    Raises
    ------
    SetupError
        where this version was in use with other rules (another comment is no other rule): matters opened under them would
        change their rules
    """
    known = stored.texts(session)
    for code, programme in current.items():
        text = known.get((code, programme.version))
        if text is None:
            stored.keep(session, code, programme.version, texts[code], now=now)
        elif text != texts[code] and read(text)[0] != programme:
            reason = f"version {programme.version} of the programme {code} was in use with other rules than its file has now"
            mend = f"Raise `version` in programmes/{code}.toml: matters that are open keep the rules they were opened under."
            raise SetupError(reason=reason, mend=mend)
