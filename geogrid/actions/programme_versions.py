"""Versions of programmes: a matter keeps the rules it was opened under, whatever the files say later."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from threading import Lock

from sqlalchemy.orm import Session

from geogrid.domain.programmes import Programme
from geogrid.errors import NotFoundError, SetupError
from geogrid.rules.programme import parse_programme
from geogrid.store import programmes as stored

log = logging.getLogger(__name__)
Opening = Callable[[], AbstractContextManager[Session]]


class Versions:
    """The versions that a database keeps, read when they are asked for the first time.

    ``opening`` gives a session of its own transaction. Where it gives the session of whoever asks, which may be rolled back,
    ``once`` is False: then nothing is taken for kept.
    """

    def __init__(self, opening: Opening, *, once: bool = True) -> None:
        self._opening, self._once, self._kept = opening, once, False
        self._lock, self._older = Lock(), dict[stored.Version, Programme]()

    def keep(
        self, current: Mapping[str, Programme], texts: Mapping[str, str], *, now: datetime, strict: bool
    ) -> dict[str, Programme]:
        """Keep the texts of the current versions; return those that were in use with other rules, as they were.

        Raises
        ------
        SetupError
            where there is one and it is ``strict``
        """
        with self._lock:
            if self._kept and not strict:
                return {}
            with self._opening() as session:
                before = keep_all(session, current, texts, now=now)
            self._kept = self._once
        for programme in before.values():
            refusal = _refusal(programme)
            if strict:
                raise refusal
            log.error("%s Until then its matters go on under the rules before.", refusal)
        return before

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


def keep_all(
    session: Session, current: Mapping[str, Programme], texts: Mapping[str, str], *, now: datetime
) -> dict[str, Programme]:
    """Keep the texts of the current versions of all programmes; return those whose version was in use with other rules.

    Another comment is no other rule. Matters that were opened under the rules before would change theirs.
    """
    known, before = stored.texts(session), dict[str, Programme]()
    for code, programme in current.items():
        text = known.get((code, programme.version))
        if text is None:
            stored.keep(session, code, programme.version, texts[code], now=now)
        elif text != texts[code] and (found := parse_programme(text, f"{code}, version {programme.version}")) != programme:
            before[code] = found
    return before


def _refusal(programme: Programme) -> SetupError:
    reason = f"version {programme.version} of the programme {programme.code} was in use with other rules than its file has now"
    mend = f"Raise `version` in programmes/{programme.code}.toml: matters that are open keep the rules they were opened under."
    return SetupError(reason=reason, mend=mend)
