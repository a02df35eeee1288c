from tests.sandbox.functions.lab import lab

__all__ = ["lab"]
