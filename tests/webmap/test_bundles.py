"""Modules are joined as they stand, and whatever the joining would get wrong is refused."""

from __future__ import annotations

import gzip
import re

import pytest

from webmap.bundles import MODULES, NAMES, ModuleError, bundle, join_modules, without_images
from webmap.offline import refuse_external_css


def write(folder, **modules):
    for name, text in modules.items():
        (folder / f"{name}.js").write_text(text, encoding="utf-8")


def test_a_module_follows_those_it_imports(tmp_path):
    b = 'import { one } from "./a.js";\nexport function two() { one(); }'
    write(tmp_path, main='import { two } from "./b.js";\ntwo();', b=b, a="export function one() {}")
    assert join_modules(tmp_path, "main") == "function one() {}\nfunction two() { one(); }\ntwo();"


@pytest.mark.parametrize(
    "line",
    ['import x from "./a.js";', 'import "./a.js";', 'const x = await import("./a.js");', "export default 1;", "export { x };",
     'import { a as b } from "./a.js";', "export let x = 1;"],
)  # fmt: skip
def test_a_form_that_cannot_be_joined_is_refused(tmp_path, line):
    write(tmp_path, main=line, a="export const a = 1;")
    with pytest.raises(ModuleError):
        join_modules(tmp_path, "main")


def test_a_name_declared_twice_and_a_circle_are_refused(tmp_path):
    write(tmp_path, main='import { a } from "./a.js";\nconst help = 1;', a="const help = 2;\nexport const a = help;")
    with pytest.raises(ModuleError, match="help"):
        join_modules(tmp_path, "main")
    write(tmp_path, main='import { a } from "./a.js";', a='import { m } from "./main.js";\nexport const a = 1;')
    with pytest.raises(ModuleError, match="itself"):
        join_modules(tmp_path, "main")


def test_the_maps_modules_are_all_used():
    joined = join_modules(MODULES, "main")
    for path in MODULES.glob("*.js"):
        first = next(line for line in path.read_text(encoding="utf-8").splitlines() if line.startswith("//"))
        assert first in joined, path.name


def test_bundles_are_small_and_name_no_other_host():
    """Half of the 350 kB of a first view is for the tiles."""
    assert sum(len(bundle(name).packed) for name in NAMES) < 120_000
    refuse_external_css(bundle("map.css").text)
    assert "url(" not in bundle("map.css").text
    assert "sourceMappingURL" not in bundle("vendor.js").text
    assert gzip.decompress(bundle("map.js").packed).decode() == bundle("map.js").text


def test_pictures_of_a_style_are_left_out():
    left = without_images("a { color: red; background: url(x.png); margin: 0 }")
    assert " ".join(left.split()) == "a { color: red; margin: 0 }"


def test_an_address_is_kept_for_good_and_changes_with_the_text(shared):
    page = shared.client().get("/").text
    addresses = re.findall(r'(?:src|href)="(/bundles/[^"]+)"', page)
    assert len(addresses) == 3
    for address in addresses:
        answer = shared.client().get(address, headers={"Accept-Encoding": "gzip"})
        assert answer.status_code == 200
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.headers["Content-Encoding"] == "gzip"
    old = shared.client().get("/bundles/00000000/map.js")
    assert "immutable" not in old.headers["Cache-Control"]
    assert shared.client().get("/bundles/00000000/other.js").status_code == 404
