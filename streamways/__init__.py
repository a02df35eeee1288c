"""The command line for any stack, in the sandbox or on AWS, and what it is made of.

`cli` holds the commands, `clients` speak to a stack, `conformance` checks what it promises, `bench` measures.
"""
