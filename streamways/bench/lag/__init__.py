"""`streamways bench lag`: how far behind the model real workers are, when each delivery takes a set time.

The workers and the functions that start them run as processes of their own; model, table, `@connections`, AppSync and
Invoke are served by the benchmark, which takes the times on one clock.
"""
