"""Fetch the scripts of others that the pages use: `python -m tests.pages.vendored`, which `make vendor` runs.

app/pages/vendor/vendor.json names each package, its version, the hash of its archive and the files taken from it.
npm fetches; a package whose archive has another hash is refused, and nothing is written.
"""

import json
import sys
import tarfile
import tempfile
from base64 import b64encode
from hashlib import sha512
from pathlib import Path

import msgspec

from app.pages.files import VENDOR
from tests.npm import npm

LIST = VENDOR / "vendor.json"


class Package(msgspec.Struct, frozen=True):
    """A package of npm. `files` names the path in its archive of each file that is kept, with the file's hash."""

    name: str
    version: str
    licence: str
    integrity: str
    files: dict[str, str]


def packages() -> list[Package]:
    return msgspec.json.decode(LIST.read_bytes(), type=list[Package])


def integrity(content: bytes) -> str:
    """Return the hash in the form of Subresource Integrity (W3C), as npm writes it."""
    return "sha512-" + b64encode(sha512(content).digest()).decode()


def fetch(package: Package) -> dict[str, bytes]:
    """Return the kept files of a package."""
    with tempfile.TemporaryDirectory() as folder:
        done = npm(Path(folder), "pack", "--silent", f"{package.name}@{package.version}")
        done.check_returncode()
        archive = Path(folder, done.stdout.strip())
        if (found := integrity(archive.read_bytes())) != package.integrity:
            raise ValueError(f"{package.name} {package.version} has the hash {found}, not {package.integrity}.")
        with tarfile.open(archive) as tar:
            return {path: _member(tar, f"package/{path}") for path in package.files}


def _member(tar: tarfile.TarFile, path: str) -> bytes:
    file = tar.extractfile(path)
    if file is None:
        raise ValueError(f"{path} is not a file of the archive.")
    return file.read()


def place(package: Package, path: str) -> Path:
    return VENDOR / package.name / Path(path).name


def main() -> None:
    renewed = []
    for package in packages():
        files = fetch(package)
        for path, content in files.items():
            place(package, path).parent.mkdir(exist_ok=True)
            place(package, path).write_bytes(content)
        hashes = {path: integrity(content) for path, content in files.items()}
        renewed.append(msgspec.structs.replace(package, files=hashes))
    LIST.write_text(json.dumps(msgspec.to_builtins(renewed), indent=2) + "\n")
    sys.stdout.write("".join(f"{each.name} {each.version}: {', '.join(each.files)}\n" for each in renewed))


if __name__ == "__main__":
    main()
