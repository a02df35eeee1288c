"""What the deployer of a stack may do: resource type → IAM actions, and on what. Plain data, by subject.

To let the program deploy another type, add a row to the `ROWS` of its subject, and run tests/program/bootstrap.
"""
