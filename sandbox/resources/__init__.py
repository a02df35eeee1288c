"""Resource handlers: what the sandbox makes of each resource type, one file per AWS service.

A handler checks a resource's inputs as AWS would, writes the `World` (or calls moto), and returns the outputs that
pulumi-aws documents. It knows nothing of gRPC or of the program. `registry` finds the handler of a type.
"""
