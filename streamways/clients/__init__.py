"""Clients of a deployed stack, one for each architecture, for the command line, the tests and the conformance suite.

They know a stack by its outputs alone, so that they serve the sandbox and AWS alike. Begin at `factory.client_for`.
"""
