"""A command that meets no database says so in one line with the way out, not with a traceback."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

GEOGRID = Path(sys.executable).with_name("geogrid")


@pytest.mark.parametrize("arguments", [["fsck"], ["edition", "list"], ["db", "check"]], ids=" ".join)
def test_no_database_is_one_line(tmp_path, arguments):
    environ = {**os.environ, "GEOGRID_VAR": str(tmp_path), "GEOGRID_DATABASE_URL": "", "GEOGRID_LANGUAGE": "en"}
    done = subprocess.run([GEOGRID, *arguments], capture_output=True, text=True, check=False, env=environ, timeout=60)
    assert done.returncode == 1
    assert done.stderr.startswith("setup.database_down: The database does not answer")
    assert "./run serve" in done.stderr and "Traceback" not in done.stderr
