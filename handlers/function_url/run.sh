#!/bin/sh
# Started by the Lambda Web Adapter's /opt/bootstrap in place of the managed runtime's own loop.
# The access log is off: the function writes its own JSON lines, without addresses or tokens.
exec python -m uvicorn handlers.function_url.app:app --host 127.0.0.1 --port "${AWS_LWA_PORT:-8080}" --no-access-log --log-level warning
