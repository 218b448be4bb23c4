"""What the run time of Python targets does by itself is what the interpreter does."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.github.runtime.fan_out import split_items
from backends.python.runtime.attempts import as_text
from backends.python.runtime.dotenv import variables_in
from backends.python.runtime.outputs import printed_text
from backends.python.runtime.policies import pause_of, whole
from compiler.evaluate import Failure, whole_number
from compiler.interpreter import items as interpreted
from compiler.interpreter.dotenv import variables
from compiler.interpreter.schedule import pause_before_retry
from compiler.interpreter.values import read_output
from compiler.ir import Retry

LINES = st.text(alphabet="aA=1 \t#'\"\\n$export_\r\v", max_size=20)


@given(line=LINES | LINES.map(lambda text: f"A={text}"))
def test_lines_of_dotenv(line: str) -> None:
    def of(found: object) -> object:
        try:
            return list(found(line))  # type: ignore[operator]
        except ValueError as error:
            return str(error)

    assert of(variables_in) == of(variables)


@given(text=st.text(alphabet='ab[]", \n\t\r1{}:\xa0', max_size=20))
def test_items_of_a_text(text: str) -> None:
    assert split_items(text) == list(interpreted.split_items(text))


@given(
    interval=st.integers(0, 100),
    backoff=st.sampled_from((1.0, 2.0, 1.5, 1e300)),
    most=st.none() | st.integers(0, 50),
    tries=st.integers(1, 5),
)
def test_pauses(interval: int, backoff: float, most: int | None, tries: int) -> None:
    rule = Retry(limit=9, interval=interval, backoff=backoff, max_interval=most)
    limit = {} if most is None else {"most": most}
    found = pause_of(
        interval, backoff, tries - 1, **{"most": 10 * 365 * 86_400, **limit}
    )
    assert found == pause_before_retry(rule, tries, 1, False)


@given(content=st.binary(max_size=30), largest=st.integers(1, 20))
def test_values_of_outputs(
    content: bytes, largest: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "printed"
    path.write_bytes(content)

    def of(read: object) -> object:
        try:
            return read(path, largest)  # type: ignore[operator]
        except Failure as failure:
            return str(failure).replace("1 byte", "1 bytes").replace("bytess", "bytes")

    assert of(printed_text) == of(read_output)


@pytest.mark.parametrize("text", ["0", "7", "999999999", "1000000000", "01", "-1", ""])
def test_whole_numbers(text: str) -> None:
    expected = whole_number(text)
    if expected is None:
        with pytest.raises(Failure, match="`x` must be a whole number"):
            whole("x", text)
    else:
        assert whole("x", text) == expected


def test_a_text_without_its_secret() -> None:
    with pytest.raises(Failure, match="NUL"):
        as_text("a\0secret:K\0")


def test_parts_stand_in_their_order(tmp_path: Path) -> None:
    from backends.python.runtime.attempts import (
        HERE,
        Inside,
        Launch,
        Part,
        Result,
        Run,
        carried_out,
    )
    from backends.python.runtime.policies import continue_on, retry

    HERE.scratch, HERE.attempts, seen = tmp_path, 0, []

    def noted(name: str) -> Part:
        def part(run: Run) -> Run:
            def noting(launch: Launch) -> Result:
                seen.append(name)
                return run(launch)

            return noting

        return part

    def body(launch: Launch) -> Result:
        seen.append(launch.log)
        return Result(1)

    parts = [Inside(noted("in")), noted("out"), continue_on(codes=[1]), retry(1, 0)]
    result = carried_out(parts, body)(Launch())
    assert seen == ["out", "in", "1", "in", "2"]
    assert result == Result(1, ending="continued")
    assert HERE.attempts == 2
