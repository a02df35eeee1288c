from tests.support import profiles
from tests.support.aws import lambda_environment, table
from tests.support.logs import logs
from tests.support.stock import stock

__all__ = ["lambda_environment", "logs", "profiles", "stock", "table"]
