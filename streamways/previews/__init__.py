"""A preview for each pull request: what is to be done, what its comment says, and which stacks are swept.

`github` asks GitHub, `engine` runs the Pulumi CLI, and `checkpoint` looks into a state before its stack is destroyed.
`plan`, `comment` and `sweep` are the three commands. They destroy nothing that is in doubt.
"""
