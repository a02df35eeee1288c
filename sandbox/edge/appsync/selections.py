"""Selection sets: their fields, what a resolver sees of them, and data cut down to them.

For the forms of `ctx.info` see
https://docs.aws.amazon.com/appsync/latest/devguide/resolver-context-reference-js.html#aws-appsync-resolver-context-reference-info-js
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLType,
    InlineFragmentNode,
    SelectionNode,
    SelectionSetNode,
    get_named_type,
    print_ast,
)

from sandbox.edge.appsync.schema import named_type
from sandbox.edge.appsync.values import as_list, as_object

Fragments = Mapping[str, FragmentDefinitionNode]


def fragment_of(selection: SelectionNode, fragments: Fragments) -> InlineFragmentNode | FragmentDefinitionNode:
    """The fragment that a selection other than a field stands for."""
    if isinstance(selection, FragmentSpreadNode):
        return fragments[selection.name.value]
    return cast(InlineFragmentNode, selection)


def fields_of(selections: SelectionSetNode | None, fragments: Fragments, type_name: str) -> Iterator[FieldNode]:
    """The fields of a selection set on this type: those of fragments on it included, those on other types not."""
    for selection in selections.selections if selections else ():
        if isinstance(selection, FieldNode):
            yield selection
        else:
            fragment = fragment_of(selection, fragments)
            condition = cast("object", fragment.type_condition)
            if condition is None or fragment.type_condition.name.value == type_name:
                yield from fields_of(fragment.selection_set, fragments, type_name)


def response_key(field: FieldNode) -> str:
    """The alias, or the name."""
    return (field.alias or field.name).value


def selection_list(info: GraphQLResolveInfo) -> list[str]:
    """`selectionSetList`: `["id", "author", "author/name"]`, by response key."""
    return list(dict.fromkeys(_paths(info.field_nodes, info, _returned(info), "")))


def selection_graphql(info: GraphQLResolveInfo) -> str:
    """`selectionSetGraphQL`."""
    return "\n".join(print_ast(node.selection_set) for node in info.field_nodes if node.selection_set)


def selected_data(info: GraphQLResolveInfo, data: object) -> object:
    """An error's `data` without what the caller did not select for the field."""
    return _selected(data, info.field_nodes, info, _returned(info))


def _paths(nodes: Sequence[FieldNode], info: GraphQLResolveInfo, type_name: str, prefix: str) -> Iterator[str]:
    for node in nodes:
        for field in fields_of(node.selection_set, info.fragments, type_name):
            path = prefix + response_key(field)
            yield path
            yield from _paths([field], info, _field_type(info, type_name, field), f"{path}/")


def _returned(info: GraphQLResolveInfo) -> str:
    return get_named_type(cast(GraphQLType, info.return_type)).name  # pyright: ignore[reportUnknownMemberType]


def _field_type(info: GraphQLResolveInfo, type_name: str, field: FieldNode) -> str:
    parent = info.schema.get_type(type_name)
    known = (
        parent.fields.get(field.name.value) if isinstance(parent, (GraphQLObjectType, GraphQLInterfaceType)) else None
    )
    return named_type(known).name if known else ""


def _selected(data: object, nodes: Sequence[FieldNode], info: GraphQLResolveInfo, type_name: str) -> object:
    if isinstance(data, list):
        return [_selected(item, nodes, info, type_name) for item in as_list(cast(object, data))]
    if not isinstance(data, dict) or not any(node.selection_set for node in nodes):
        return cast(object, data)
    values = as_object(cast(object, data))
    kept: dict[str, object] = {}
    for node in nodes:
        for field in fields_of(node.selection_set, info.fragments, type_name):
            if field.name.value in values:
                below = _field_type(info, type_name, field)
                kept[response_key(field)] = _selected(values[field.name.value], [field], info, below)
    return kept
