from tests.sandbox.functions.lab import lab
from tests.sandbox.functions.urls import urls

__all__ = ["lab", "urls"]
