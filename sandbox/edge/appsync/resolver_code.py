"""A resolver's code, checked as AppSync checks it when it is deployed, and made ready to run.

Module syntax is taken out on the way (https://docs.aws.amazon.com/appsync/latest/devguide/resolver-reference-overview-js.html):
the objects of `@aws-appsync/utils` are globals here, and `restrictions` looks at the rest.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache

from sandbox.edge.appsync.errors import ResolverRefused
from sandbox.edge.appsync.evaluation import Evaluation, EvaluationFailed
from sandbox.edge.appsync.resolver_restrictions import check_tokens, refused
from sandbox.edge.appsync.tokens import NotJavaScript, Token, tokenize

MAX_CODE_BYTES = 32_768
"""32 KB of code per resolver (https://docs.aws.amazon.com/general/latest/gr/appsync.html)."""

_UTILS_MODULE = "@aws-appsync/utils"


def check_resolver(code: str) -> None:
    """Refuses what AppSync would not take. Raises ResolverRefused with the line and the construct's name."""
    prepare(code)


@lru_cache(maxsize=64)
def prepare(code: str) -> str:
    """The code as the body of a function that returns `{request, response}`. Raises ResolverRefused."""
    if len(code.encode()) > MAX_CODE_BYTES:
        raise ResolverRefused(f"the resolver has {len(code.encode())} bytes of code, AppSync takes {MAX_CODE_BYTES}")
    try:
        tokens = tokenize(code)
    except NotJavaScript as error:
        raise ResolverRefused(f"the resolver is not JavaScript: {error}") from error
    cuts = list(_module_syntax(tokens))
    check_tokens([token for token in tokens if not any(start <= token.start < end for start, end in cuts)])
    body = _without(code, cuts)
    try:
        handlers = Evaluation(body).handlers
    except EvaluationFailed as error:
        raise ResolverRefused(f"the resolver cannot be evaluated: {error}") from error
    exported = {token.text for token in _exported(tokens)}
    for name in ("request", "response"):
        if name not in handlers & exported:
            raise ResolverRefused(f"the resolver exports no function {name}: AppSync wants request and response")
    return body


Cut = tuple[int, int]
"""What to take out of the source, from here to there."""


def _module_syntax(tokens: Sequence[Token]) -> Iterator[Cut]:
    """Imports, and the word `export`: the runtime's objects are globals here, handlers are found by their names."""
    for index, token in enumerate(tokens):
        if token.kind != "word" or (index and tokens[index - 1].text in (".", "?.")):
            continue
        if token.text == "import":
            yield _import(tokens, index)
        elif token.text == "export":
            following = tokens[index + 1] if index + 1 < len(tokens) else token
            if following.text == "{":
                yield token.start, _statement_end(tokens, index)
            elif following.text in ("function", "const", "let", "var"):
                yield token.start, token.end
            else:
                raise refused(token, f"export {following.text}", "export functions or constants by name")


def _import(tokens: Sequence[Token], index: int) -> Cut:
    end = next((i for i in range(index, len(tokens)) if tokens[i].kind == "string"), index)
    words = [token.text for token in tokens[index + 1 : end]]
    if tokens[end].text[1:-1] != _UTILS_MODULE:
        raise refused(tokens[index], f"import from {tokens[end].text}", f"only '{_UTILS_MODULE}' is emulated")
    if words[:1] != ["{"] or "as" in words:
        raise refused(tokens[index], "this form of import", f"write import {{ util }} from '{_UTILS_MODULE}'")
    return tokens[index].start, _statement_end(tokens, end)


def _statement_end(tokens: Sequence[Token], index: int) -> int:
    """The end of an `import …` or `export {…}`: with its semicolon, if it has one."""
    last = index if tokens[index].kind == "string" else next(i for i in range(index, len(tokens)) if _ends(tokens, i))
    if last + 1 < len(tokens) and tokens[last + 1].text == ";":
        last += 1
    return tokens[last].end


def _ends(tokens: Sequence[Token], index: int) -> bool:
    return tokens[index].text == "}" or index == len(tokens) - 1


def _without(code: str, cuts: Sequence[Cut]) -> str:
    for start, end in reversed(cuts):
        lines = "\n" * code.count("\n", start, end)  # line numbers in messages stay the source's own
        code = f"{code[:start]}{lines}{code[end:]}"
    return code


def _exported(tokens: Sequence[Token]) -> Iterator[Token]:
    for index, token in enumerate(tokens):
        if token.text != "export" or token.kind != "word" or index + 2 >= len(tokens):
            continue
        if tokens[index + 1].text == "{":
            end = next((i for i in range(index, len(tokens)) if tokens[i].text == "}"), index)
            yield from (name for name in tokens[index + 2 : end] if name.kind == "word")
        else:
            yield tokens[index + 2]
