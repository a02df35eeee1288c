"""Pulumi.yaml and the configuration of a stack, as the engine merges and checks them."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox.engine.project import Project, configure, load
from sandbox.errors import ProjectError

CONFIG = {
    "aws:region": {"value": "us-east-1"},
    "pulumi:disable-default-providers": {"value": ["aws"]},
    "names": {"type": "array", "items": {"type": "string"}, "default": ["a", "b"]},
    "seconds": {"type": "integer", "default": 60},
    "open": {"type": "boolean", "default": False},
    "model": {"type": "string", "default": "nova"},
    "settings": {"type": "object", "default": {"a": 1}},
}


def project(folder: Path, config: dict[str, Any] | None = None, **keys: Any) -> Project:
    (folder / "__main__.py").write_text("")
    document = {"name": "demo", "runtime": "python", "config": CONFIG if config is None else config, **keys}
    (folder / "Pulumi.yaml").write_text(yaml.safe_dump(document))
    return load(folder)


def test_defaults_are_applied_as_text_with_json_for_lists_and_objects(tmp_path: Path) -> None:
    values = configure(project(tmp_path), "dev", {}).values
    assert values == {
        "aws:region": "us-east-1",
        "pulumi:disable-default-providers": '["aws"]',
        "demo:names": '["a", "b"]',
        "demo:seconds": "60",
        "demo:open": "false",
        "demo:model": "nova",
        "demo:settings": '{"a": 1}',
    }


def test_the_stacks_file_wins_over_the_default_and_the_given_value_over_both(tmp_path: Path) -> None:
    own = project(tmp_path, stackConfigDir="stack-config")
    (tmp_path / "stack-config").mkdir()
    file = {"config": {"demo:seconds": 30, "model": "file", "aws:region": "eu-west-1"}}
    (tmp_path / "stack-config" / "Pulumi.dev.yaml").write_text(yaml.safe_dump(file))
    values = configure(own, "dev", {"model": "given", "names": '["c"]', "aws:region": "us-west-2"}).values
    assert (values["demo:seconds"], values["demo:model"], values["aws:region"]) == ("30", "given", "us-west-2")
    assert json.loads(values["demo:names"]) == ["c"]
    assert configure(own, "other", {}).values["demo:seconds"] == "60"


def test_what_holds_on_this_machine_wins_over_the_project_and_nothing_else(tmp_path: Path) -> None:
    own = project(tmp_path)
    here = {"demo:model": "here", "demo:names": '["here"]'}
    assert configure(own, "dev", {}, here=here).values["demo:model"] == "here"
    assert json.loads(configure(own, "dev", {}, here=here).values["demo:names"]) == ["here"]
    (tmp_path / "Pulumi.dev.yaml").write_text(yaml.safe_dump({"config": {"model": "file"}}))
    assert configure(own, "dev", {}, here=here).values["demo:model"] == "file"
    assert configure(own, "dev", {"model": "given"}, here=here).values["demo:model"] == "given"


def test_a_key_that_the_project_does_not_declare_reaches_the_program(tmp_path: Path) -> None:
    assert configure(project(tmp_path), "dev", {"unheard": "of"}).values["demo:unheard"] == "of"


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("seconds", "soon", "configuration demo:seconds must be of type integer, given 'soon'"),
        ("seconds", "1.5", "must be of type integer"),
        ("open", "yes", "must be of type boolean, given 'yes'"),
        ("names", "a", "must be of type array<string>, given 'a'; a list is given as JSON"),
        ("names", '{"a": 1}', "must be of type array<string>"),
        ("names", "[[1]]", "must be of type array<string>"),
        ("settings", "[]", "must be of type object"),
    ],
)
def test_a_value_of_the_wrong_type_is_refused(tmp_path: Path, key: str, value: str, message: str) -> None:
    with pytest.raises(ProjectError, match=re.escape(message)):
        configure(project(tmp_path), "dev", {key: value})


@pytest.mark.parametrize(("key", "value"), [("seconds", "-1"), ("open", "true"), ("names", "[]"), ("model", "7")])
def test_text_that_stands_for_the_right_type_is_taken(tmp_path: Path, key: str, value: str) -> None:
    assert configure(project(tmp_path), "dev", {key: value}).values[f"demo:{key}"] == value


def test_a_declared_key_without_a_value_is_an_error_as_in_the_engine(tmp_path: Path) -> None:
    own = project(tmp_path, {"apiKey": {"type": "string", "secret": True}})
    with pytest.raises(ProjectError, match="'dev' is missing configuration demo:apiKey"):
        configure(own, "dev", {})
    config = configure(own, "dev", {"apiKey": "x"})
    assert config.secret_keys == ("demo:apiKey",)


def test_names_that_the_sandbox_would_not_make_as_configured_are_refused(tmp_path: Path) -> None:
    own = project(tmp_path, {"pulumi:autonaming": {"value": {"mode": "verbatim"}}})
    with pytest.raises(ProjectError, match="pulumi:autonaming is set"):
        configure(own, "dev", {})


def test_what_only_a_pulumi_backend_could_open_is_refused(tmp_path: Path) -> None:
    own = project(tmp_path)
    stack = tmp_path / "Pulumi.dev.yaml"
    stack.write_text(yaml.safe_dump({"config": {"demo:model": {"secure": "v1:abc"}}}))
    with pytest.raises(ProjectError, match="demo:model is encrypted"):
        configure(own, "dev", {})
    stack.write_text(yaml.safe_dump({"environment": ["shared"]}))
    with pytest.raises(ProjectError, match="ESC environment"):
        configure(own, "dev", {})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (None, "does not exist"),
        ("name: [", "is not YAML"),
        ("- a", "must be a YAML mapping"),
        ("runtime: python", "has no `name:`"),
        ("name: demo\nmain: absent/", "names nothing that exists"),
        ("name: demo\nconfig: []", "must be a mapping"),
    ],
)
def test_a_project_file_that_cannot_be_used_is_refused(tmp_path: Path, text: str | None, message: str) -> None:
    if text is not None:
        (tmp_path / "Pulumi.yaml").write_text(text)
    with pytest.raises(ProjectError, match=message) as refusal:
        load(tmp_path)
    assert "\n" not in str(refusal.value)


def test_main_is_a_folder_or_a_file(tmp_path: Path) -> None:
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "app.py").write_text("")
    assert project(tmp_path, main="stacks/").working_folder == (tmp_path / "stacks").resolve()
    assert project(tmp_path, main="stacks/app.py").working_folder == (tmp_path / "stacks").resolve()
    assert project(tmp_path).working_folder == tmp_path.resolve()
