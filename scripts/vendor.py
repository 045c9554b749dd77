"""Copy the pinned browser libraries into ``static/vendor`` and cut the icon sprite.

Run by ``make vendor`` after a version in ``package.json`` changed; its results are committed, so that neither the
demonstration nor the tests need npm.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODULES = ROOT / "node_modules"
VENDOR = ROOT / "static" / "vendor"
ICONS = ROOT / "static" / "icons"
TESTS = ROOT / "tests" / "browser" / "vendor"

COPIED = {
    "htmx.org": ("dist/htmx.min.js", VENDOR / "htmx.js"),
    "axe-core": ("axe.min.js", TESTS / "axe.js"),
}


def main() -> None:
    """Install exactly what the lock names, copy, build, and write the list of versions and licences."""
    subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=ROOT, check=True)
    forget_addresses(ROOT / "package-lock.json")
    for package, (source, target) in COPIED.items():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(MODULES / package / source, target)
    build_charts()
    cut_icons()
    write_versions()


def forget_addresses(lock: Path) -> None:
    """Keep versions and digests in the lock; where a package is fetched from is the reader's own registry."""
    content = json.loads(lock.read_text())
    for package in content["packages"].values():
        package.pop("resolved", None)
        package.pop("funding", None)
    lock.write_text(json.dumps(content, indent=2) + "\n")


def build_charts() -> None:
    """Bundle the parts of ECharts that the charts use into one module."""
    banner = f"/* Apache ECharts {version('echarts')} (Apache-2.0) with zrender {version('zrender')} (BSD-3-Clause) */"
    options = [
        "--bundle",
        "--minify",
        "--format=esm",
        "--target=es2020",
        "--charset=utf8",
        "--legal-comments=none",
    ]
    options += ['--define:process.env.NODE_ENV="production"', f"--banner:js={banner}"]
    entry, target = ROOT / "scripts" / "charts_entry.mjs", VENDOR / "echarts.js"
    subprocess.run(
        [MODULES / ".bin" / "esbuild", entry, *options, f"--outfile={target}"], cwd=ROOT, check=True
    )


def cut_icons() -> None:
    """Write one sprite with the icons that ``static/icons/names.txt`` lists."""
    symbols = [symbol(name) for name in (ICONS / "names.txt").read_text().split()]
    sprite = '<svg xmlns="http://www.w3.org/2000/svg">\n' + "\n".join(symbols) + "\n</svg>\n"
    (ICONS / "sprite.svg").write_text(sprite)


def symbol(name: str) -> str:
    """Return the strokes of one outline icon as a symbol of the sprite."""
    drawing = (MODULES / "@tabler" / "icons" / "icons" / "outline" / f"{name}.svg").read_text()
    strokes = re.search(r"<svg[^>]*>(.*)</svg>", drawing, re.DOTALL).group(1)
    strokes = re.sub(r"\s*\n\s*", "", strokes).replace(" />", "/>")
    return f'<symbol id="{name}" viewBox="0 0 24 24">{strokes}</symbol>'


def version(package: str) -> str:
    """Return the installed version of a package."""
    return json.loads((MODULES / package / "package.json").read_text())["version"]


def licence(package: str) -> str:
    """Return the licence that a package declares."""
    return json.loads((MODULES / package / "package.json").read_text())["license"]


def write_versions() -> None:
    """List what was copied, for the reader and for the licence check."""
    rows = [
        ("htmx", "htmx.org", "static/vendor/htmx.js", "parts of pages"),
        ("Apache ECharts", "echarts", "static/vendor/echarts.js", "charts; tree-shaken by scripts/vendor.py"),
        ("zrender", "zrender", "inside echarts.js", "drawing for ECharts"),
        ("Tabler icons", "@tabler/icons", "static/icons/sprite.svg", "icons named in static/icons/names.txt"),
        ("axe-core", "axe-core", "tests/browser/vendor/axe.js", "tests only"),
    ]
    lines = ["# Vendored libraries", "", "Written by `make vendor`; do not edit.", ""]
    lines += ["| library | version | licence | file | for |", "|---|---|---|---|---|"]
    lines += [f"| {name} | {version(p)} | {licence(p)} | {file} | {use} |" for name, p, file, use in rows]
    (VENDOR / "VERSIONS.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
