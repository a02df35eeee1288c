"""Work that Lambda's init phase does, so that the first request does not wait for it.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html
"""

import os
from collections.abc import Callable
from functools import cache
from typing import TypeVar

T = TypeVar("T")


def at_init(make: Callable[[], T]) -> Callable[[], T]:
    """Makes something once: when Lambda imports the module, or elsewhere (in a test) at the first call."""
    made = cache(make)
    if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
        made()
    return made
