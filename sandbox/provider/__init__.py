"""The sandbox as a Pulumi provider: a real engine attaches to it in the place of pulumi-aws.

`servicer` answers the protocol with the resource handlers of `sandbox.resources`, `sessions` knows which engines are
attached, `server` listens, and `settling` waits until functions run what an engine has made of them.
"""
