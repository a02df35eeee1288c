"""Credits: what a user may spend, held before the model is called, and settled in the transaction that ends the stream.

An amount is in whole nano-dollars. It is kept in one item of the user, beside a ledger that is only added to.
"""
