"""One engine a process, one transaction a use case: the edge opens and commits, actions never do."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, create_engine, make_url
from sqlalchemy.orm import Session
from sqlalchemy.pool import NullPool

from geogrid.settings import Settings

POOL_WAIT_S = 4.0  # exhausted connections are told as such in less than five seconds
OPTIONS = {"connect_timeout": 5, "options": "-c timezone=UTC -c application_name=geogrid"}


def make_engine(settings: Settings) -> Engine:
    """Return the engine of the database that ``settings`` names, or of the private cluster under ``settings.var_dir``."""
    if settings.database_url:
        return engine_of(settings.database_url)
    from geogrid.store import cluster

    return engine_of(cluster.cluster_url(settings.var_dir))


def engine_of(url: str, *, pool_size: int = 10) -> Engine:
    """Return an engine for ``url`` (any ``postgresql://`` form): psycopg 3, READ COMMITTED, times in UTC.

    READ COMMITTED is what the edition lock stands on: the edition in force is read by a statement that starts after the
    lock was granted; under REPEATABLE READ it would be the edition of the transaction's start.
    """
    return create_engine(
        make_url(url).set(drivername="postgresql+psycopg"),
        isolation_level="READ COMMITTED",
        pool_size=pool_size,
        max_overflow=5,
        pool_timeout=POOL_WAIT_S,
        pool_pre_ping=True,
        hide_parameters=True,  # an error's message goes to logs: what people said must not
        connect_args=OPTIONS,
    )


def beside(engine: Engine) -> Engine:
    """Return an engine of the same database without a pool: for what threads wait for while they hold the pool's connections."""
    told = {"isolation_level": "READ COMMITTED", "hide_parameters": True, "connect_args": OPTIONS}
    return create_engine(engine.url, poolclass=NullPool, **told)


@contextmanager
def session_scope(engine: Engine) -> Iterator[Session]:
    """Yield a session whose transaction is committed at the end, or rolled back when anything was raised."""
    with Session(engine, expire_on_commit=False) as session, session.begin():
        yield session


@contextmanager
def snapshot_scope(engine: Engine) -> Iterator[Session]:
    """Yield a session that reads one instant of the register, whatever is committed meanwhile: REPEATABLE READ, read only."""
    options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with engine.connect().execution_options(**options) as connection, Session(connection) as session, session.begin():
        yield session
