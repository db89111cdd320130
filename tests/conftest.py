"""Settings for the whole suite."""

from __future__ import annotations

import os

from hypothesis import settings

# continuous integration runs the same examples every time; elsewhere each run looks at new ones
settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")
