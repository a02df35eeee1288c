"""The stack that a command speaks to: a sandbox that runs, one that the command starts, or a stack on AWS."""
