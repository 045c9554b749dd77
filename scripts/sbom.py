"""The parts of a release as CycloneDX 1.6: what the locks name, with hashes, and the licence each part states.

scripts/sbom.py FILE.json
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ("requirements/runtime.txt", "requirements/embedded.txt")
PINNED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)")
HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


def main(path: Path) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    parts = {part["purl"]: part for lock in LOCKS for part in locked_parts(ROOT / lock)}
    parts |= {part["purl"]: part for part in browser_parts()}
    content = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": "coopcrm", "version": project["version"]}},
        "components": sorted(parts.values(), key=lambda part: part["purl"]),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    print(f"{len(parts)} parts in {path}")


def locked_parts(lock: Path) -> list[dict]:
    """Packages of one lock with the hashes of all their files."""
    parts: list[dict] = []
    for line in lock.read_text(encoding="utf-8").splitlines():
        if pinned := PINNED.match(line):
            name, version = pinned.groups()
            part = component(name.lower(), version, f"pkg:pypi/{name.lower()}@{version}", licence_of(name))
            parts.append(part)
        for digest in HASH.findall(line):
            reference = {"type": "distribution", "url": parts[-1]["purl"]}
            hashes = [{"alg": "SHA-256", "content": digest}]
            parts[-1].setdefault("externalReferences", []).append({**reference, "hashes": hashes})
    return parts


def browser_parts() -> list[dict]:
    """Browser libraries that the product carries, from package-lock.json; tools of the build are left out."""
    lock = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))
    return [
        component(
            name,
            entry["version"],
            f"pkg:npm/{name.replace('@', '%40')}@{entry['version']}",
            entry.get("license"),
        )
        for place, entry in lock["packages"].items()
        if (name := place.rpartition("node_modules/")[2]) and not entry.get("dev")
    ]


def component(name: str, version: str, purl: str, licence: str | None) -> dict:
    stated = {"licenses": [{"license": {"name": licence}}]} if licence else {}
    return {"type": "library", "name": name, "version": version, "purl": purl, **stated}


def licence_of(name: str) -> str | None:
    """The licence an installed package states; nothing when it is not installed on this platform."""
    try:
        found = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return None
    classified = [
        line.rpartition(" :: ")[2] for line in found.get_all("Classifier") or [] if "License ::" in line
    ]
    return (
        found.get("License-Expression") or ", ".join(classified) or (found.get("License") or "")[:80] or None
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
