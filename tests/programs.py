"""Random workflows: files of several documents that call each other, with fan-outs.

Every file compiles. What its commands do is small and the same wherever they run.
"""

from typing import Any

from hypothesis import strategies as st

_HOSTILE = [
    *("", "a", "a b", "*", "$(touch pwned)", "`id`", "it's", '"', "{{ x }}", "\\n"),
    *("a\nb c\n", '["a", 1, null, {"k": "v"}]', "[a", "P=x Q=y"),
]
# What a workflow may read into its environment; the tests lay it into its folder.
DOTENV_FILE = "data.env"
DOTENV = """\
# values, no code
FIRST=a b # c
SECOND='$(touch pwned) `id` {{ x }}'
export THIRD="it's \\"so\\"\\n\\$HOME"
"""
_CHARACTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")
VALUES = st.one_of(st.sampled_from(_HOSTILE), st.text(_CHARACTERS, max_size=8))
# A default is read for references and backticks, a value of a run is not.
DEFAULTS = VALUES.filter(lambda it: not set(it) & set("$`"))
Form = dict[str, Any]


@st.composite
def files(draw: st.DrawFn) -> list[Form]:
    """The documents of a file: each calls only later ones, at most three deep."""
    count = draw(st.sampled_from([1, 2, 2, 3, 3, 4]))
    names = ["random", *(f"w{number}" for number in range(1, count))]
    return [
        draw(_workflows(name, tuple(names[place + 1 :]), place))
        for place, name in enumerate(names)
    ]


@st.composite
def _workflows(
    draw: st.DrawFn, name: str, callees: tuple[str, ...], depth: int
) -> Form:
    count = draw(st.integers(1, 7 if depth == 0 else 4))
    # A call in each of several steps, and so on below, would be too much to run.
    most = 2 if depth < 2 else 1
    places = st.sets(st.integers(0, count - 1), min_size=1, max_size=most)
    calls = draw(places) if callees else set()
    steps: list[Form] = []
    for place in range(count):
        if place in calls:
            step = draw(_calls(steps, callees))
        elif draw(st.integers(0, 3)) == 0:
            step = draw(_fan_outs(steps))
        else:
            step = draw(_commands(steps))
        steps.append(draw(_with_policies(step, place)))
    workflow: Form = {
        "name": name,
        "type": "graph",
        "params": [{"P": draw(DEFAULTS)}, {"Q": "<${P}>"}],
        "steps": steps,
    }
    if draw(st.booleans()):
        workflow["maxActiveSteps"] = draw(st.integers(1, 3))
    kinds = draw(st.sets(st.sampled_from(["success", "failure", "cancel", "exit"])))
    workflow["handlerOn"] = {
        kind: {"command": f'echo "{kind} $DAG_RUN_STATUS $X0"'} for kind in kinds
    }
    workflow |= draw(_surroundings())
    if draw(st.integers(0, 3)) == 0:
        end = draw(st.sampled_from(["", "", "", "; exit 4", '; [ "$P" = a ]']))
        init: Form = {"command": f'echo "init $DAG_RUN_STATUS $P"{end}'}
        if draw(st.integers(0, 2)) == 0:
            init |= {"retryPolicy": {"limit": 1, "intervalSec": 0}}
        workflow["handlerOn"]["init"] = init
    return workflow


@st.composite
def _surroundings(draw: st.DrawFn) -> Form:
    """Perhaps preconditions, and what a file adds to the environment."""
    around: Form = {}
    if draw(st.integers(0, 4)) == 0:
        conditions: list[object] = [
            'test -n "$P"',
            {"command": "false", "negate": True},
        ]
        conditions += [
            {"condition": "${Q}", "expected": "re:a|<", "negate": draw(st.booleans())},
            {"condition": "`printf '%s' \"$P\"`", "expected": "re:^[^b]*$"},
        ]
        chosen = st.lists(st.sampled_from(conditions), min_size=1, max_size=2)
        around["preconditions"] = draw(chosen)
    if draw(st.integers(0, 3)) == 0:
        around["dotenv"] = draw(st.sampled_from([DOTENV_FILE, ["none", DOTENV_FILE]]))
    return around


def _before(draw: st.DrawFn, place: int) -> list[int]:
    """The earlier steps that step `place` waits for."""
    before = st.sets(st.integers(0, place - 1), max_size=3) if place else st.just(set())
    return sorted(draw(before))


def _step(place: int, before: list[int]) -> Form:
    depends = [f"s{other}" for other in before]
    return {"name": f"s{place}", "depends": depends, "output": f"X{place}"}


@st.composite
def _commands(draw: st.DrawFn, steps: list[Form]) -> Form:
    place = len(steps)
    before = _before(draw, place)
    commands = [
        "true",
        "exit 3",
        'echo "$P"',
        "printf '%s' '${P}'; exit 7",
        "echo one; echo two",
        "echo '$<(len(P) > 2)>'",
        "echo $<upper(Q)> | cat",
        'printf \'%s|\' "${FIRST-}" "${SECOND-}" "${THIRD-}"',
    ]
    for other in before:
        commands += [
            f'echo "${{X{other}}}"',
            f'echo "<${{X{other}:-none}}>"',
            f"echo '${{s{other}.exitCode:-0}} ${{s{other}.output:-}}'",
        ]
        if "parallel" in steps[other]:
            commands += [
                f"printf '%s' '${{X{other}.summary}} ${{X{other}.outputs[0]:-none}}'",
                f'echo "${{X{other}.results}}"',
                f'echo "$<len(s{other}.outputs)>"',
            ]
        elif "run" in steps[other]:
            commands += [
                f'echo "${{X{other}.status:-none}} ${{s{other}.outputs.X0:-none}}"',
                f"printf '%s' '${{X{other}.params}}'",
            ]
    return {**_step(place, before), "command": draw(st.sampled_from(commands))}


@st.composite
def _items(draw: st.DrawFn, steps: list[Form], before: list[int]) -> object:
    """The value of `parallel`: a list, or where one comes from."""
    texts = st.lists(DEFAULTS.filter(lambda it: "{" not in it), max_size=3)
    objects = st.lists(
        st.fixed_dictionaries({"k": st.sampled_from(["a", "b c"])}), max_size=2
    )
    values = ["${P}", "<${P}> ${Q}", "a b", "$<split(P, ' ')>"]
    values += [f"${{X{other}:-x}}" for other in before]
    values += [f"${{X{it}.outputs}}" for it in before if "parallel" in steps[it]]
    items: object = draw(st.one_of(texts, objects, st.sampled_from(values)))
    if draw(st.integers(0, 2)) == 0:
        items = {"items": items, "maxConcurrent": draw(st.integers(1, 3))}
    return items


@st.composite
def _fan_outs(draw: st.DrawFn, steps: list[Form]) -> Form:
    place = len(steps)
    before = _before(draw, place)
    commands = [
        'echo "<$ITEM>"',
        "printf '%s' '${ITEM} ${P}'",
        'case "$ITEM" in a*) exit 3 ;; esac; echo two',
        '[ "$ITEM" != a ] || exit 7',
        "echo '${ITEM.k:-none}'",
        "echo ${ITEM.k}",
        "echo '$<len(ITEM)>'",
    ]
    step = {
        **_step(place, before),
        "parallel": draw(_items(steps, before)),
        "command": draw(st.sampled_from(commands)),
    }
    if draw(st.integers(0, 3)) == 0:
        step["preconditions"] = [
            {
                "condition": "${ITEM}",
                "expected": draw(st.sampled_from(["a", "re:^.*$", "re:b|<", ""])),
                "negate": draw(st.booleans()),
            }
        ]
    if draw(st.integers(0, 3)) == 0:
        step["env"] = [{"P": "own ${ITEM}"}]
    return step


@st.composite
def _calls(draw: st.DrawFn, steps: list[Form], callees: tuple[str, ...]) -> Form:
    place = len(steps)
    before = _before(draw, place)
    step = {**_step(place, before), "run": draw(st.sampled_from(callees))}
    values = ["x y", "${P}", "$<lower(Q)>", "`echo made`"]
    values += [f"${{X{other}:-none}}" for other in before]
    values += [f"${{s{other}.output:-}}" for other in before]
    if draw(st.integers(0, 2)) == 0:
        items: object = draw(
            st.sampled_from(
                [["a", "b c"], [{"P": "a"}, {"P": '"', "R": 1}], [], "${P}"]
            )
        )
        step["parallel"] = {"items": items, "maxConcurrent": draw(st.integers(1, 3))}
        values += ["${ITEM}", "<${ITEM.P:-none}>"]
    value = draw(st.sampled_from(values))
    params: object = draw(
        st.sampled_from([f'P="{value}"', {"P": value}, [{"P": value}], None])
    )
    if params is not None:
        step["params"] = params
    if draw(st.integers(0, 4)) == 0:
        step["run"] = draw(st.sampled_from(["${P}", f"{callees[0]}${{NONE}}"]))
        step["candidates"] = list(callees)
    return step


@st.composite
def _with_policies(draw: st.DrawFn, step: Form, place: int) -> Form:
    """`step`, perhaps with a condition, with `continueOn`, and with a retry."""
    before = [int(other[1:]) for other in step["depends"]]
    if "preconditions" not in step and draw(st.integers(0, 3)) == 0:
        conditions = ["${P}", *(f"${{X{it}:-}}" for it in before)]
        step["preconditions"] = [
            {
                "condition": draw(st.sampled_from(conditions)),
                "expected": draw(st.sampled_from(["a", "re:^.*$", "re:two|<", ""])),
                "negate": draw(st.booleans()),
            }
        ]
    if draw(st.integers(0, 2)) == 0:
        kinds: list[Form] = [
            {"failure": True},
            {"skipped": True},
            {"exitCode": [3]},
            {"exitCode": [1]},
            {"failure": True, "markSuccess": True},
        ]
        if "command" in step and "parallel" not in step:
            kinds.append({"output": "one"})
        step["continueOn"] = draw(st.sampled_from(kinds))
    if draw(st.integers(0, 4)) == 0:
        code = 1 if "run" in step else 7
        limit = draw(st.sampled_from([1, "${NONE:-1}", "$<len(P)>", "`echo 1`"]))
        step["retryPolicy"] = {"limit": limit, "intervalSec": 0, "exitCode": [code]}
    if "parallel" not in step and draw(st.integers(0, 5)) == 0:
        step["repeatPolicy"] = draw(_repetitions(place))
    return step


@st.composite
def _repetitions(draw: st.DrawFn, place: int) -> Form:
    """Repetitions that end, though nothing is counted: what a step finds in its folder
    depends on who else runs."""
    own = {"condition": f"${{X{place}:-}}"}
    kinds: list[Form] = [
        {"repeat": True},
        {"repeat": "while", "exitCode": [0, 3]},
        {"repeat": "until", "exitCode": [0]},
        {"repeat": "until", **own, "expected": draw(st.sampled_from(["two", "re:^<"]))},
        {"repeat": "while", **own, "expected": "re:."},
        {"repeat": "while", "condition": f'test "$X{place}" = "$P"'},
        {"condition": f"${{s{place}.exitCode}}", "expected": "0"},
    ]
    limit = draw(st.sampled_from([1, 2, 2, 3, "${NONE:-2}", "`echo 2`"]))
    return {**draw(st.sampled_from(kinds)), "limit": limit, "intervalSec": 0}


# ---- what Dagu does, too

# In the folder of a run of these.
PLAIN_DOTENV = "FROM_FILE=of the file\n"


@st.composite
def plain_files(draw: st.DrawFn) -> list[Form]:
    """Documents that mean the same to Dagu: no value is code, no default, and in one file
    not both failures and skips, of which Dagu takes whichever it sees first."""
    fails = draw(st.booleans())
    kid = draw(_plain_workflows("kid", fails, called=True))
    if draw(st.integers(0, 4)) == 0:
        return [draw(_short_workflows(fails)), kid]
    return [draw(_plain_workflows("random", fails, called=False)), kid]


@st.composite
def _plain_workflows(draw: st.DrawFn, name: str, fails: bool, *, called: bool) -> Form:
    chain = draw(st.booleans())
    steps: list[Form] = []
    for place in range(draw(st.integers(1, 3 if called else 6))):
        before = _before(draw, place)
        if chain and draw(st.booleans()):
            step: Form = {"name": f"s{place}", "output": f"X{place}"}
            before = [place - 1] if place else []
        else:
            step = _step(place, before)
        if not called and draw(st.integers(0, 3)) == 0:
            step |= {"run": "kid", **draw(_plain_params()), "output": f"R{place}"}
        else:
            commands = _plain_commands(steps, before, fails)
            step["command"] = draw(st.sampled_from(commands))
        steps.append(draw(_with_plain_policies(step, place, fails, called)))
    kind = "chain" if chain else "graph"
    params = [{"P": draw(st.sampled_from(["a", "x y", "b"]))}]
    around = draw(_plain_surroundings(fails, called))
    return {"name": name, "type": kind, "params": params, **around, "steps": steps}


@st.composite
def _plain_params(draw: st.DrawFn) -> Form:
    """What a call passes, or a fan-out to each of its items; Dagu takes equal ones for
    one."""
    if draw(st.integers(0, 2)):
        return {
            "params": draw(st.sampled_from(['P="of the caller"', "P=a", {"P": "b"}]))
        }
    items = draw(st.lists(st.sampled_from(["a", "b", "c d"]), min_size=1, unique=True))
    parallel: Form = {"items": items}
    if draw(st.booleans()):
        parallel["maxConcurrent"] = draw(st.integers(1, 3))
    return {"parallel": parallel, "params": 'P="${ITEM}"'}


@st.composite
def _with_plain_policies(
    draw: st.DrawFn, step: Form, place: int, fails: bool, called: bool
) -> Form:
    # What a step of a callee finds in the folder depends on who else calls it.
    if "command" in step and not called and draw(st.integers(0, 3)) == 0:
        repeated = draw(_plain_repetitions(place, fails))
        step |= repeated
    elif fails and "command" in step and draw(st.integers(0, 3)) == 0:
        step["retryPolicy"] = {"limit": draw(st.integers(1, 2)), "intervalSec": 0}
        if draw(st.booleans()):
            step["retryPolicy"]["exitCode"] = draw(st.sampled_from([[3], [1, 7]]))
    if fails and draw(st.integers(0, 2)) == 0:
        kinds: list[Form] = [{"failure": True}]
        if "run" not in step:
            kinds += [{"exitCode": [3]}, {"exitCode": 7, "skipped": True}]
            # Dagu marks nothing that its retry does not list.
            if "exitCode" not in step.get("retryPolicy", {}):
                kinds += [{"failure": True, "markSuccess": True}]
                kinds += [{"exitCode": [3, 7], "markSuccess": True}]
        # Dagu looks for the text in what all tries printed.
        if step.keys().isdisjoint({"run", "retryPolicy", "repeatPolicy"}):
            kinds += [{"output": "one"}, {"output": ["re:^t.o$", "nothing"]}]
        step["continueOn"] = draw(st.sampled_from(kinds))
    if not fails and draw(st.integers(0, 2)) == 0:
        conditions: list[object] = [
            {"condition": "${P}", "expected": draw(st.sampled_from(["a", "re:^x"]))},
            {"condition": "${P}", "expected": "b", "negate": True},
            'test "$P" = a',
        ]
        step["preconditions"] = draw(st.sampled_from(conditions))
        if draw(st.booleans()):
            step["continueOn"] = {"skipped": True}
    # Dagu makes the file also for a step that is skipped.
    plain = step.keys().isdisjoint({"run", "preconditions"})
    if plain and not called and draw(st.integers(0, 5)) == 0:
        step["stdout"] = f"s{place}.out"
    return step


@st.composite
def _plain_repetitions(draw: st.DrawFn, place: int, fails: bool) -> Form:
    """A command that counts how often it ran, and for how long it is repeated."""
    file, own = f"s{place}.count", f"${{X{place}}}"
    count = f"echo x >> {file}; wc -l < {file}"
    three = {"condition": own, "expected": "3", "limit": draw(st.integers(2, 4))}
    kinds: list[Form] = [
        {"repeat": True, "limit": draw(st.integers(1, 3))},
        three,
        {"repeat": "until", **three},
        {"repeat": "while", "condition": own, "expected": "re:^[12]$"},
        {"repeat": "while", "condition": f'test "$(wc -l < {file})" -lt 3'},
        {"repeat": "until", "condition": f'test "$(wc -l < {file})" -ge 2'},
    ]
    least = draw(st.integers(1, 3))
    enough = f'{count}; [ "$(wc -l < {file})" -ge {least} ]'
    # Where a failure is repeated Dagu forgets those of other steps.
    if not fails and draw(st.booleans()):
        count = enough
        kinds = [
            {"repeat": "until", "exitCode": [0], "limit": draw(st.integers(least, 4))},
            {"repeat": "while", "exitCode": [1, 2]},
            {"exitCode": [1], "limit": draw(st.integers(least, 4))},
        ]
    elif fails and draw(st.booleans()):
        count = enough
        kinds = [{"repeat": True, "limit": draw(st.integers(1, 3))}]
    policy = {**draw(st.sampled_from(kinds)), "intervalSec": 0}
    return {"command": count, "repeatPolicy": policy}


@st.composite
def _plain_surroundings(draw: st.DrawFn, fails: bool, called: bool) -> Form:
    """Handlers, limits, and perhaps preconditions. To a callee that does not want to run,
    and to an `init` that fails, Dagu gives another status."""
    around: Form = {}
    kinds = draw(st.sets(st.sampled_from(["success", "failure", "cancel", "exit"])))
    handlers = {
        kind: {"command": f'echo "{kind} $DAG_RUN_STATUS $P"'} for kind in kinds
    }
    if draw(st.integers(0, 2)) == 0:
        handlers["init"] = {"command": 'echo "init $DAG_RUN_STATUS $P"'}
    around["handlerOn"] = handlers
    if draw(st.integers(0, 2)) == 0:
        around["maxActiveSteps"] = draw(st.integers(1, 3))
    if draw(st.booleans()):
        around["dotenv"] = draw(st.sampled_from([DOTENV_FILE, ["none", DOTENV_FILE]]))
    if not called and draw(st.integers(0, 3)) == 0:
        conditions: list[object] = [
            {"condition": "${P}", "expected": draw(st.sampled_from(["a", "re:^[xb]"]))},
            {"condition": "${P}", "expected": "a", "negate": True},
            'test "$P" != b',
            {"condition": "`echo one; echo two`", "expected": "two"},
        ]
        chosen = st.lists(st.sampled_from(conditions), min_size=1, max_size=2)
        around["preconditions"] = draw(chosen)
    elif not (fails or called) and "exit" in kinds and draw(st.integers(0, 3)) == 0:
        handlers["exit"]["command"] += "; exit 5"
    return around


@st.composite
def _short_workflows(draw: st.DrawFn, fails: bool) -> Form:
    """A chain of texts, steps without a name, and groups of these."""
    lines = ["true", "echo one >> lines", 'test -n "$P"', "echo a; echo b"]
    lines += ["exit 3", "false"] if fails else []
    line = st.sampled_from(lines)
    step = st.one_of(line, line.map(lambda it: {"command": it}))
    item = st.one_of(step, step, st.lists(step, min_size=1, max_size=3))
    return {
        "name": "random",
        "params": [{"P": draw(st.sampled_from(["a", "x y", ""]))}],
        **draw(_plain_surroundings(fails, called=False)),
        "steps": draw(st.lists(item, min_size=1, max_size=4)),
    }


def _plain_commands(steps: list[Form], before: list[int], fails: bool) -> list[str]:
    commands = ["true", 'echo "$P"', "echo one; echo two", "echo ${P}"]
    commands.append('echo "<${FROM_FILE-}>"')
    for other in before:
        if "run" not in steps[other]:
            commands.append(f'echo "<${{X{other}}}>"')
        elif fails:  # a call that is skipped has no record
            part = "summary.failed" if "parallel" in steps[other] else "status"
            commands.append(f'echo "it says ${{R{other}.{part}}}"')
    if fails:
        commands += ["exit 3", "echo one; exit 7", "false", "echo 'one more'; exit 3"]
    return commands
