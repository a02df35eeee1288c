from tests.support import profiles
from tests.support.aws import lambda_environment, mocked_aws, table
from tests.support.interference import impatient
from tests.support.logs import logs

__all__ = ["impatient", "lambda_environment", "logs", "mocked_aws", "profiles", "table"]
