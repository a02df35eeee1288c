"""How long the body of a request is: what the client says of it twice, or not at all."""

import asyncio
import json

import pytest

from tests.sandbox.edge.test_function_url import ECHO
from tests.sandbox.functions.urls import Urls

CHUNKED = {"hello": b"5\r\nhello\r\n0\r\n\r\n", "": b"0\r\n\r\n"}


async def answer(urls: Urls, path: str, *headers: str, body: bytes) -> tuple[bytes, bytes]:
    """Status line and body of what a request of exactly these headers is answered with."""
    _, _, address = urls.address.partition("//")
    host, _, port = address.partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        lines = [f"POST {path} HTTP/1.1", f"host: {address}", "connection: close", *headers]
        writer.write("\r\n".join([*lines, "", ""]).encode() + body)
        async with asyncio.timeout(20):
            head, _, content = (await reader.read()).partition(b"\r\n\r\n")
            content = content[content.find(b"{") : content.rfind(b"}") + 1]  # without the framing of the answer
    finally:
        writer.close()
    return head.partition(b"\r\n")[0], content


@pytest.mark.parametrize("said", [["content-length: 3"], ["content-length: 500"], []], ids=["less", "more", "nothing"])
async def test_a_chunked_body_is_as_long_as_it_is(urls: Urls, said: list[str]) -> None:
    path = urls.add(urls.lab.add_web("echo", ECHO), mode="BUFFERED")
    await urls.open()
    for body, chunks in CHUNKED.items():
        status, content = await answer(urls, path, *said, "transfer-encoding: chunked", body=chunks)
        assert status == b"HTTP/1.1 201 Created"
        told = json.loads(content)
        assert (told["body"], int(told["headers"].get("content-length", 0))) == (body, len(body))
