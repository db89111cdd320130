"""Settings for the whole suite."""

from __future__ import annotations

import os

from hypothesis import settings

# continuous integration runs the same examples every time; elsewhere each run looks at new ones
# no deadline: how long an example takes says more about the machine than about the program
settings.register_profile("untimed", deadline=None)
settings.register_profile("ci", derandomize=True, deadline=None)
settings.load_profile("untimed")
if os.environ.get("CI"):
    settings.load_profile("ci")
