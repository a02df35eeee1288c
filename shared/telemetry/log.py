"""The logger of a function: JSON lines, service = the architecture (`POWERTOOLS_SERVICE_NAME`)."""

from aws_lambda_powertools import Logger

logger = Logger()
