"""The web page of `frontend-sample/`, at an origin of its own beside the sandbox's, so that CORS is real.

`builder` has it built; `application` serves it with what it has to know; `access` lets signed-in users use the faults.
"""
