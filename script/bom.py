"""The bill of materials of a release, CycloneDX 1.6: every package and every model with its hashes.

Packages and who brings them along are those of constraints.txt, licences those of docs/licences.md
(the tests compare them with the packages), models those of models/catalog.toml. Nothing is taken
from the clock or from this machine, so the same commit gives the same file.
"""

import re
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import bootstrap
from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType, Property
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentScope, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL
from packaging.requirements import Requirement

from assistant.models import Archive, Entry, File, Hub, Index, catalogue


def bill(root: Path, project: dict[str, Any], seconds: int) -> str:
    """Return the bill of the checkout at `root` as JSON, dated `seconds` after 1970."""
    named = licences((root / "docs" / "licences.md").read_text())
    pinned = (root / "constraints.txt").read_text()
    name, version = project["project"]["name"], project["project"]["version"]
    whole = Component(
        name=name,
        version=version,
        type=ComponentType.APPLICATION,
        bom_ref=f"{name}=={version}",
        purl=PackageURL("pypi", name=name, version=version),
        licenses=_licence(project["project"]["license"]),
    )
    bom = Bom(serial_number=uuid.uuid5(uuid.NAMESPACE_OID, f"{name} {version} {pinned}"))
    bom.metadata.timestamp = datetime.fromtimestamp(seconds, UTC)
    bom.metadata.component = whole
    found = {each.bom_ref.value: each for each in packages(pinned, project, named)}
    others = [*models(catalogue(root / "models" / "catalog.toml")), *system(named)]
    for component in [*found.values(), *others]:
        bom.components.add(component)
    asked = bootstrap.roots(project, project["project"]["optional-dependencies"])
    bom.register_dependency(whole, [each for each in found.values() if each.name in asked])
    parents = {name: who for name, _, who in bootstrap.pins(pinned)}
    for component in found.values():
        needs = [each for each in found.values() if component.name in parents[each.name]]
        bom.register_dependency(component, needs)
    return JsonV1Dot6(bom).output_as_string(indent=1) + "\n"


def licences(page: str) -> dict[str, str]:
    """Return name -> licence for each row of the tables of docs/licences.md."""
    rows = re.findall(r"^\| `([^`]+)`[^|]*\|(?:[^|\n]*\|)*?([^|\n]*)\|$", page, re.MULTILINE)
    return {name: licence.strip() for name, licence in rows}


def packages(pinned: str, project: dict[str, Any], named: dict[str, str]) -> Iterator[Component]:
    """Yield each package that an installation may have; two where versions of Python differ."""
    extras = project["project"]["optional-dependencies"]
    plain = bootstrap.closure(pinned, bootstrap.roots(project, []))
    brought = {
        extra: bootstrap.closure(pinned, bootstrap.roots(project, [extra])).keys() - plain.keys()
        for extra in extras
    }
    for name, lines in bootstrap.closure(pinned, bootstrap.roots(project, extras)).items():
        for part in re.split(r"\n(?=[a-z0-9])", lines):
            pin = Requirement(part.split("\\\n")[0])
            version = str(pin.specifier).removeprefix("==")
            files = re.findall(r"--hash=sha256:([0-9a-f]{64})", part)
            told = [Property(name="assistant:file:sha256", value=each) for each in files]
            told += [
                Property(name="assistant:extra", value=extra)
                for extra, names in brought.items()
                if name in names
            ]
            yield Component(
                name=name,
                version=version,
                type=ComponentType.LIBRARY,
                bom_ref=f"{name}=={version}",
                scope=ComponentScope.REQUIRED if name in plain else ComponentScope.OPTIONAL,
                purl=PackageURL("pypi", name=name, version=version),
                licenses=_licence(named[name]),
                properties=told,
            )


def models(entries: tuple[Entry, ...]) -> Iterator[Component]:
    """Yield each model of the catalogue, its files inside it."""
    for entry in entries:
        files: tuple[File, ...] = (entry.archive,) if entry.archive else entry.files
        yield Component(
            name=entry.name,
            version=_version(entry),
            type=ComponentType.MACHINE_LEARNING_MODEL,
            bom_ref=f"model:{entry.name}",
            scope=ComponentScope.OPTIONAL,
            description=entry.note or None,
            licenses=_licence(entry.licence),
            components=[_file(entry, file) for file in files],
        )


def system(named: dict[str, str]) -> Iterator[Component]:
    """Yield what the system must have; its version is the system's."""
    for name in bootstrap.TO_RUN:
        yield Component(
            name=name,
            type=ComponentType.LIBRARY,
            bom_ref=f"system:{name}",
            purl=PackageURL("deb", "debian", name),
            licenses=_licence(named[name]),
        )


def _version(entry: Entry) -> str:
    """Return what tells one publication of a model from another."""
    for source in entry.sources:
        if isinstance(source, Hub):
            return source.revision
        if isinstance(source, Index):
            return " ".join(source.packages)
    first = entry.archive or entry.files[0]
    return f"sha256:{first.sha256[:16]}"


def _file(entry: Entry, file: File) -> Component:
    what = "archive" if isinstance(file, Archive) else "file"
    return Component(
        name=file.path,
        type=ComponentType.FILE,
        bom_ref=f"model:{entry.name}/{file.path}",
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=file.sha256)],
        properties=[Property(name=f"assistant:{what}:bytes", value=str(file.size))],
    )


def _licence(text: str) -> list[Any]:
    return [LicenseFactory().make_from_string(text)]
