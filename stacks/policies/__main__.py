"""What `pulumi preview --policy-pack stacks/policies` starts: it serves the policies until Pulumi ends it."""

from pulumi_policy import PolicyPack

from stacks.policies.pack import LEVEL, NAME, POLICIES

PolicyPack(NAME, POLICIES, LEVEL)
