"""The short way to read a text of plain commands finds what the scanner finds."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compiler.ir import ShellReference
from compiler.shelltext.parse import _reference
from compiler.shelltext.plain import read_plain
from compiler.shelltext.scan import scan_text
from compiler.source import Source


def scanned(source: str) -> tuple[ShellReference, ...]:
    """What the scanner finds in `source`, which sets no name and has nothing wrong."""
    scan = scan_text(source, Source("a.yaml", source).span)
    assert not scan.diagnostics
    assert not scan.assigned
    found = [each for site in scan.sites if (each := _reference(site)) is not None]
    return tuple(sorted(found, key=lambda each: (each.start, -each.end)))


def plain(source: str) -> tuple[ShellReference, ...] | None:
    return read_plain(source, Source("a.yaml", source).span)


READ = [
    "make",
    'cp "$A" ${B}',
    './load.sh --into=$A "${step.outputs.K[0].k}/x" ${a-b}',
    "curl -s \"$A\" | sort -u > ${B} 2>&1 && echo 'done: $A' || exit 1",
    'echo \'it\'"\'"\'s\' "say \\"$A\\" \\$A" it$A',
    "mkdir -p out\ncp $A \\\n  out/$B\n\nls -l; pwd &\n",
    'echo "$1" $# $$A $? "$@" ${A}x',
    "dd if=$A of=/dev/null <$B >>log &> all",
    "$A/bin/${B} -x",
    "echo {a,b}$A * ? ~ ] a#b {} !",
    "run table.sh shell sh-mem x.python",
    "python3 train.py ${A} --data=$B # $A\n# ${B}\nnode x.js >$A;# it's\nbash run.sh $A",
    "  # $A\n\n  printf '%s\\n' \"$A\" 2>/dev/sh",
    "run a\r#$A",
    "env B=1 sudo -u $A nohup ./x.sh",
]
LEFT = [
    "sh -c $A",
    's"h" -c $A',
    "flock lock /bin/sh -c $A",
    "nice 'bash' -c $A",
    "echo x | python3.11 -c $A",
    "$SHELL -c $A",
    "A=1 cmd $A",
    "a[$A]=1",
    "read A",
    "for A in b; do echo $A; done",
    "if true; then x=1; fi",
    "then x=$A",
    "! x=$A",
    "echo $(ls) $A",
    "echo `ls $A`",
    "echo $((A + 1))",
    "(echo $A)",
    "cat <<E\n$A\nE\n",
    "cat <<<$A",
    "cat ># $A",
    "2>&1 A=1",
    "{ echo $A",
    "bash <$A",
    "printf -v B $A",
    "python -c $A",
    "echo '${A}'",
    "echo '$<A>'",
    "echo $'a' $A",
    'echo $"a" $A',
    "echo ${A:-b}",
    "echo ${A#b} ${#A} ${1}",
    'echo ${A["k"]}',
    "echo $<A>",
    'echo "$A',
    "echo '$A",
    "echo \\$A",
    '"s\\\nh" -c $A',
    "echo $A;;",
    "echo $A |& cat",
    "cmd <(ls $A)",
    "awk $A",
    "case $A in x) ;; esac",
    "function f",
    ". /dev/stdin $A",
    "[ $A ]",
]


@pytest.mark.parametrize("source", READ)
def test_a_text_of_plain_commands(source: str) -> None:
    assert plain(source) == scanned(source)
    assert plain(source) is not None


@pytest.mark.parametrize("source", LEFT)
def test_any_other_text_is_left_to_the_scanner(source: str) -> None:
    assert plain(source) is None


PIECES = st.sampled_from(
    [
        *(
            "echo ",
            "ls ",
            "x",
            "sh",
            " sh ",
            "./load.sh ",
            "python",
            "3.11",
            "-c",
            "env ",
        ),
        *(
            " ",
            "\t",
            "\n",
            "\\\n",
            ";",
            "&",
            "|",
            "&&",
            "||",
            ">",
            "<",
            ">>",
            "2>&1",
            "&>",
        ),
        *(
            "$A",
            "${A}",
            "${A.k}",
            "${A[0]}",
            "${a-b}",
            "$1",
            "$$",
            "$",
            "$@",
            "${A:-x}",
        ),
        *(
            '"',
            '"',
            "'",
            "'",
            "\\",
            "\\$",
            '\\"',
            "`",
            "#",
            "=",
            "A=",
            "[",
            "]",
            "{",
            "}",
        ),
        *(
            "!",
            "(",
            ")",
            "*",
            "~",
            "in",
            "if ",
            "then ",
            "case ",
            "for ",
            "time ",
            "/",
            ".",
        ),
        *("$(", "$<A>", "é", "\r", "$SHELL", "read ", "<<E\n", "E\n", "function "),
    ]
)
USUAL = st.sampled_from(
    [
        *(
            "echo ",
            "ls ",
            "./load.sh ",
            "x",
            "-c ",
            "--a=b ",
            " ",
            " ",
            " ",
            "\\\n",
            "s",
        ),
        *(
            '"$A"',
            '"a $A ${B.k}"',
            "$A",
            "${B}",
            "'a b'",
            '"',
            "'",
            "h",
            "sh",
            "/",
            "$1",
        ),
        *(" | ", " && ", "; ", "\n", " > ", " 2>&1", "<", "{", "=", "\\$", "python3 "),
    ]
)


@settings(max_examples=2000, deadline=None)
@given(
    st.one_of(
        st.lists(PIECES, max_size=12).map("".join),
        st.lists(USUAL, max_size=12).map(lambda words: "echo " + "".join(words)),
    )
)
def test_any_text(source: str) -> None:
    found = plain(source)
    if found is not None:
        assert found == scanned(source)
