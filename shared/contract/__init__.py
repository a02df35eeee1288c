"""What all parts of the project agree on, and nothing else: names, numbers and words that two sides must have alike.

It imports the standard library alone. Handlers, `shared`, `stacks`, `sandbox` and `streamways` may import it.
"""
