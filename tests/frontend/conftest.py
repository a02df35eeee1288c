from tests.support import stock as node

stock = node.stock
