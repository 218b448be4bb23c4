"""A piece of the IR -> the references in it, or the same piece with them replaced.

The one place that knows where expressions hide in the IR's types.
"""

from compiler.walk.bodies import (
    body_texts,
    call_of,
    calls_of,
    condition_texts,
    map_body,
    map_call,
    map_condition,
    map_each_item,
    map_item_body,
    map_items,
    map_service,
    service_texts,
)
from compiler.walk.expressions import (
    Rewrite,
    ShellTexts,
    Templates,
    children,
    map_template,
    rebuild,
    references,
    template_texts,
    text_references,
)
from compiler.walk.steps import (
    Texts,
    map_number,
    map_repeat,
    map_retry,
    map_step,
    texts,
)
from compiler.walk.workflows import (
    map_definitions,
    map_notice,
    map_smtp,
    map_surroundings,
    surrounding_texts,
)

__all__ = [
    "Rewrite",
    "ShellTexts",
    "Templates",
    "Texts",
    "body_texts",
    "call_of",
    "calls_of",
    "children",
    "condition_texts",
    "map_body",
    "map_call",
    "map_condition",
    "map_definitions",
    "map_each_item",
    "map_item_body",
    "map_items",
    "map_notice",
    "map_number",
    "map_repeat",
    "map_retry",
    "map_service",
    "map_smtp",
    "map_step",
    "map_surroundings",
    "map_template",
    "rebuild",
    "references",
    "service_texts",
    "surrounding_texts",
    "template_texts",
    "text_references",
    "texts",
]
