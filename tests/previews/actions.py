"""A small GitHub Actions: a job runs step by step, its scripts in a real bash, its expressions evaluated.

It knows what the workflows of this project use and fails on anything else. Steps that use an action do nothing.

https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax
"""

import os
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import yaml

ROOT: Final = Path(__file__).resolve().parents[2]
FOLDER: Final = ROOT / "stacks" / "previews" / "github"
WORKFLOWS: Final = ("preview", "preview-destroy", "preview-sweep")
EXPRESSION: Final = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
TERM: Final = re.compile(r"'[^']*'|(?:github|vars|needs|steps|inputs)(?:\.[a-zA-Z_]+)+")


def workflow(name: str, folder: Path = FOLDER) -> dict[Any, Any]:
    return yaml.safe_load((folder / f"{name}.yml").read_text())


def evaluate(expression: str, contexts: dict[str, Any]) -> Any:
    """The value of an expression: a term, `a == b` or `a || b`. Raises ValueError for any other."""
    for operator in ("==", "||"):
        left, found, right = expression.partition(f" {operator} ")
        if found:
            one, other = _term(left, contexts), _term(right, contexts)
            return (str(one).casefold() == str(other).casefold()) if operator == "==" else (one or other)
    return _term(expression, contexts)


def _term(text: str, contexts: dict[str, Any]) -> Any:
    if not TERM.fullmatch(text):
        raise ValueError(f"the evaluator does not know {text!r}")
    if text.startswith("'"):
        return text[1:-1]
    value: Any = contexts
    for name in text.split("."):
        value = value.get(name, "") if isinstance(value, dict) else ""
    return value


def filled(value: Any, contexts: dict[str, Any]) -> str:
    """A value of `env` as a script gets it."""

    def text(found: re.Match[str]) -> str:
        given = evaluate(found[1], contexts)
        return str(given).lower() if isinstance(given, bool) else str(given)

    return EXPRESSION.sub(text, str(value))


@dataclass
class Runner:
    """A machine that runs jobs. `environment` is what the host brings, `contexts` what GitHub knows."""

    folder: Path
    commands: Path
    """Stand-ins, which come first on the path."""
    environment: dict[str, str]
    contexts: dict[str, Any]
    needs: dict[str, Any] = field(default_factory=dict[str, Any])
    checkout: Path = ROOT
    """Where the scripts run."""
    log: str = ""

    def run(self, document: dict[Any, Any], name: str) -> str:
        """Run a job; `success`, `failure` or `skipped`. Its outputs are there for the jobs that need it."""
        job = document["jobs"][name]
        contexts = self.contexts | {"needs": self.needs, "steps": {}}
        if not self._holds(job.get("if"), contexts):
            return "skipped"
        assert document["defaults"] == {"run": {"shell": "bash"}}
        failed = False
        path = str(self.commands)
        for step in job["steps"]:
            wanted = not failed if "if" not in step else self._holds(step["if"], contexts)
            outcome = "skipped"
            if wanted and "run" in step:
                env = {**document.get("env", {}), **job.get("env", {}), **step.get("env", {})}
                code, outputs, added = self._step(step["run"], {k: filled(v, contexts) for k, v in env.items()}, path)
                outcome = "success" if code == 0 else "failure"
                failed = failed or code != 0
                path = ":".join([path, *added])
                contexts["steps"][step.get("id", step["name"])] = {"outcome": outcome, "outputs": outputs}
            elif wanted:
                for given in step["with"].values():
                    filled(given, contexts)
            contexts["steps"].setdefault(step.get("id", step.get("name")), {"outcome": outcome, "outputs": {}})
        self.needs[name] = {"outputs": {k: filled(v, contexts) for k, v in job.get("outputs", {}).items()}}
        return "failure" if failed else "success"

    def _holds(self, condition: str | None, contexts: dict[str, Any]) -> bool:
        if condition is None:
            return True
        whole = EXPRESSION.fullmatch(condition)
        assert whole, f"{condition!r} is not one expression"
        return True if whole[1] == "!cancelled()" else bool(evaluate(whole[1], contexts))

    def _step(self, script: str, env: dict[str, str], path: str) -> tuple[int, dict[str, str], list[str]]:
        """https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-syntax#jobsjob_idstepsshell"""
        files = {name: self.folder / name for name in ("GITHUB_OUTPUT", "GITHUB_PATH")}
        for file in files.values():
            file.write_text("")
        (self.folder / "script.sh").write_text(script)
        given = {**self.environment, **env, **{name: str(file) for name, file in files.items()}}
        given |= {
            "PATH": f"{path}:{os.defpath}",
            "RUNNER_TEMP": str(self.folder),
            "HOME": str(self.folder),
            "LANG": "C.UTF-8",
        }
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(self.folder / "script.sh")]
        done = subprocess.run(
            command,
            cwd=self.checkout,
            env=given,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            stdin=subprocess.DEVNULL,
        )
        self.log += done.stdout + done.stderr
        outputs = dict(line.split("=", 1) for line in files["GITHUB_OUTPUT"].read_text().splitlines())
        # The folder of the virtual environment is that of the Python that runs the tests.
        assert set(files["GITHUB_PATH"].read_text().splitlines()) <= {str(self.checkout / ".venv" / "bin")}
        return done.returncode, outputs, [str(Path(sys.executable).parent)] if files["GITHUB_PATH"].read_text() else []


def steps(document: dict[Any, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Every step, with the name of its job."""
    return [(name, step) for name, job in document["jobs"].items() for step in job["steps"]]
