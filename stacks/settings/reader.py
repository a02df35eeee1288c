"""Typed values out of Pulumi's configuration, which holds text; what is wrong is collected, to be said together."""

import difflib
import json
import re
from collections.abc import Collection, Mapping, Sequence
from typing import cast

_INTEGER = re.compile(r"-?[0-9]+")
_PLACE = re.compile(r"[.\[].*", re.DOTALL)
"""What follows the key in the name of a place within its value."""


class ConfigReader:
    """Reads keys one by one, and answers a value of the right type even when the given one is wrong.

    `values` are by key without the namespace, which is the project's name or `aws`; `secrets` are the keys whose values
    no message shows. Check `problems` before using what was read.
    """

    def __init__(self, namespace: str, values: Mapping[str, str], secrets: Collection[str] = ()) -> None:
        self._namespace = namespace
        self._values = values
        self._secrets = secrets
        self._known: dict[str, None] = {}
        self.problems: list[str] = []
        """One line for each thing to change."""

    def refuse(self, key: str, given: object, remedy: str) -> None:
        """Note a problem: the setting, what was given (shown as JSON), and what is allowed or to be done.

        `key` may go on to a place within the value, like `assumeRoles[0].roleArn`.
        """
        shown = "(secret)" if self.is_secret(_PLACE.sub("", key)) else json.dumps(given, ensure_ascii=False)
        self.problems.append(f"{self._full(key)} is {shown}: {remedy}.")

    def is_secret(self, key: str) -> bool:
        """Whether the configuration keeps the value secret."""
        return key in self._secrets

    def optional_text(self, key: str) -> str:
        """The value as it is; empty when there is none, which is fine."""
        self._known[key] = None
        return self._values.get(key, "")

    def text(self, key: str) -> str:
        """The value as it is; empty when there is none, which is noted."""
        self._known[key] = None
        value = self._values.get(key)
        if value is None:
            self.problems.append(
                f"{self._full(key)} is not set: its default is in Pulumi.yaml, which `pulumi up` and the sandbox apply."
            )
        return value or ""

    def matching(self, key: str, pattern: re.Pattern[str], allowed: str) -> str:
        """A value that `pattern` matches as a whole."""
        value = self.text(key)
        if self._given(key) and not pattern.fullmatch(value):
            self.refuse(key, value, f"set it to {allowed}")
        return value

    def choice(self, key: str, allowed: Sequence[str]) -> str:
        """One of `allowed`."""
        value = self.text(key)
        if self._given(key) and value not in allowed:
            self.refuse(key, value, f"set it to {' or '.join(allowed)}")
        return value

    def boolean(self, key: str) -> bool:
        """`true` or `false`."""
        return self.choice(key, ("true", "false")) == "true"

    def boolean_or(self, key: str, default: bool) -> bool:
        """`true` or `false`; `default`, the environment's, when it is empty."""
        value = self.text(key)
        if value not in ("true", "false", ""):
            self.refuse(key, value, "set it to true or false, or leave it empty for the environment's default")
        return value == "true" if value else default

    def integer(self, key: str, least: int, most: int | None = None, *, why: str = "") -> int:
        """A whole number from `least` to `most`; `why` says what a reader would not guess of these."""
        value = self.text(key)
        number = int(value) if _INTEGER.fullmatch(value) else None
        if self._given(key) and (number is None or number < least or (most is not None and number > most)):
            upwards = f"from {least} to {most}" if most is not None else f"of {least} or more"
            self.refuse(key, value, f"set it to a whole number {upwards}{why and f' ({why})'}")
        return number or 0

    def integer_of(self, key: str, allowed: Collection[int]) -> int:
        """A whole number out of `allowed`."""
        value = self.choice(key, [str(number) for number in allowed])
        return int(value) if _INTEGER.fullmatch(value) else 0

    def texts(self, key: str) -> tuple[str, ...] | None:
        """A list of texts, each at most once; None when it is no such list, which is noted."""
        value = self.text(key)
        try:
            items: object = json.loads(value) if self._given(key) else []
        except json.JSONDecodeError:
            items = None
        if not isinstance(items, list) or not all(isinstance(item, str) for item in cast("list[object]", items)):
            self.refuse(key, value, f"set it to a list, item by item: `pulumi config set --path '{key}[0]' …`")
            return None
        texts = cast("list[str]", items)
        for repeated in sorted({text for text in texts if texts.count(text) > 1}):
            self.refuse(key, texts, f"name {'each' if self.is_secret(key) else repeated} once")
        return tuple(texts)

    def refuse_unknown(self) -> None:
        """Note every key that was given and never asked for; to be called last."""
        for key in sorted(self._values.keys() - self._known):
            near = difflib.get_close_matches(key, self._known, n=1)
            hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(self._known)}."
            full = self._full(key)
            self.problems.append(f"{full} is no setting: {hint} Take it out with `pulumi config rm {full}`.")

    def _given(self, key: str) -> bool:
        return key in self._values

    def _full(self, key: str) -> str:
        return f"{self._namespace}:{key}"
