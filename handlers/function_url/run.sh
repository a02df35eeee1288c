#!/bin/sh
# Started by the Lambda Web Adapter's /opt/bootstrap in place of the managed runtime's own loop, which sets no path.
# The package comes first, and boto3 from the runtime last. Unbuffered, so that a log line is out before the last byte.
# No access log: the function writes JSON lines of its own.
export PYTHONPATH="${LAMBDA_TASK_ROOT}:/opt/python:${LAMBDA_RUNTIME_DIR}"
exec python -u -m uvicorn handlers.function_url.app:app --host 127.0.0.1 --port "${AWS_LWA_PORT}" --no-access-log --log-level warning
