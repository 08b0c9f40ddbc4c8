"""What a database does by itself, and what its keepers do to it: statistics, indexes made anew, dumps that come back whole."""

from __future__ import annotations

import subprocess
from uuid import uuid4

import pytest
from sqlalchemy import Engine, text

from geogrid.store.binaries import find_binaries
from geogrid.store.cluster import cluster_url, create_database, drop_database
from geogrid.store.session import engine_of
from geogrid.store.tables import metadata
from tests.build_district import IN_A1
from tests.build_installation import small_installation

# Conditions of checks and triggers are written anew by the server that reads them: what is compared is that they are there.
KEPT = """
SELECT 'index', indexname::text, indexdef FROM pg_indexes WHERE schemaname = 'public'
UNION ALL SELECT 'policy', tablename || '.' || policyname, concat_ws(' ', roles, cmd, qual, with_check) FROM pg_policies
UNION ALL SELECT 'trigger', tgrelid::regclass || '.' || tgname, tgenabled::text FROM pg_trigger WHERE NOT tgisinternal
UNION ALL SELECT 'constraint', conrelid::regclass || '.' || conname,
    CASE contype WHEN 'c' THEN '' ELSE pg_get_constraintdef(oid) END FROM pg_constraint
    WHERE connamespace = 'public'::regnamespace AND conrelid <> 0
UNION ALL SELECT 'guarded', relname, concat_ws(' ', relrowsecurity, relforcerowsecurity) FROM pg_class
    WHERE relnamespace = 'public'::regnamespace AND relkind = 'r'
UNION ALL SELECT 'function', proname, concat_ws(' ', pg_get_function_identity_arguments(oid), proleakproof, prosrc) FROM pg_proc
    WHERE pronamespace = 'public'::regnamespace AND proname LIKE 'geogrid%'
"""


@pytest.fixture
def kept(fresh_database, tmp_path):
    """A database with an event in it whose words are indexed."""
    with small_installation(tmp_path / "var", fresh_database) as small:
        small.accept(IN_A1, words="路灯不亮")
        engine = engine_of(small.url)
        yield engine
        engine.dispose()


def test_statistics_and_indexes_are_made_where_only_the_system_s_own_names_are_known(kept):
    """Autovacuum, REINDEX and pg_restore see pg_catalog alone: an index fails whose function calls another by its bare name."""
    with kept.begin() as connection:
        connection.execute(text("SET LOCAL search_path = pg_catalog, pg_temp"))
        for table in metadata.sorted_tables:
            connection.execute(text(f"ANALYZE public.{table.name}"))
            connection.execute(text(f"REINDEX TABLE public.{table.name}"))


def contents(engine: Engine) -> tuple[set[tuple], dict[str, int]]:
    with engine.connect() as connection:
        found = {tuple(row) for row in connection.execute(text(KEPT))}
        counts = {name: connection.scalar(text(f"SELECT count(*) FROM {name}")) for name in metadata.tables}
    return found, counts


def test_a_dump_comes_back_whole(kept, cluster_dir, tmp_path):
    bin_dir, name, path = find_binaries().bin_dir, f"restored_{uuid4().hex[:12]}", tmp_path / "all.dump"
    create_database(cluster_dir, name)
    url = cluster_url(cluster_dir, name)
    source, target = (one.replace("postgresql+psycopg", "postgresql") for one in (kept.url.render_as_string(False), url))
    subprocess.run([bin_dir / "pg_dump", "--format=custom", f"--file={path}", source], check=True)
    done = subprocess.run([bin_dir / "pg_restore", f"--dbname={target}", path], capture_output=True, text=True, check=False)
    restored = engine_of(url)
    try:
        assert (done.returncode, done.stderr) == (0, "")
        (here, counted), (wanted, wanted_counts) = contents(restored), contents(kept)
        assert sorted(here ^ wanted) == []
        assert counted == wanted_counts
    finally:
        restored.dispose()
        drop_database(cluster_dir, name)
