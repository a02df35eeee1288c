"""How hypothesis searches here: the same examples every time, and no deadline, because a busy machine is no finding.

`HYPOTHESIS_PROFILE=explore` searches anew, and longer; `quick` is for tests that run other tests.
"""

import os

from hypothesis import settings

settings.register_profile("streamways", deadline=None, derandomize=True, database=None, max_examples=60)
settings.register_profile("explore", deadline=None, max_examples=2000)
settings.register_profile("quick", deadline=None, derandomize=True, database=None, max_examples=5)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "streamways"))
