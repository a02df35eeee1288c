"""The web page of `frontend-sample/`, at an origin of its own beside the sandbox's, so that CORS is real.

`builder` has it built by `stacks.packages.page`, in a process of its own; `application` serves it, with what it has to
know; `access` lets those who have signed in use the faults; `site` is its port and origin.
"""
