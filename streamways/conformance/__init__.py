"""The conformance suite: what every stream of every architecture promises, checked against a running stack.

A case is written once, against `Client`, and run on each architecture. `streamways check` and tests/conformance run the
same cases. `catalog` lists them, `runner` runs them, `cases/` holds them by subject.
"""
