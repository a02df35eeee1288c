from tests.support import profiles
from tests.support.aws import lambda_environment, table

__all__ = ["lambda_environment", "profiles", "table"]
