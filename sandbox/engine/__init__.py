"""Pulumi's engine, as far as a deployment into an empty account needs it: it runs the unmodified program.

`project` reads Pulumi.yaml and the configuration, `program` runs in a process of its own, `monitor` answers it over
Pulumi's gRPC protocol, `deployment` puts the three together. What a resource *is* lives in `sandbox.resources`.
"""
