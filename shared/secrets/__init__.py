"""Secrets of AWS Secrets Manager, read when they are needed: no environment, state, log or error holds a value."""
