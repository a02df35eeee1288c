"""Who streams: the user whose token the pool signed, and nobody else."""

from joserfc import jwt
from joserfc.jwk import RSAKey
from joserfc.util import json_b64decode, json_b64encode

from shared.contract.architectures import function_url
from shared.contract.errors import ErrorCode
from streamways.clients.errors import Refused
from streamways.clients.factory import client_for
from streamways.conformance.case import Cases
from streamways.conformance.expect import expect
from streamways.conformance.reading import refused
from streamways.conformance.stack import TIERS
from streamways.conformance.trial import Trial

CASES = Cases()


@CASES.case("A request without a token, or with a text that is no token, is refused.")
async def no_token(trial: Trial) -> None:
    for token in (None, "not.a.token"):
        await _not_let_in(trial, "a stream without a token", token)


@CASES.case("A token that was changed, is not signed, or is signed with a foreign key is refused.")
async def forged_token(trial: Trial) -> None:
    head, payload, signature = trial.stack.tokens["first"].split(".")
    header = json_b64decode(head.encode())
    claims = {**json_b64decode(payload.encode()), "sub": "somebody-else"}
    changed, unsigned = json_b64encode(claims).decode(), json_b64encode({**header, "alg": "none"}).decode()
    by_another = jwt.encode(dict(header), claims, RSAKey.generate_key())
    for token in (f"{head}.{changed}.{signature}", f"{unsigned}.{changed}.", by_another):
        await _not_let_in(trial, "a forged token", token)


@CASES.case("A token that another client of the same pool was given is refused.", needs=("another client",))
async def token_of_another_client(trial: Trial) -> None:
    token = trial.stack.tokens.get("another client")
    if token is None:
        answer = await trial.sandbox.ask("POST", "/token", {"tier": TIERS["first"], "client": "another"})
        token = str(answer["accessToken"])
    await _not_let_in(trial, "a token of another client", token)


@CASES.case(
    "A request that its user has not signed does not reach a function URL whose users sign, whatever its token.",
    on=((function_url.NAME,),),
    needs=("signing users",),
)
async def unsigned_request(trial: Trial) -> None:
    async with client_for(trial.architecture, trial.stack.outputs, trial.stack.tokens["first"]) as client:
        await refused("an unsigned request", ErrorCode.FORBIDDEN, parts=client.stream(trial.request()))
    await trial.whole(trial.request())


async def _not_let_in(trial: Trial, what: str, token: str | None) -> None:
    try:
        async with client_for(trial.architecture, trial.stack.outputs, token, signer=trial.stack.signer) as client:
            await refused(what, ErrorCode.UNAUTHENTICATED, parts=client.stream(trial.request()))
    except Refused as refusal:  # already when connecting
        expect(refusal.code == ErrorCode.UNAUTHENTICATED, f"{what}: expected unauthenticated, got {refusal}")
