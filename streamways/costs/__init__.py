"""What streamways would cost on AWS: one model, for the command, the cost page and their tests.

`prices` reads the dated price file, `assumptions` names what is not measured, `table` has what DynamoDB takes, and
`answer` and `month` make lines of all that: what is billed, how much of it, and at which price.
"""
