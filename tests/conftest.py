"""What every tier shares."""

import os

from hypothesis import settings

# The same examples in every run, here and in CI, so that a run is red for what was changed and for nothing else.
# New ones are looked for by `HYPOTHESIS_PROFILE=search`.
# No example has a deadline: how long one takes is the machine's, which may be busy.
settings.register_profile("same", derandomize=True, print_blob=True, deadline=None)
settings.register_profile("search", derandomize=False, print_blob=True, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))
