"""What an account gets once, before any stack: state, keys, and the roles with which GitHub Actions deploys.

A Pulumi program of its own (`Pulumi.yaml` in this folder). `privileges/` is the table of what a deployer may do.
"""
