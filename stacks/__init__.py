"""The Pulumi program: settings, one component per file, and the packages of its functions.

`__main__` is what `pulumi up` runs; `program.deploy` says what a stack holds.
"""
