from tests.support import profiles
from tests.support.aws import lambda_environment, table
from tests.support.interference import impatient

__all__ = ["impatient", "lambda_environment", "profiles", "table"]
