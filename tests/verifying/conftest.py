"""The shipped profile of a server."""

from __future__ import annotations

import pytest

from checklists.verification.loading import load_profiles
from checklists.verification.profile import Profile
from readings.catalogue import load_catalogue


@pytest.fixture(scope="session")
def server() -> Profile:
    return load_profiles(load_catalogue())["server"]
