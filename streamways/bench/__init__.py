"""What `streamways bench` measures; one module for each of its commands, which return rows for `table.print_rows`.

Figures are of this machine and emulated; nothing asserts them, because a timed test fails on a busy machine.
"""
