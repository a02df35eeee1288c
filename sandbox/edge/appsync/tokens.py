"""Splits JavaScript into tokens, well enough to tell code from strings, comments, templates and regular expressions.

Not a parser: it knows no statements. That is enough to find the words and operators which APPSYNC_JS refuses.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

Kind = Literal["word", "number", "string", "template", "regex", "punctuation"]

_SPACE = re.compile(r"(?:\s+|//[^\n]*|/\*.*?\*/)+", re.DOTALL)
_WORD = re.compile(r"[A-Za-z_$][\w$]*")
_NUMBER = re.compile(r"(?:0[xXbBoO][\da-fA-F_]+|\d[\d_]*\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)n?")
_STRING = re.compile(r"""'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*\"""", re.DOTALL)
_REGEX = re.compile(r"/(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/[a-z]*")
_TEMPLATE_TEXT = re.compile(r"(?:[^`\\$]|\\.|\$(?!\{))*", re.DOTALL)
_PUNCTUATION = re.compile(
    r">>>=|\.\.\.|===|!==|\*\*=|<<=|>>=|>>>|&&=|\|\|=|\?\?=|=>|==|!=|<=|>=|&&|\|\||\?\?|\?\.(?!\d)|\+\+|--|\+=|-=|\*=|/=|%="
    r"|&=|\|=|\^=|<<|>>|\*\*|[{}()\[\];,<>+\-*/%&|^!~?:=.@#\\]"
)
_BEFORE_VALUE = frozenset(
    ["return", "typeof", "void", "delete", "case", "in", "of", "do", "else", "throw", "new", "instanceof", "await"]
)


@dataclass(frozen=True)
class Token:
    """One token. For a template, `text` is one of its literal pieces; its `${…}` come as tokens of their own."""

    kind: Kind
    text: str
    start: int
    line: int

    @property
    def end(self) -> int:
        """Where the token ends in the source."""
        return self.start + len(self.text)


class NotJavaScript(Exception):
    """A string, comment or template has no end, or a character does not belong in JavaScript."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(f"line {line}: {message}")


def tokenize(source: str) -> Sequence[Token]:
    """All tokens but white space and comments. Raises NotJavaScript."""
    return list(_tokens(source))


def _tokens(source: str) -> Iterator[Token]:
    position = 0
    previous: Token | None = None
    braces: list[bool] = []  # for each open brace: does its end continue a template?
    while True:
        space = _SPACE.match(source, position)
        position = space.end() if space else position
        if position >= len(source):
            return
        character = source[position]
        if character == "`" or (character == "}" and braces and braces.pop()):
            token = _template(source, position)
            if token.text.endswith("${"):
                braces.append(True)
        else:
            token = _plain(source, position, previous)
            if token.text == "{":
                braces.append(False)
        yield token
        previous, position = token, token.end


def _plain(source: str, position: int, previous: Token | None) -> Token:
    line = source.count("\n", 0, position) + 1
    patterns: list[tuple[Kind, re.Pattern[str]]] = [("word", _WORD), ("number", _NUMBER), ("string", _STRING)]
    if _value_may_follow(previous):
        patterns.append(("regex", _REGEX))
    patterns.append(("punctuation", _PUNCTUATION))
    for kind, pattern in patterns:
        found = pattern.match(source, position)
        if found and not source.startswith("/*", position):
            return Token(kind, found.group(), position, line)
    raise NotJavaScript(f"{source[position : position + 20]!r} is not JavaScript", line)


def _template(source: str, position: int) -> Token:
    """From a backtick, or from the brace that ends a `${…}`, to the next `${` or the closing backtick."""
    line = source.count("\n", 0, position) + 1
    text = _TEMPLATE_TEXT.match(source, position + 1)
    end = text.end() if text else position + 1
    if source.startswith("${", end):
        end += 2
    elif source.startswith("`", end):
        end += 1
    else:
        raise NotJavaScript("a template literal has no end", line)
    return Token("template", source[position:end], position, line)


def _value_may_follow(previous: Token | None) -> bool:
    """Whether a slash begins a regular expression here, and not a division."""
    if previous is None or previous.text in _BEFORE_VALUE:
        return True
    if previous.kind == "template":
        return previous.text.endswith("${")
    return previous.kind == "punctuation" and previous.text not in (")", "]", "}")
