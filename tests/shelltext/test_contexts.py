"""Where references stand in shell texts, and what the texts become."""

import pytest

from compiler.ir import Reference, ShellReference, ShellText, Template
from compiler.shelltext import as_shell_default, misplaced, parse, words
from compiler.shelltext.render import Rendered, load_files, render
from compiler.source import Source


def read(source: str) -> ShellText:
    return parse(source, Source("a.yaml", source).span)[0]


def codes(source: str) -> list[str]:
    return [each.code for each in parse(source, Source("a.yaml", source).span)[1]]


def rendered(source: str) -> Rendered:
    return render(read(source))


def seen(source: str) -> list[str]:
    """Each reference as `text plain|bound quoting place`."""
    return [
        f"{source[each.start:each.end]} {'plain' if each.plain else 'bound'}"
        f" {each.quoting} {each.place}"
        for each in read(source).references
    ]


CONTEXTS = {
    "bare": ("echo ${X} $Y", ["${X} plain bare text", "$Y plain bare text"]),
    "double": ('echo "${X} $Y"', ["${X} plain double text", "$Y plain double text"]),
    "dotted": ('echo "${a.b}"', ["${a.b} bound double text"]),
    "indexed": ("echo ${a[0].b}", ["${a[0].b} bound bare text"]),
    "quoted key": ('echo ${a["b c"]}', ['${a["b c"]} bound bare text']),
    "hyphenated": ("echo ${a-b.output}", ["${a-b.output} bound bare text"]),
    "expression": ("echo $<a + 'x'>", ["$<a + 'x'> bound bare text"]),
    "single": (
        "echo '${X} $Y ${a.b}'",
        ["${X} bound single text", "${a.b} bound single text"],
    ),
    "single default": ("echo '${X:-a b}'", ["${X:-a b} bound single text"]),
    "single escaped": ("echo '\\${X}'", []),
    "single of a filter": (
        "jq '. as ${x} | \"${y#z}\" | ${q'",
        ["${x} bound single filter"],
    ),
    "ansi": ("echo $'\\'${a.b}'", ["${a.b} bound single text"]),
    "locale": ('echo $"${a.b}"', ["${a.b} bound double text"]),
    "escaped": ('echo \\${X} \\$X \\$<a> "\\${a.b}"', []),
    "double backslash": ("echo \\\\${X}", ["${X} plain bare text"]),
    "comment": ("true # ${a.b} $<x", []),
    "hash in word": ("echo a#${X}", ["${X} plain bare text"]),
    "positional": ("echo $1 ${1} $@ $? $$ $# $! $- ${#} ${@:2} ${1:-x}", []),
    "substitution": ('echo "$(cat "${X}")"', ["${X} plain double text"]),
    "case in substitution": (
        "echo \"$(case $X in a) echo '${Y}';; (b|c) ;; esac)\" ${Z}",
        ["$X plain bare text", "${Y} bound single text", "${Z} plain bare text"],
    ),
    "backticks": (
        "echo `echo '${a.b}' \\`echo \\${X}\\`` ${c.d}",
        [
            "${a.b} bound single text",
            "\\${X} plain bare text",
            "${c.d} bound bare text",
        ],
    ),
    "process substitution": ("cat <(echo ${a.b})", ["${a.b} bound bare text"]),
    "here": ("cat <<E\n${X} '$Y'\nE\n", ["${X} plain here text", "$Y plain here text"]),
    "here strip": (
        "cat <<-E\n\t${X}\n\tE\necho $Y",
        ["${X} plain here text", "$Y plain bare text"],
    ),
    "quoted here": ("cat <<'E'\n${X} $Y\nE\n", ["${X} bound quoted_here text"]),
    "escaped here": ("cat <<\\E\n${X}\nE\n", ["${X} bound quoted_here text"]),
    "two heres": (
        "cat <<A - <<'B' \"$Z\"\n$X\nA\n${Y}\nB\n",
        [
            "$Z plain double text",
            "$X plain here text",
            "${Y} bound quoted_here text",
        ],
    ),
    "here in substitution": (
        "x=$(cat <<'E'\n) ${Y}\nE\n) $Z",
        ["${Y} bound quoted_here text", "$Z plain bare text"],
    ),
    "here string": ('cat <<< "$X"', ["$X plain double text"]),
    "operators": (
        "echo ${A:-d} ${B-d e} ${C:=d} ${D:+d} ${E#p} ${F/a/b} ${#G} ${H^}",
        [
            "${A:-d} plain bare text",
            "${B-d e} plain bare text",
            "${C:=d} plain bare text",
            "${D:+d} plain bare text",
            "${E#p} plain bare text",
            "${F/a/b} plain bare text",
            "${#G} plain bare text",
            "${H^} plain bare text",
        ],
    ),
    "nested": (
        "echo ${X:-${a.b}}",
        ["${X:-${a.b}} plain bare text", "${a.b} bound bare text"],
    ),
    "nested in double": (
        "echo \"${X:-'${a.b}'}\"",
        ["${X:-'${a.b}'} plain double text", "${a.b} bound double text"],
    ),
    "arithmetic": (
        "echo $((N+${M}*$K))",
        [f"{x} plain bare arithmetic" for x in ("N", "${M}", "$K")],
    ),
    "arithmetic number": ("echo $((0xff + 16#ab))", []),
    "length": ("echo $(( ${#X} + ${Y:+1} ))", None),
    "old arithmetic": ("echo $[N]", ["N plain bare arithmetic"]),
    "arithmetic command": ("if ((N > 1)); then :; fi", ["N plain bare arithmetic"]),
    "arithmetic for": ("for ((i=0;i<N;)); do :; done", None),
    "let": ("let a=N", ["N plain bare arithmetic"]),
    "integer": ("declare -i a=$X", ["$X plain bare arithmetic"]),
    "test": (
        "[[ $A -gt 3 && B -lt ${c.d} && $E == x ]]",
        [
            "$A plain bare arithmetic",
            "B plain bare arithmetic",
            "${c.d} bound bare arithmetic",
            "$E plain bare text",
        ],
    ),
    "single bracket": ("[ $A -ge 3 ]", ["$A plain bare text"]),
    "subscript": ("a[N]=1", ["N plain bare arithmetic"]),
    "associative": ("declare -A m; m[$k]=1", ["$k plain bare text"]),
    "glob": ("ls f[ab]c", []),
    "offset": (
        "echo ${v:N:M}",
        [
            "${v:N:M} plain bare text",
            "N plain bare arithmetic",
            "M plain bare arithmetic",
        ],
    ),
    "subshells": ("((echo ${a.b}); echo $X)", None),
    "sh -c": ('sh -c "a ${X}"', ["${X} plain double shell"]),
    "sh -c single": ("bash -euo pipefail -c 'a ${X}'", ["${X} plain single shell"]),
    "sh -c argument": (
        'sh -c \'echo "$1"\' _ "$X"',
        ["$X plain double text"],
    ),
    "sh -c own loop": ("sh -c 'for f in *; do echo $f; done'", []),
    "wrapped": (
        'A=1 exec sudo -u me env B=2 timeout -k 1 5 nohup sh -c "$X"',
        ["$X plain double shell"],
    ),
    "xargs": ('ls | xargs -I{} -n 1 sh -ec "$X"', ["$X plain double shell"]),
    "eval": ("eval a $X '${Y}'", ["$X plain bare shell", "${Y} plain single shell"]),
    "substitution in program": ('sh -c "$(date $X)"', ["$X plain bare text"]),
    "python": ("python3 -uc \"a('${X}')\"", ["${X} plain double foreign"]),
    "node": ("node -e '${X}'", ["${X} bound single foreign"]),
    "perl": ("perl -lne '${a.b}'", ["${a.b} bound single foreign"]),
    "ssh": ("ssh -p 22 h ls '${X}'", ["${X} bound single foreign"]),
    "ssh host": ('ssh "$H" ls', ["$H plain double text"]),
    "python file": ('python a.py -c "$X"', ["$X plain double text"]),
    "awk": ("awk -F: '{print $1 ${X}}' f", ["${X} bound single filter"]),
    "sed": ('sed -E s/a/$Y/ f; sed "s/${X}/" ', None),
    "jq": (
        'jq -n --arg a "$X" \'{a: $a, b: "${Y}"}\'',
        ["$X plain double text", "${Y} bound single filter"],
    ),
    "indirect": ("echo ${!X}", ["${!X} plain bare foreign"]),
    "name for read": (
        'read -r -p "$P" "$X"',
        ["$P plain double text", "$X plain double foreign"],
    ),
    "name for printf": (
        "printf -v $X %s $Y",
        ["$X plain bare foreign", "$Y plain bare text"],
    ),
    "name for printf, joined": ("printf -v$X %s", ["$X plain bare foreign"]),
    "name for unset": ("unset -v '${X}'", ["${X} bound single foreign"]),
    "name for declare": (
        'f() { local "$X=$Y" b="$Z"; }',
        ["$X plain double foreign", "$Y plain double text", "$Z plain double text"],
    ),
    "name for export": ('export "$X=1"', ["$X plain double text"]),
    "name for test": (
        '[ -n "$Y" -a -v "$X" ]',
        ["$Y plain double text", "$X plain double foreign"],
    ),
    "name for double bracket": (
        "[[ -v $X && $Y ]]",
        ["$X plain bare foreign", "$Y plain bare text"],
    ),
    "name for wait": ('wait -n -p "$X"', ["$X plain double foreign"]),
    "array by its text": ('declare -a a="($X)"', ["$X plain double foreign"]),
    "array of words": ('declare -a a=("$X")', ["$X plain double text"]),
    "reference to a name": ('declare -n a="$X"', ["$X plain double foreign"]),
    "element for unset": ('unset "a[$X]"', ["$X plain double arithmetic"]),
    "element for read": ("read a[N]", ["N plain bare arithmetic"]),
    "element of a map": ('declare -A m; unset "m[$X]"', ["$X plain double foreign"]),
    "function": ("f() { echo ${a.b}; }; f", ["${a.b} bound bare text"]),
    "shell reads stdin": ("bash <<E\n$X\nE\n", ["$X plain here shell"]),
}


@pytest.mark.parametrize(
    ("source", "expected"),
    [each for each in CONTEXTS.values() if each[1] is not None],
    ids=[key for key, each in CONTEXTS.items() if each[1] is not None],
)
def test_each_context(source: str, expected: list[str]) -> None:
    assert seen(source) == expected


@pytest.mark.parametrize("source", [each[0] for each in CONTEXTS.values()])
def test_lines_keep_their_numbers(source: str) -> None:
    assert rendered(source).text.count("\n") == source.count("\n")


RENDERINGS = {
    "plain stays": ('echo ${X} "$Y" ${Z:-d}', 'echo ${X} "$Y" ${Z:-d}'),
    "bare": ("echo ${a.b}", "echo ${WFC_1}"),
    "double": ('echo "${a.b}"', 'echo "${WFC_1}"'),
    "single": ("f --i='${a.b}'", "f --i=''\"${WFC_1}\"''"),
    "ansi": ("f $'x${a.b}y'", "f $'x'\"${WFC_1}\"$'y'"),
    "lines": ("f '${X:-a\nb}'", "f ''\"${WFC_1}$(\n)\"''"),
    "same expression": ("f ${a.b} '${a.b}' ${c.d}", None),
    "here": ("cat <<E\n${a.b}\nE\n", "cat <<E\n${WFC_1}\nE\n"),
    "quoted here": (
        "cat <<'E'\n${a.b} $x `y` \\z\nE\n",
        "cat <<E\n${WFC_1} \\$x \\`y\\` \\\\z\nE\n",
    ),
    "odd delimiter": (
        "cat <<-'A B'\n\t${a.b}\n\tA B\n",
        "cat <<-WFC_END\n\t${WFC_1}\n\tWFC_END\n",
    ),
    "untouched quoted here": ("cat <<'E'\n$x\nE\n", "cat <<'E'\n$x\nE\n"),
    "nested word": ('f "${X:-${a.b}}"', 'f "${X:-${WFC_1}}"'),
    "program in double": ('sh -c "f ${X} ${a.b}"', 'sh -c "f \\${X} \\${WFC_1}"'),
    "program in single": ("sh -c 'f ${X} ${a.b}'", "sh -c 'f ${X} ${WFC_1}'"),
    "program bare": ("eval f ${X}", "eval f \\${X}"),
    "inner single": ("sh -c \"f '${X}'\"", "sh -c \"f ''\\\"\\${X}\\\"''\""),
    "inner single in single": (
        "sh -c 'f '\\''${X}'\\'''",
        "sh -c 'f '\\'''\\''\"${X}\"'\\'''\\'''",
    ),
    "inner comment": ('sh -c "# $X\nf"', 'sh -c "# \\$X\nf"'),
    "program in program": (
        "sh -c 'sh -c \"f ${X}\"'",
        "sh -c 'sh -c \"f \\${X}\"'",
    ),
    "program in backticks": (
        '`sh -c "f ${X}"`',
        '`sh -c "f \\\\${X}"`',
    ),
    "set by the text": ('X=1; sh -c "f ${X}"', 'X=1; sh -c "f ${X}"'),
    "set for the command": ('X=1 sh -c "f ${X}"', 'X=1 sh -c "f \\${X}"'),
    "arithmetic": ("f $((${a.b} + 1))", "f $((${WFC_1} + 1))"),
    "base ten": (
        "f $((10#$X + 10#${a.b}))",
        "f $((10#${X//[!0-9]/.} + 10#${WFC_1//[!0-9]/.}))",
    ),
    "base ten within": (
        'sh -c "f \\$((10#$X))"',
        'sh -c "f \\$((10#\\${X//[!0-9]/.}))"',
    ),
    "another base": ("f $((110#$X))", "f $((110#$X))"),
}


@pytest.mark.parametrize(
    ("source", "expected"),
    [each for each in RENDERINGS.values() if each[1] is not None],
    ids=[key for key, each in RENDERINGS.items() if each[1] is not None],
)
def test_each_rendering(source: str, expected: str) -> None:
    assert rendered(source).text == expected


def test_one_variable_for_equal_expressions() -> None:
    found = render(read("f ${a.b} '${a.b}' ${c.d}"), first=3)
    assert found.text == "f ${WFC_3} ''\"${WFC_3}\"'' ${WFC_4}"
    assert [each.name for each in found.bindings] == ["WFC_3", "WFC_4"]


@pytest.mark.parametrize(
    ("source", "integers"),
    [
        ("echo $((N+1))", ("N",)),
        ("N=2; echo $((N+1))", ()),
        ("read N; [[ $N -gt 1 ]]", ()),
        ("a || b\nif c; then d; fi # e\nN=$(f | g) # h\n(echo $((N)))", ()),
        ("export N=1; printf -v N 2; while a; do echo $((N)); done", ()),
        ("N=$N; N=1; echo $((N))", ()),
        ("bash -c 'N=1; echo $((N))'", ()),
        ("true && N=1; echo $((N))", ("N",)),
        ("COUNT=$((COUNT+1)); echo $((COUNT))", ("COUNT",)),
        ("for ((i=0; i<N; i++)); do echo $((i)); done", ("N",)),
        ("(( ${a.b} > 1 ))", ("WFC_1",)),
        ("echo $(( ${#N} + ${N:+1} )) $((${#N}+1)) ${v:${#N}} ${v: -1}", ()),
        ("declare -i y; y=${#N}; z=$N", ()),
        ("echo $((10#$N))", ()),
        ("echo $((10#${N:-1} + 8#$N))", ("N",)),
    ],
)
def test_integers(source: str, integers: tuple[str, ...]) -> None:
    found = tuple(
        name for name in rendered(source).integers if name not in ("i", "X", "Y")
    )
    assert found == integers


def test_exported() -> None:
    assert rendered('sh -c "f ${X} ${a.b}" "$Y"').exported == ("X", "WFC_1")


def test_assigned() -> None:
    text = read(
        "A=1; B+=x; for C in 1; do :; done; select D in x; do :; done; read -r -p x E F;"
        "local G=1 H; export I=2; readonly J=$X; printf -v K x; mapfile -t L; getopts ab M;"
        "let N=1; ((O=1)); ((P++)); for ((Q=0;;)); do :; done; a[1]=2; R=1 true"
    )
    assert text.assigned == {*"ABCDEFGIJKLMNOPQ", "a"}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("echo ${NAME", ["WFC305"]),
        ('echo "${NAME"', ["WFC305"]),
        ("echo ${X:-a", ["WFC305"]),
        ("echo ${X:", ["WFC305"]),
        ("eval [[ \\", []),
        ("echo '${NAME' # ${NAME", []),
        ("cat <<'E'\n${NAME\nE\n", []),
        ("echo $<a", ["WFC305"]),
        ("echo '$<a'", ["WFC305"]),
        ("echo ${a.b", ["WFC305"]),
        ("echo 'x", []),
        ("sh -c 'echo ${a.b}' \"", []),
    ],
)
def test_findings(source: str, expected: list[str]) -> None:
    assert codes(source) == expected


def reference(source: str, index: int = 0) -> ShellReference:
    return read(source).references[index]


def test_default_of_the_shell() -> None:
    found = as_shell_default(reference("echo ${X-default}"))
    assert found.plain
    assert isinstance(found.expression, Reference)
    assert found.expression.name == "X"
    assert isinstance(found.expression.default, Template)
    assert found.expression.default.parts == ("default",)
    quoted = reference("echo '${X-default}'")
    assert as_shell_default(quoted) is quoted


@pytest.mark.parametrize(
    ("source", "code", "hint"),
    [
        ('python -c "${X}"', "WFC303", 'os.environ["X"]'),
        ("perl -e '${X}'", "WFC303", "$ENV{X}"),
        ('ssh h "${X}"', "WFC303", "standard input"),
        ("echo ${!X}", "WFC303", "case"),
        ('read "$X"', "WFC303", "case"),
        ('declare -a a="$X"', "WFC303", "in parentheses"),
        ("awk '${X}'", "WFC304", "-v"),
        ("jq '${X}'", "WFC304", "--arg"),
    ],
)
def test_misplaced(source: str, code: str, hint: str) -> None:
    found = misplaced(reference(source))
    assert found is not None
    assert found.code == code
    assert hint in found.help


def test_data_is_not_misplaced() -> None:
    assert misplaced(reference("echo $X")) is None
    assert misplaced(reference("sh -c '${X}'")) is None


def test_words() -> None:
    assert words("a=$B_FILE # c1 2d\n'${e-f}'") == {*"aef", "B_FILE", "c1", "d"}


def test_load_files_is_one_line() -> None:
    assert "\n" not in load_files(["A", "B"])
    assert load_files([]) == ""
