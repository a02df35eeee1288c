"""`streamways bench capacity`: the write and read units that DynamoDB would bill for one answer, by phase.

`units` holds DynamoDB's rules, `metered_table` counts what passes, `phases` tells what a request was for, `measure`
runs the answers, and `function_url` is the one architecture that takes its requests over HTTP.
"""
