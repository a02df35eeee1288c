"""The AppSync architecture: a mutation starts, a worker publishes, a subscription delivers.

`schema.graphql` and `resolvers/` run in AppSync; `api`, `worker` and `reaper` are functions.
"""
