from tests.support import profiles
from tests.support.aws import lambda_environment, mocked_aws, table
from tests.support.interference import impatient

__all__ = ["impatient", "lambda_environment", "mocked_aws", "profiles", "table"]
