"""Prints constraints.txt: the exact versions of everything that `stockout[dev]` needs.

Run it in an environment where the project and its dev extra are installed and the tests pass:

    python scripts/constraints.py > constraints.txt
"""

from __future__ import annotations

from importlib.metadata import distribution

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


def pins(project: str, extras: frozenset[str]) -> dict[str, str]:
    """Version of each distribution that the project with these extras needs, itself left out."""
    found: dict[str, str] = {}
    done: set[tuple[str, frozenset[str]]] = set()
    open_ = [(canonicalize_name(project), extras)]
    while open_:
        name, wanted = open_.pop()
        if (name, wanted) in done:
            continue
        done.add((name, wanted))
        package = distribution(name)
        if name != canonicalize_name(project):
            found[name] = package.version
        for line in package.requires or ():
            requirement = Requirement(line)
            marker = requirement.marker
            if marker is None or any(marker.evaluate({"extra": extra}) for extra in wanted | {""}):
                open_.append((canonicalize_name(requirement.name), frozenset(requirement.extras)))
    return found


def main() -> None:
    """Prints the file."""
    print("# Made by scripts/constraints.py; versions that the tests passed with.")
    for name, version in sorted(pins("stockout", frozenset({"dev"})).items()):
        print(f"{name}=={version}")


if __name__ == "__main__":
    main()
