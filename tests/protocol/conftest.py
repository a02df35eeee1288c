from tests.support import profiles
from tests.support.stock import stock

__all__ = ["profiles", "stock"]
