"""Where tests leave pictures for people to look at."""

import os
from pathlib import Path


def pictures_in(directory):
    """The folder that HENGE_TEST_PICTURES names, or one in the test's own."""
    folder = Path(os.environ.get("HENGE_TEST_PICTURES", directory / "pictures"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder
