"""The rules that every stack keeps: plain functions over resources (`catalog.RULES`).

The tests run them over the recorded program. `__main__` serves the same functions as a policy pack, which Pulumi runs
with `pulumi preview --policy-pack stacks/policies`.
"""
