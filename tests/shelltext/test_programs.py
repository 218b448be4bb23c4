"""Programs in shell texts: what is handed on to them, what is refused, what is data (R4)."""

from pathlib import Path

import pytest
from test_behaviour import run

from compiler.shelltext import parse
from compiler.source import Source

IN_FILTERS = {
    "single": "sed 's/a/${X}/' <<< a",
    "backticks": "echo \"`sed 's/a/${X}/' <<< a`\"",
    "inner": "bash -c \"sed 's/a/${X}/' <<< a\"",
    "inner dotted": "bash -c \"sed 's/a/${a.b}/' <<< a\"",
    "inner single": "bash -c 'sed \"s/a/${X}/\" <<< a'",
    "inner single single": "bash -c 'sed '\\''s/a/${X}/'\\'' <<< a'",
    "inner here": "bash <<E\nsed 's/a/${X}/' <<< a\nE\n",
    "inner awk": 'bash -c "awk \'BEGIN { print \\"${X}\\" }\'"',
    "eval": "eval \"sed 's/a/${X}/' <<< a\"",
    "quoted inner": "bash -c \"sed 's/a/'\\\"${X}\\\"'/' <<< a\"",
}


@pytest.mark.parametrize("value", ["'; touch pwned; '", "$(touch pwned)", "`touch p`"])
@pytest.mark.parametrize("source", IN_FILTERS.values(), ids=IN_FILTERS.keys())
def test_values_in_filters_are_no_shell_code(
    source: str, value: str, tmp_path: Path
) -> None:
    got = run(source, value, tmp_path)
    assert not list(tmp_path.iterdir())
    assert got.stdout.decode() == value + "\n"


PASTED = {
    "name": "bash -c \"cat <<'E'\n${X} $HOME\nE\n\"",
    "result": "bash -c \"cat <<'E'\n${a.b} $(echo 1)\nE\n\"",
    "operator": "bash -c \"cat <<'E'\n${X#p}\nE\n\"",
    "subshell": "(bash) <<E\necho ${X}\nE\n",
    "group": "{ bash; } <<E\necho ${X}\nE\n",
    "group and string": '{ bash; } <<< "echo ${X}"',
    "condition": "if bash; then :; fi <<E\necho ${X}\nE\n",
    "loop": "while read x; do bash; done <<E\necho ${X}\nE\n",
    "pipe of here": "cat <<E | bash\necho ${X}\nE\n",
    "pipe of quoted here": "cat <<'E' | bash\necho ${X}\nE\n",
    "pipe of string": 'cat <<< "echo ${X}" | bash',
    "pipe of echo": 'echo "echo ${X}" | bash',
    "pipe of printf": 'printf "echo %s" "${X}" | sudo sh -s',
    "pipe of several": 'true; (a; echo "echo ${X}") | tee f |\n { b; bash; }',
    "pipe of a group": "{ cat <<E\n${X}\nE\n} | (bash)",
    "pipe into python": 'echo "print(${X})" | python3 -',
    "pipe into ssh": 'echo "echo ${X}" | ssh host bash -s',
    "docker": 'docker run image sh -c "echo ${X}"',
    "docker's stdin": "docker exec -i image bash <<E\necho ${X}\nE\n",
    "env -S": 'env -S "printf ${X}"',
    "parallel": 'parallel echo "${X}" ::: a',
    "crontab": 'echo "* * * * * ${X}" | crontab -',
    "nice python": 'nice --adjustment 5 python3 -c "print(${X})"',
}
DATA = {
    "argument": 'echo "$X" | bash a.sh',
    "another pipe": 'echo "$X"; a | bash',
    "xargs": 'echo "$X" | xargs bash',
    "remote cat": 'echo "$X" | ssh host "cat > file"',
    "name of a shell": 'echo "$X" | grep bash -c',
    "own input": 'echo "$X" | bash < file',
    "url": 'curl "$X" | sh',
    "installed": 'apt install bash "$X"',
}


@pytest.mark.parametrize("source", DATA.values(), ids=DATA.keys())
def test_data_beside_a_program_is_data(source: str) -> None:
    text, _ = parse(source, Source("a.yaml", source).span)
    assert [each.place for each in text.references] == ["text"]


@pytest.mark.parametrize("source", PASTED.values(), ids=PASTED.keys())
def test_what_cannot_be_handed_on_is_refused(source: str) -> None:
    text, _ = parse(source, Source("a.yaml", source).span)
    assert {each.place for each in text.references} == {"foreign"}


def test_literal_dollars_stay_in_an_inner_quoted_here(tmp_path: Path) -> None:
    source = "bash -c 'cat <<\"E\"\n${X} $HOME `a` \\ \\\\ $(b)\nE\n'"
    assert run(source, "$x", tmp_path).stdout == b"$x $HOME `a` \\ \\\\ $(b)\n"


@pytest.mark.parametrize(
    ("value", "said"), [("007", b"7\n"), ("08", b"8\n"), ("-1", b""), ("a", b"")]
)
@pytest.mark.parametrize(
    "source",
    ["echo $((10#$X))", 'bash -c "echo \\$((10#${X}))"', "echo $((10#${a.b}))"],
)
def test_digits_behind_base_ten(
    source: str, value: str, said: bytes, tmp_path: Path
) -> None:
    got = run(source, value, tmp_path)
    assert (got.stdout, bool(got.returncode)) == (said, not said)
