"""Device types and the catalogue, loaded once; a walk made by hand."""

from __future__ import annotations

import pytest

from collector.device_files import load_device_types
from collector.device_type import DeviceType
from readings.catalogue import Catalogue, load_catalogue


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    return load_catalogue()


@pytest.fixture(scope="session")
def types(catalogue: Catalogue) -> dict[str, DeviceType]:
    return load_device_types(catalogue)
