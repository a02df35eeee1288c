"""What APPSYNC_JS does not allow in a resolver, found in its tokens and refused by name.

From https://docs.aws.amazon.com/appsync/latest/devguide/supported-features.html and AWS's own
`@aws-appsync/eslint-plugin` (2.0.2). Utilities that AppSync has and the sandbox does not emulate are refused too:
better at deploy time than with a wrong value. Not seen here: recursion, functions passed to functions or returned,
assignments to `ctx`.
"""

import re
from collections.abc import Mapping, Sequence

from sandbox.edge.appsync.errors import ResolverRefused
from sandbox.edge.appsync.evaluation import language, utilities
from sandbox.edge.appsync.tokens import Token

_UTILITY_OBJECTS = ("util", "extensions", "runtime", "console")

_REFUSED_WORDS: Mapping[str, str] = {
    "async": "asynchronous code",
    "await": "asynchronous code",
    "catch": "try/catch",
    "class": "a class",
    "continue": "continue",
    "debugger": "debugger",
    "do": "a do/while loop",
    "finally": "try/finally",
    "instanceof": "the operator instanceof",
    "new": "the operator new",
    "super": "a class",
    "this": "the keyword this",
    "throw": "throw",
    "try": "try/catch",
    "while": "a while loop",
    "with": "with",
    "yield": "a generator",
}
_REFUSED_OPERATORS = frozenset(["++", "--", "~"])
_HOST_GLOBALS = frozenset(
    ["setTimeout", "setInterval", "setImmediate", "fetch", "require", "XMLHttpRequest", "process", "Buffer", "window"]
)
_GLOBALS = frozenset(["Array", "Infinity", "JSON", "Math", "NaN", "Number", "Object", "String", "undefined"])
_METHODS = frozenset(
    re.findall(
        r"\w+",
        """assign entries hasOwn keys values charAt concat endsWith indexOf lastIndexOf replace replaceAll slice split
    startsWith toLowerCase toUpperCase trim trimEnd trimStart isFinite isNaN random min max round floor ceil fill flat
    join pop push reverse shift sort splice unshift forEach map flatMap filter reduce reduceRight find some every
    findIndex findLast findLastIndex parse stringify includes isArray""",
    )
)
"""The documented ones; and `includes` and `isArray`, which the page does not list but AWS's linter lets pass."""


def check_tokens(tokens: Sequence[Token]) -> None:
    """Raises ResolverRefused for the first construct that is not allowed, with its line and name."""
    declared = {tokens[i + 1].text for i, t in enumerate(tokens[:-1]) if t.text in ("const", "let", "var", "function")}
    for index, token in enumerate(tokens):
        before = tokens[index - 1].text if index else ""
        after = tokens[index + 1].text if index + 1 < len(tokens) else ""
        if token.kind == "regex":
            raise refused(token, f"the regular expression {token.text}", "there are none in APPSYNC_JS")
        if token.kind == "string" and token.text[1:-1] == "BatchInvoke":
            raise refused(token, "BatchInvoke", "the sandbox does not emulate it; use Invoke")
        if token.text in _REFUSED_OPERATORS and token.kind == "punctuation":
            raise refused(token, f"the operator {token.text}")
        if token.kind != "word":
            continue
        if before in (".", "?."):
            if after == "(" and token.text in language().methods - _METHODS:
                _check_method(tokens, index)
        elif after != ":" or before not in ("{", ","):
            _check_word(tokens, index, declared)


def _check_word(tokens: Sequence[Token], index: int, declared: set[str]) -> None:
    token, after = tokens[index], tokens[index + 1].text if index + 1 < len(tokens) else ""
    if token.text in _REFUSED_WORDS:
        raise refused(token, _REFUSED_WORDS[token.text])
    if token.text == "function" and after == "*":
        raise refused(token, "a generator")
    if token.text == "break" and after not in (";", "}") and tokens[index + 1].line == token.line:
        raise refused(token, "a labelled statement")
    if token.text == "for":
        _check_for(tokens, index)
    elif token.text == "in" and not _is_for_in(tokens, index):
        raise refused(token, "the operator in", "use Object.hasOwn")
    elif token.text in _UTILITY_OBJECTS and token.text not in declared:
        _check_utility(tokens, index)
    elif token.text in (language().globals | _HOST_GLOBALS) - _GLOBALS - declared:
        raise refused(token, token.text, "it is not among the built-ins of APPSYNC_JS")


def _check_method(tokens: Sequence[Token], index: int) -> None:
    root = index
    while root >= 2 and tokens[root - 1].text in (".", "?.") and tokens[root - 2].kind == "word":
        root -= 2
    if tokens[root].text not in _UTILITY_OBJECTS:
        raise refused(tokens[index], f"the method {tokens[index].text}()", "it is not among those of APPSYNC_JS")


def _check_for(tokens: Sequence[Token], index: int) -> None:
    depth = 0
    for token in tokens[index + 1 :]:
        depth += {"(": 1, ")": -1}.get(token.text, 0)
        if depth == 0:
            return
        if token.text == ";" and depth == 1:
            raise refused(tokens[index], "for(;;)", "use for…of or for…in")


def _is_for_in(tokens: Sequence[Token], index: int) -> bool:
    """`for (const name in …`: the one place where `in` is allowed."""
    return index >= 4 and tokens[index - 2].text in ("const", "let", "var") and tokens[index - 4].text == "for"


def _check_utility(tokens: Sequence[Token], index: int) -> None:
    """`util.time.nowISO8601`: the whole path must be one that is emulated."""
    path, at = [tokens[index].text], index + 1
    while at + 1 < len(tokens) and tokens[at].text in (".", "?.") and tokens[at + 1].kind == "word":
        path.append(tokens[at + 1].text)
        at += 2
    name = ".".join(path)
    if name not in utilities():
        known = ", ".join(sorted(utilities()))
        raise refused(tokens[index], name, f"the sandbox does not emulate it; it has {known}")


def refused(token: Token, construct: str, hint: str = "APPSYNC_JS does not support it") -> ResolverRefused:
    """The refusal of a construct at a token: where, what, and why or what to do."""
    return ResolverRefused(f"line {token.line} of the resolver: {construct}: {hint}")
