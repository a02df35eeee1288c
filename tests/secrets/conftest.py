from tests.support.aws import lambda_environment, mocked_aws
from tests.support.logs import logs

__all__ = ["lambda_environment", "logs", "mocked_aws"]
