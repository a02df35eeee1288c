"""AWS's own endpoints as a function or a client meets them: who may call, and where each call is served.

`gateway` is the door for signed calls (`sigv4` says who calls, `iam` what they may do, `credentials` what keys they
have); `cognito` is the public one; `moto` keeps DynamoDB and Cognito; `bedrock` streams from the model emulator.
"""
