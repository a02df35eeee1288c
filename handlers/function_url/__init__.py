"""The function URL architecture: one Starlette app behind the Lambda Web Adapter, started by `run.sh`."""
