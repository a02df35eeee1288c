"""The sandbox's Lambda: real processes on the real runtime client, one invocation at a time in each.

`service.py` is the way in; an invocation goes service → `pool.py` → `environment.py` (or `web_adapter.py`) → a process.
What it does not do as AWS does is listed in docs/sandbox-and-aws.md.
"""
