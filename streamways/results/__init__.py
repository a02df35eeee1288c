"""Results of `race`, `check` and `bench` that were saved: what was run, when, where and with which versions.

A result that was measured on AWS can be contributed: its file lies in `docs/results/`, and the page of measurements
shows it.
"""
