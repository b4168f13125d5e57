"""YAML without its surprises: no field twice, no references that could multiply, nothing but plain values."""

from __future__ import annotations

from functools import cache
from typing import Any

from agent.watched.words import WrongFile


def plain_yaml(text: str) -> Any:
    """What ``text`` says. Raises WrongFile."""
    import yaml  # noqa: PLC0415 - only a host that names something to watch pays for the parser

    try:
        return yaml.load(text, Loader=_loader())  # noqa: S506 - a SafeLoader
    except yaml.YAMLError as error:
        raise WrongFile(f"not YAML: {' '.join(str(error).split())}") from error
    except (RecursionError, ValueError) as error:
        raise WrongFile(f"not YAML: {type(error).__name__}: {str(error)[:200]}") from error


@cache
def _loader() -> Any:
    import yaml  # noqa: PLC0415 - as above

    class PlainLoader(yaml.SafeLoader):
        def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
            if self.check_event(yaml.AliasEvent):
                raise yaml.YAMLError("a * that refers to something said before is not taken; say it twice")
            node: yaml.Node | None = super().compose_node(parent, index)
            return node

        def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
            seen: set[Any] = set()
            for key_node, _ in node.value:
                key = self.construct_object(key_node, deep=True)
                if key in seen:
                    raise yaml.YAMLError(f"{key}: is told twice")
                seen.add(key)
            return super().construct_mapping(node, deep)

    return PlainLoader
