"""`{origin}/_sandbox`: what a sandbox tells and does for the command line and tests, beside the AWS that it plays.

`interface` puts the routes together; `guard` asks for the key and reads bodies; the others are one subject each.
"""
