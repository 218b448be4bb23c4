"""Texts of params -> what the schema of their workflow has against them (R6).

A keyword of JSON Schema is a function that makes a rule. What rules say are the words of
the compiler, which has already held all against the schema that it knew.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from fractions import Fraction
from typing import NamedTuple, TypeAlias, TypeGuard

from compiler.functions import equal, with_article
from compiler.ir import Json
from compiler.json_text import Failure, to_text
from compiler.regex.matching import search
from compiler.schemas.typed import WANTED, plain, typed

LONGEST_SHOWN = 60
Where: TypeAlias = "tuple[str | int, ...]"  # the keys that lead to a value


class Flaw(NamedTuple):
    """What is wrong, and where."""

    where: Where
    said: str


Rule: TypeAlias = Callable[[Json, Where], Iterator[Flaw]]
Rules: TypeAlias = Collection[Rule]


class Together(NamedTuple):
    """A rule that looks at several params: it counts when all of them have a value."""

    rule: Rule


class Params(NamedTuple):
    """The params of a workflow: the rules for them, the types of all in their order, those
    that are empty unless they are `given`, those that must be given, and the defaults,
    None for what is not known before. `shared` are the schemas that `refers` names by their numbers.
    """

    rules: "Collection[Rule | Together]"
    types: Mapping[str, str]
    empty: Collection[str] = ()
    required: Collection[str] = ()
    defaults: "Collection[tuple[str, str | None]]" = ()
    shared: Collection[Rules] = ()


SHARED: list[Rules] = []


def problems_at_start(
    params: Params, given: Mapping[str, str], mask: Callable[[str], str] = str
) -> list[str]:
    """What is wrong with the values that a run is started with."""
    missing = [name for name in params.required if name not in given]
    known: dict[str, str] = dict(given)
    later = False
    for name, text in params.defaults:
        if text is None:
            later = later or name not in given
        else:
            known.setdefault(name, text)
    return problems_of(params, known, not missing and not later, mask, missing)


def problems_of_values(
    params: Params,
    values: Mapping[str, str],
    given: Collection[str],
    mask: Callable[[str], str] = str,
) -> list[str]:
    """What is wrong with the values of all params."""
    known = {
        name: text
        for name, text in values.items()
        if name not in params.empty or (text and name in given)
    }
    return problems_of(params, known, True, mask)


def problems_of(
    params: Params,
    texts: Mapping[str, str],
    whole: bool,
    mask: Callable[[str], str],
    missing: Collection[str] = (),
) -> list[str]:
    """What is wrong with `texts`, in the order of the params. Those that are `missing`
    have no value; `whole`: there are no others."""
    SHARED[:] = params.shared
    types = params.types
    found = [
        (name, f"param `{name}` has no value, but must be {said_type(types[name])}")
        for name in missing
    ]
    values: dict[str, Json] = {}
    for name, text in texts.items():
        try:
            values[name] = in_its_type(text, types.get(name, "string"))
        except Failure as failure:
            whole = False
            found.append(
                (name, f"param `{name}` is `{brief(mask(text))}`, but {failure}")
            )
    try:
        found += dict.fromkeys(
            said_of_param(flaw, texts, mask)
            for rule in params.rules
            if whole or not isinstance(rule, Together)
            for flaw in (rule.rule if isinstance(rule, Together) else rule)(values, ())
        )
    except (RecursionError, ArithmeticError):
        found.append(
            ("", "the params cannot be held against their schema: it is too deep")
        )
    order = {name: place for place, name in enumerate(types)}
    found.sort(key=lambda it: order.get(it[0], len(order)))
    return [message for _, message in found]


def said_of_param(
    flaw: Flaw, texts: Mapping[str, str], mask: Callable[[str], str]
) -> tuple[str, str]:
    if not flaw.where:
        return "", f"the params {flaw.said}"
    name, *rest = map(str, flaw.where)
    keys = flaw.where[1:]
    spelled = "".join(f"[{it}]" if isinstance(it, int) else f".{it}" for it in keys)
    inner = f" `{name}{spelled}`" if rest else ""
    value = brief(mask(texts.get(name, "")))
    return name, f"param `{name}` is `{value}`, but{inner} {flaw.said}"


def said_type(name: str) -> str:
    return {str(type): words for type, words in WANTED.items()}[name]


def in_its_type(text: str, name: str) -> Json:
    return typed(text, next(type for type in WANTED if type == name))


def printed(name: str, text: str) -> str:
    """`text` as a value of the type `name` prints; as it is where it is none."""
    try:
        return plain(text, next(type for type in WANTED if type == name))
    except Failure:
        return text


def brief(value: Json) -> str:
    """The text of a value, cut where it is long."""
    try:
        text = to_text(value)
    except Failure:
        return "\u2026"
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}\u2026"


def flaws(rules: Rules, value: Json, where: Where) -> Iterator[Flaw]:
    for rule in rules:
        yield from rule(value, where)


def suits(rules: Rules, value: Json) -> bool:
    return next(flaws(rules, value, ()), None) is None


def failing(wanted: str, fails: Callable[[Json], object]) -> Rule:
    """The rule that a value must be as `wanted`, unless it `fails`."""

    def rule(value: Json, where: Where) -> Iterator[Flaw]:
        if fails(value):
            yield Flaw(where, f"must {wanted}")

    return rule


# ---- any value


def never() -> Rule:
    return failing("fit the schema", lambda _: True)


def refers(number: int) -> Rule:
    return lambda value, where: flaws(SHARED[number], value, where)


def of_type(*names: str) -> Rule:
    words = {
        "array": "a list",
        "boolean": "`true` or `false`",
        "integer": "a whole number",
        "null": "null",
        "object": "an object",
        "string": "a text",
    }
    wanted = " or ".join(words.get(name, with_article(name)) for name in names)
    return failing(
        f"be {wanted}", lambda it: not any(is_of(it, name) for name in names)
    )


def is_of(value: Json, name: str) -> bool:
    if name == "integer":
        whole = isinstance(value, int) or (
            isinstance(value, float) and value.is_integer()
        )
        return whole and not isinstance(value, bool)
    kinds: dict[str, tuple[type, ...]] = {
        "array": (list,),
        "boolean": (bool,),
        "null": (type(None),),
        "number": (int, float),
        "object": (dict,),
        "string": (str,),
    }
    fits = isinstance(value, kinds[name])
    return fits and (name == "boolean" or not isinstance(value, bool))


def one_of(*values: Json) -> Rule:
    wanted = ", ".join(f"`{brief(each)}`" for each in values)
    return failing(
        f"be one of {wanted}", lambda it: not any(equal(each, it) for each in values)
    )


def exactly(wanted: Json) -> Rule:
    return failing(f"be `{brief(wanted)}`", lambda it: not equal(it, wanted))


def every_of(*schemas: Rules) -> Rule:
    def rule(value: Json, where: Where) -> Iterator[Flaw]:
        for each in schemas:
            yield from flaws(each, value, where)

    return rule


def some_of(*schemas: Rules) -> Rule:
    return failing(
        "fit `anyOf` of the schema",
        lambda it: not any(suits(each, it) for each in schemas),
    )


def just_one_of(*schemas: Rules) -> Rule:
    return failing(
        "fit `oneOf` of the schema",
        lambda it: sum(suits(each, it) for each in schemas) != 1,
    )


def none_of(rules: Rules) -> Rule:
    return failing("fit `not` of the schema", lambda it: suits(rules, it))


def depending(condition: Rules, then: Rules, other: Rules) -> Rule:
    return lambda value, where: flaws(
        then if suits(condition, value) else other, value, where
    )


# ---- numbers


def is_number(value: Json) -> "TypeGuard[int | float]":
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def at_least(limit: float) -> Rule:
    wanted = f"be at least {brief(limit)}"
    return failing(wanted, lambda it: is_number(it) and it < limit)


def more_than(limit: float) -> Rule:
    wanted = f"be more than {brief(limit)}"
    return failing(wanted, lambda it: is_number(it) and it <= limit)


def at_most(limit: float) -> Rule:
    wanted = f"be at most {brief(limit)}"
    return failing(wanted, lambda it: is_number(it) and it > limit)


def less_than(limit: float) -> Rule:
    wanted = f"be less than {brief(limit)}"
    return failing(wanted, lambda it: is_number(it) and it >= limit)


def multiple_of(unit: float) -> Rule:
    wanted = f"be a multiple of {brief(unit)}"
    return failing(wanted, lambda it: is_number(it) and not is_multiple(it, unit))


def is_multiple(value: float, unit: float) -> bool:
    if isinstance(unit, int):
        return not value % unit
    quotient = value / unit
    try:
        return int(quotient) == quotient
    except OverflowError:
        return (Fraction(value) / Fraction(unit)).denominator == 1


# ---- texts


def min_length(least: float) -> Rule:
    wanted = f"have a length of at least {brief(least)}"
    return failing(wanted, lambda it: isinstance(it, str) and len(it) < least)


def max_length(most: float) -> Rule:
    wanted = f"have a length of at most {brief(most)}"
    return failing(wanted, lambda it: isinstance(it, str) and len(it) > most)


def like(pattern: str, spelled: str) -> Rule:
    """`spelled` is the pattern for `re`, which takes no long time for it."""
    wanted = f"match `{brief(pattern)}`"
    return failing(
        wanted, lambda it: isinstance(it, str) and not re.search(spelled, it)
    )


def like_any(pattern: str) -> Rule:
    wanted = f"match `{brief(pattern)}`"
    return failing(wanted, lambda it: isinstance(it, str) and not search(pattern, it))


# ---- lists


def min_items(least: float) -> Rule:
    wanted = f"have a length of at least {brief(least)}"
    return failing(wanted, lambda it: isinstance(it, list) and len(it) < least)


def max_items(most: float) -> Rule:
    wanted = f"have a length of at most {brief(most)}"
    return failing(wanted, lambda it: isinstance(it, list) and len(it) > most)


def no_item_twice() -> Rule:
    return failing("have no item twice", lambda it: isinstance(it, list) and twice(it))


def twice(items: "list[Json]") -> bool:
    """Whether two items are equal. Texts and numbers are sorted, since lists are long."""
    kinds = {str if isinstance(it, str) else is_number(it) for it in items}
    if kinds <= {str} or kinds <= {True}:
        ordered = sorted(items, key=lambda it: it)  # type: ignore[arg-type, return-value]
        return any(map(equal, ordered, ordered[1:]))
    return any(equal(it, other) for at, it in enumerate(items) for other in items[:at])


def first_items(*schemas: Rules) -> Rule:
    def rule(value: Json, where: Where) -> Iterator[Flaw]:
        if isinstance(value, list):
            for at, (item, rules) in enumerate(zip(value, schemas, strict=False)):
                yield from flaws(rules, item, (*where, at))

    return rule


def further_items(start: int, rules: Rules) -> Rule:
    def rule(value: Json, where: Where) -> Iterator[Flaw]:
        if isinstance(value, list):
            for at in range(start, len(value)):
                yield from flaws(rules, value[at], (*where, at))

    return rule


def no_further_items(start: int, keyword: str) -> Rule:
    wanted = f"fit `{keyword}` of the schema"
    return failing(wanted, lambda it: isinstance(it, list) and len(it) > start)


def holding(rules: Rules, least: float = 1, most: "float | None" = None) -> Rule:
    """Between `least` and `most` items of a list suit."""

    def rule(value: Json, where: Where) -> Iterator[Flaw]:
        if not isinstance(value, list):
            return
        count = sum(suits(rules, each) for each in value)
        if most is not None and count > most:
            yield Flaw(where, "must fit `maxContains` of the schema")
        elif count < least:
            keyword = "minContains" if count else "contains"
            yield Flaw(where, f"must fit `{keyword}` of the schema")

    return rule


# ---- objects


def min_keys(least: float) -> Rule:
    wanted = f"have at least {brief(least)} keys"
    return failing(wanted, lambda it: isinstance(it, dict) and len(it) < least)


def max_keys(most: float) -> Rule:
    wanted = f"have at most {brief(most)} keys"
    return failing(wanted, lambda it: isinstance(it, dict) and len(it) > most)


def said_keys(names: Collection[str]) -> str:
    word = "key" if len(names) == 1 else "keys"
    return f"the {word} " + ", ".join(f"`{name}`" for name in names)


def with_keys(*names: str) -> Rule:
    def rule(value: Json, where: Where) -> Iterator[Flaw]:
        if isinstance(value, dict):
            missing = [brief(name) for name in names if name not in value]
            if missing:
                yield Flaw(where, f"must have {said_keys(missing)}")

    return rule


def entries(schemas: Mapping[str, Rules]) -> Rule:
    def rule(value: Json, where: Where) -> Iterator[Flaw]:
        if isinstance(value, dict):
            for name, rules in schemas.items():
                if name in value:
                    yield from flaws(rules, value[name], (*where, name))

    return rule


def other_entries(names: Collection[str], rules: Rules) -> Rule:
    def rule(value: Json, where: Where) -> Iterator[Flaw]:
        if isinstance(value, dict):
            for name in value.keys() - {*names}:
                yield from flaws(rules, value[name], (*where, name))

    return rule


def no_other_entries(*names: str) -> Rule:
    def rule(value: Json, where: Where) -> Iterator[Flaw]:
        if isinstance(value, dict):
            more = [name for name in value if name not in names]
            if more:
                yield Flaw(where, f"must not have {said_keys(more)}")

    return rule


def keys_suit(rules: Rules) -> Rule:
    def rule(value: Json, where: Where) -> Iterator[Flaw]:
        if isinstance(value, dict):
            for name in value:
                yield from flaws(rules, name, where)

    return rule


def keys_with(needs: Mapping[str, Collection[str]], keyword: str) -> Rule:
    """An object that has one of these keys has others."""

    def lacks(value: Json) -> bool:
        return isinstance(value, dict) and any(
            name in value and any(it not in value for it in others)
            for name, others in needs.items()
        )

    return failing(f"fit `{keyword}` of the schema", lacks)


def rules_with(schemas: Mapping[str, Rules]) -> Rule:
    """An object that has one of these keys suits more rules."""

    def rule(value: Json, where: Where) -> Iterator[Flaw]:
        if isinstance(value, dict):
            for name, rules in schemas.items():
                if name in value:
                    yield from flaws(rules, value, where)

    return rule
