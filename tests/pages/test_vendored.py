"""The scripts of others are those that were chosen, with their licences beside them."""

import pytest

from app.pages.files import VENDOR
from tests.pages.vendored import LIST, Package, integrity, packages, place


@pytest.mark.parametrize("package", packages(), ids=lambda each: each.name)
def test_each_file_is_as_its_author_published_it(package: Package) -> None:
    assert {path: integrity(place(package, path).read_bytes()) for path in package.files} == package.files


@pytest.mark.parametrize("package", packages(), ids=lambda each: each.name)
def test_a_licence_is_beside_each_package(package: Package) -> None:
    assert "LICENSE" in package.files
    assert package.licence in {"Apache-2.0", "MIT"}


def test_there_is_no_other_file() -> None:
    named = {place(package, path) for package in packages() for path in package.files}
    assert {path for path in VENDOR.rglob("*") if path.is_file()} == {*named, LIST}
