"""A function's own HTTPS address: a function URL, and both of the permissions that a call needs.

https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html
"""

from collections.abc import Sequence
from typing import TypedDict

import pulumi
import pulumi_aws as aws

from stacks.streaming_function import StreamingFunction

CORS_MAX_AGE_SECONDS = 3600


class BrowserAccess(TypedDict):
    """What browsers are let do at an address: https://docs.aws.amazon.com/lambda/latest/api/API_Cors.html"""

    origins: pulumi.Input[Sequence[pulumi.Input[str]]]
    """Web origins whose pages may call; no wildcard."""
    methods: Sequence[str]
    """Method names of at most six letters; preflights need none of their own."""
    request_headers: Sequence[str]
    """What a page may send."""
    response_headers: Sequence[str]
    """What a page may read."""


def function_address(
    name: str,
    function: StreamingFunction,
    *,
    streams: bool,
    browsers: BrowserAccess,
    signed_by: pulumi.Input[str] | None = None,
    opts: pulumi.ResourceOptions,
) -> pulumi.Output[str]:
    """Give `function` a URL, and return it; it ends with a slash.

    By default anyone may call it (auth type `NONE`); the function checks who does. `signed_by` is an account id: its
    own principals are let in, as far as their policies go, with signed requests (`AWS_IAM`), and nobody else in AWS.
    """
    auth_type = "NONE" if signed_by is None else "AWS_IAM"
    principal = "*" if signed_by is None else signed_by
    url = aws.lambda_.FunctionUrl(
        f"{name}-url",
        function_name=function.function_name,
        qualifier=function.qualifier,
        authorization_type=auth_type,
        invoke_mode="RESPONSE_STREAM" if streams else "BUFFERED",
        cors=aws.lambda_.FunctionUrlCorsArgs(
            allow_origins=browsers["origins"],
            allow_methods=list(browsers["methods"]),
            allow_headers=list(browsers["request_headers"]),
            expose_headers=list(browsers["response_headers"]),
            allow_credentials=False,
            max_age=CORS_MAX_AGE_SECONDS,
        ),
        opts=opts,
    )
    # The provider adds both statements for NONE by itself, untracked, while it makes the URL. Ours have ids of their
    # own, so that they survive a change of the auth type, and come one after the other: Lambda refuses (409) what would
    # change a function's policy at the same time, and the URL would be left out of the stack's state.
    call = aws.lambda_.Permission(
        f"{name}-call-url",
        statement_id="StreamwaysCallFunctionUrl",
        function=function.function_name,
        qualifier=function.qualifier,
        action="lambda:InvokeFunctionUrl",
        principal=principal,
        function_url_auth_type=auth_type,
        opts=_after(url, opts),
    )
    aws.lambda_.Permission(
        f"{name}-invoke-via-url",
        statement_id="StreamwaysInvokeViaFunctionUrl",
        function=function.function_name,
        qualifier=function.qualifier,
        action="lambda:InvokeFunction",
        principal=principal,
        invoked_via_function_url=True,
        opts=_after(call, opts),
    )
    return url.function_url


def _after(earlier: pulumi.Resource, opts: pulumi.ResourceOptions) -> pulumi.ResourceOptions:
    return pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(depends_on=[earlier]))
