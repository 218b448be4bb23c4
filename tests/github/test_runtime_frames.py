"""The run time of GitHub workflows: params, calls, fan-outs, secrets, files of jobs."""

import json
from pathlib import Path

import pytest
from runtime_job import Job


@pytest.fixture
def job(tmp_path: Path) -> Job:
    return Job(tmp_path)


# ---- params and env


def test_params_of_a_run(job: Job) -> None:
    job.environment()
    (job.work / ".env").write_text("export D='$x' # said\nX=dotenv\n")
    inputs = {"A": "given", "E": "", "F": "", "N": 2, "arg_1": "p"}
    words = [
        'inputs(names={"arg_1": "1"}, optional=["E"])',
        'dotenv(".env")',
        'A="default"',
        'B=concat(param("A"), "-", trim(backtick("printf %s \\"$A\\"")))',
        'E="empty"',
        'NONE=process("NONE")',
        'F="filled"',
        'N="1"',
        '1="x"',
        '2=concat(positional(1), "2")',
        'env.X=concat(process("X"), "+")',
        'env.Y=concat(variable("X"), param("B"))',
    ]
    assert job.run("begin", "", *words, WFC_INPUTS=json.dumps(inputs)) == 0
    assert job.outputs["status"] == "succeeded"
    text = 'echo "$NONE$A|$B|$E|$F|$N|$1|$2|$X|$Y|$D|$WFC_INPUTS"'
    job.run("step", "a", "capture()", text=text)
    assert job.record("a")["output"] == (
        "given|given-given|empty||2|p|p2|dotenv+|dotenv+given-given|$x|"
    )


def test_step_env_wins_over_words_over_params_over_env(job: Job) -> None:
    job.run("begin", "", 'A="param"', 'B="param"', 'env.A="env"', 'env.C="env"')
    words = ['B="word"', 'C="word"', 'own.C="own"', 'D=record("none")']
    job.run("step", "a", *words, "capture()", text='echo "$A $B $C $D"', D="process")
    assert job.record("a")["output"] == "param word own process"


def test_param_without_a_value(job: Job) -> None:
    word = 'A=reach(first(process("NONE")), "${NONE.x}", "NONE", "x")'
    assert job.run("begin", "", word) == 1
    assert job.outputs["status"] == "failed"
    assert "::error title=::params and env: `A`: no value for ${NONE.x}" in job.log
    assert job.run("step", "a", text="echo never > never") == 0
    assert not (job.work / "never").exists()
    assert job.run("verdict", "", 'steps=["a"]') == 1
    assert job.outputs == {"status": "failed"}


def test_precondition_of_a_workflow(job: Job) -> None:
    assert job.run("begin", "", 'A="x"', 'meets(test("[ $A = y ]"))') == 0
    assert job.outputs["status"] == "not_started"
    assert job.run("verdict", "", 'steps=["a"]') == 0
    assert job.outputs == {"status": "aborted"}
    words = ['on("cancel")', "capture()"]
    job.run("step", "handler-cancel", *words, text='echo "$DAG_RUN_STATUS"')
    assert job.record("handler-cancel")["output"] == "aborted"
    job.run("step", "handler-failure", 'on("failure")', text="true")
    assert not (job.temp / "wfc/out/steps/handler-failure.json").exists()
    words = ['steps=["a"]', 'handlers=["handler-cancel"]']
    assert job.run("summary", "", *words) == 0
    assert job.record("@run") == {"status": "aborted"}


def test_types_and_folder(job: Job) -> None:
    job.environment()
    (job.work / "sub").mkdir()
    fits = (
        'fits([entries({"N": [at_most(3)], "S": [max_length(1)]})], '
        '{"N": "integer", "S": "string"}, empty=["S"])'
    )
    job.run("begin", "", 'N=printed("integer", "1.0")', 'place("sub")', fits)
    words = ['NEXT=to_text(add(value_of("N", "integer"), 1))', "capture()"]
    job.run("step", "a", *words, text='echo "$N $NEXT ${PWD##*/}"')
    assert job.record("a")["output"] == "1 2 sub"


def test_params_that_do_not_fit(job: Job) -> None:
    fits = (
        'fits([entries({"N": [at_most(3)], "S": [max_length(1)]})], '
        '{"N": "integer", "S": "string"}, empty=["S"])'
    )
    words = ['N="1"', 'S=""', 'env.E=trim(backtick("echo never > never"))', fits]
    words += ['inputs(optional=["S"])']
    given = json.dumps({"N": 4, "S": "long"})
    assert job.run("begin", "", *words, WFC_INPUTS=given) == 1
    assert (
        "::error title=::params and env: param `N` is `4`, but must be at most 3; "
        "param `S` is `long`, but must have a length of at most 1" in job.log
    )
    assert job.outputs["status"] == "failed"
    assert not (job.work / "never").exists()
    given = json.dumps({"N": "x", "S": ""})
    assert job.run("begin", "", *words, WFC_INPUTS=given) == 1
    assert "param `N` is `x`, but must be a whole number" in job.log
    assert job.run("begin", "", *words, WFC_INPUTS='{"N": 3.0}') == 0
    job.run("begin_call", "c/", 'given.N="4"', *words)
    assert job.outputs == {"status": "failed", "begun": "true"}


# ---- calls

CALL_END = [
    'callee="child"',
    'steps=["a","b"]',
    'leaves={"b": "b"}',
    'outputs=[["K","a"],["L","b"]]',
    'params=["P","1"]',
    "capture()",
]


def test_call(job: Job) -> None:
    job.run("begin", "", 'P="outer"')
    words = ['named("child")', 'given.P=concat(param("P"), "!")', 'given.2="q"']
    job.run("begin_call", "c/", *words, 'P="default"', '1="one"')
    assert job.outputs == {"status": "succeeded", "begun": "true"}
    job.run("step", "c/a", "capture()", text='echo "$P $1 $2 $DAG_NAME"')
    job.run("step", "c/b", 'K=record("a")', "capture()", text='echo "[$K]"')
    assert job.run("result", "c", *CALL_END) == 0
    assert job.outputs == {"status": "succeeded"}
    record = (
        '{"name":"child","params":{"P":"outer!","1":"","2":"q"},"status":"succeeded",'
        '"outputs":{"K":"outer!  q child","L":"[outer!  q child]"}}'
    )
    assert job.ended("c") == ("succeeded", 1, 0, record)
    words = ['A=record("c")', 'B=output("c")', 'C=field("c", "exitCode")', "capture()"]
    job.run("step", "d", *words, text='echo "${#A} $B $C"')
    assert job.record("d")["output"] == f"{len(record)} [outer!  q child] 0"


def test_call_that_fails_with_handlers(job: Job) -> None:
    job.run("begin_call", "c/", "soft()")
    assert job.run("step", "c/a", "soft()", text="exit 3") == 0
    job.run("verdict", "c/", 'steps=["a"]')
    assert job.outputs == {"status": "failed"}
    job.run("step", "c/handler-failure", 'on("failure")', text="echo x > failed")
    job.run("step", "c/handler-success", 'on("success")', text="echo x > never")
    words = [*CALL_END[:-1], 'handlers=["handler-failure"]', "soft()"]
    assert job.run("result", "c", *words, "continue_on(failure=True)") == 0
    assert job.ended("c") == ("continued", 1, 1, None)
    assert (job.work / "failed").exists()
    assert not (job.work / "never").exists()


def test_call_is_skipped_by_its_own_condition_and_the_callee_s(job: Job) -> None:
    job.run("begin_call", "c/", 'when(line(lambda: "a", "b"))')
    assert job.outputs == {"status": "skipped"}
    assert job.ended("c") == ("skipped", 0, None, None)
    job.run("begin_call", "d/", 'meets(line(lambda: "a", "b"))')
    assert job.outputs == {"status": "skipped", "begun": "true"}
    job.run("result", "d", *CALL_END)
    assert job.ended("d")[0] == "skipped"


def test_arguments_and_params_without_a_value(job: Job) -> None:
    lost = 'reach(first(record("x")), "${X.y}", "X", "y")'
    assert job.run("begin_call", "c/", f"given.P={lost}") == 1
    assert job.outputs == {"status": "failed"}
    assert job.ended("c") == ("failed", 1, 1, None)
    assert job.run("begin_call", "d/", f"P={lost}") == 0
    assert job.outputs == {"status": "failed", "begun": "true"}
    assert job.run("result", "d", *CALL_END) == 1
    record = json.loads(str(job.record("d")["output"]))
    assert record["status"] == "failed"


def test_partial_success_goes_up(job: Job) -> None:
    job.run("begin_call", "c/")
    job.run("step", "c/a", "continue_on(failure=True)", text="exit 3")
    job.run("step", "c/b", text="true")
    job.run("result", "c", *CALL_END)
    assert job.ended("c")[:3] == ("succeeded", 1, 0)
    job.run("verdict", "", 'steps=["c"]')
    assert job.outputs == {"status": "partially_succeeded"}


def test_time_of_a_call(job: Job) -> None:
    limit = 'within("c/", 1, call=True)'
    job.run("begin_call", "c/", limit)
    job.run("step", "c/a", limit, text="sleep 60")
    assert job.ended("c/a") == ("aborted", 1, 143, None)
    job.run("verdict", "c/", 'steps=["a","b"]')
    assert job.outputs == {"status": "aborted"}
    job.run("result", "c", *CALL_END[:-1])
    assert job.ended("c") == ("failed", 1, 124, None)


def test_chosen_callee(job: Job) -> None:
    words = ['callee="x"', 'names={"x": 0, "y": 1}', 'shown=["x","y"]']
    job.run("choose", "c", *words)
    assert job.outputs == {"status": "succeeded", "callee": "0"}
    job.run("begin_call", "c/", "chosen(1)")
    assert job.outputs == {}
    job.run("begin_call", "c/", "chosen(0)")
    assert job.outputs == {"status": "succeeded", "begun": "true"}
    job.run("step", "c/a", "chosen(1)", text="echo x > never")
    assert not (job.work / "never").exists()
    job.run("step", "c/a", "chosen(0)", text="true")
    job.run("result", "c", "chosen(0)", *CALL_END)
    assert job.record("c")["callee"] == 0
    words[0] = 'callee="z"'
    assert job.run("choose", "d", *words) == 1
    assert job.ended("d") == ("failed", 1, 1, None)
    assert "no workflow `z`; candidates are: x, y" in job.log


# ---- fan-outs


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ('"[1, {\\"a\\": \\"b\\"}]"', [1, {"a": "b"}]),
        ('"a b\\n c \\n"', ["a b", "c"]),
        ('" a  b\\n"', ["a", "b"]),
        ('"[a b"', ["[a", "b"]),
        ('""', []),
        ('["x", from_json("[1]")]', ["x", [1]]),
    ],
)
def test_items(job: Job, source: str, found: list[object]) -> None:
    job.run("items", "m", f"items={source}", "width=3")
    assert job.record("m.items")["items"] == found
    slices = json.dumps(list(range(len(found))))
    assert job.outputs == {"status": "succeeded", "slices": slices, "width": "3"}


def test_fan_out(job: Job) -> None:
    job.run("items", "m", 'items=["a", "bad", "c", "skip"]', "width=3")
    words = ["ITEM=item()", "capture()", 'when(not_(line(lambda: item(), "skip")))']
    text = 'echo "[$ITEM]"; [ "$ITEM" != bad ] || exit 3'
    assert job.run("step", "m.*", *words, text=text) == 1
    assert job.outputs == {}
    assert job.ended("m.1") == ("failed", 1, 3, "[bad]")
    assert job.run("gather", "m", "capture()") == 1
    record = (
        '{"summary":{"total":4,"succeeded":2,"failed":1,"skipped":1},"results":['
        '{"item":"a","status":"succeeded","output":"[a]"},'
        '{"item":"bad","status":"failed","output":"[bad]"},'
        '{"item":"c","status":"succeeded","output":"[c]"},'
        '{"item":"skip","status":"skipped"}],"outputs":["[a]","[c]"]}'
    )
    assert job.ended("m") == ("failed", 1, 1, record)


def test_slices_of_items(job: Job) -> None:
    job.run("items", "m", f"items={json.dumps(list('x' * 300))}", "width=3")
    assert len(json.loads(job.outputs["slices"])) == 256
    job.run("step", "m.*", text="true", WFC_SLICE="3")
    assert job.record("m.3")["status"] == job.record("m.259")["status"] == "succeeded"
    assert not (job.temp / "wfc/out/steps/m.4.json").exists()


def test_items_that_cannot_be(job: Job) -> None:
    words = ['items="a"', 'width="0"']
    assert job.run("items", "m", *words, "continue_on(failure=True)") == 0
    assert job.outputs == {"status": "continued"}
    assert job.ended("m") == ("continued", 1, 1, None)
    assert "`maxConcurrent` must be a whole number" in job.log
    job.run("gather", "m")
    assert job.outputs == {"status": "continued"}


def test_no_items(job: Job) -> None:
    job.run("items", "m", 'items=""', "width=3")
    job.run("gather", "m", "capture()")
    empty = '{"summary":{"total":0,"succeeded":0,"failed":0,"skipped":0},'
    empty += '"results":[],"outputs":[]}'
    assert job.ended("m") == ("succeeded", 1, 0, empty)


def test_fan_out_of_calls_with_fan_outs(job: Job) -> None:
    job.run("items", "m", 'items=[from_json("{\\"P\\": \\"x y\\"}"), "z"]', "width=3")
    job.run("begin_call", "m.*/", 'named("child")', 'items_given("P")', 'P="p"', '1=""')
    job.run("items", "m.*/n", 'items=param("P")', "width=3")
    text = 'echo "$1<$ITEM>"'
    words = ["ITEM=item()", "capture()", 'after({"none": "aborted"})']
    job.run("step", "m.*/n.*", *words, text=text)
    job.run("gather", "m.*/n", "capture()")
    job.run("step", "m.*/b", 'K=record("n")', text="true")
    end = [*CALL_END[:1], 'steps=["n","b"]', 'leaves={"b":"b"}', 'outputs=[["K","n"]]']
    job.run("result", "m.*", *end, 'params=["P","1"]', "capture()")
    job.run("gather", "m", "of_calls()", "capture()")
    record = json.loads(str(job.record("m")["output"]))
    inner = json.loads(record["outputs"][0]["K"])
    assert inner["outputs"] == ["<x>", "<y>"]
    assert json.loads(record["outputs"][1]["K"])["outputs"] == ["z<p>"]


# ---- secrets


def test_secrets_are_in_no_file(job: Job) -> None:
    secret = 'a"b\nc\\d long'
    env = {"WFC_SECRET_KEY": secret}
    word = 'secret.S=secret_variable("KEY")'
    job.run("begin", "", word, 'env.E=concat("<", secret("S"), ">")', **env)
    words = [word, 'to_file("out", "o")', "keep_log()", "capture()"]
    job.run("step", "a", *words, text='printf %s "$S"; echo "$E" >&2', **env)
    job.run("items", "m", word, 'items=[record("a")]', "width=1", **env)
    job.run("step", "m.*", word, "ITEM=item()", "capture()", text='echo "$ITEM"', **env)
    job.run("gather", "m", "capture()")
    for path in (job.temp / "wfc" / "out").rglob("*"):
        if path.is_file():
            assert "long" not in path.read_text(), path
    assert (job.work / "o").read_text() == "***"
    words = ["hides()", 'A=record("m")', "capture()"]
    job.run("step", "b", *words, text='[ ${#A} -gt 90 ]; printf %s "$A" > r', **env)
    assert (job.work / "r").exists(), job.log
    record = json.loads((job.work / "r").read_text())
    assert record["outputs"] == [secret]
    job.run("step", "c", 'A=record("a")', text="true")
    assert job.ended("c")[0] == "failed"  # it has not the secret


def test_secret_that_is_not_set(job: Job) -> None:
    assert job.run("begin", "", 'secret.S=secret_variable("KEY")') == 1
    assert "secret `S`: the secret `KEY` is not set" in job.log


def test_secret_in_a_file(job: Job) -> None:
    job.environment()
    (job.work / "s").write_text("topsecret\n")
    word = 'secret.S=secret_file("s")'
    job.run("step", "a", word, "capture()", text='echo "$S" | tr a-z A-Z; echo $S')
    assert "::add-mask::topsecret" in job.log
    assert "topsecret" not in str(job.record("a")["output"])


# ---- files


def test_files_of_jobs(tmp_path: Path) -> None:
    one, two = Job(tmp_path / "1", name="one"), Job(tmp_path / "2", name="two")
    for job in (one, two):
        job.folder.mkdir()
        job.environment()
        (job.work / "old").write_text("old")
    one.run("unpack", ".")
    one.run("step", "a", text="mkdir d e; echo x > d/f; ln -s f d/l; chmod +x d/f")
    assert one.run("pack", ".", WFC_SLICE="3") == 0
    (two.temp / "wfc" / "in").parent.mkdir()
    (one.temp / "wfc" / "out").rename(two.temp / "wfc" / "in")
    two.run("unpack", ".", "one.*")
    assert (two.work / "d" / "f").read_text() == "x\n"
    assert (two.work / "d" / "l").is_symlink()
    assert (two.work / "e").is_dir()
    two.run("step", "b", 'after({"a": "succeeded"})', text="[ -x d/f ]; echo y > g")
    two.run("pack", ".")
    import tarfile

    with tarfile.open(two.temp / "wfc" / "out" / "two.tar") as tar:
        assert tar.getnames() == ["./g"]


def test_files_that_are_removed(tmp_path: Path) -> None:
    one, two = Job(tmp_path / "1", name="one"), Job(tmp_path / "2", name="two")
    for job in (one, two):
        job.folder.mkdir()
        job.environment()
        (job.work / "d" / "e").mkdir(parents=True)
        for name in ("a\nb", "d/e/f", "kept"):
            (job.work / name).write_text(name)
    one.run("unpack", ".")
    one.run("step", "a", text="rm -r d $'a\nb'; echo new > n; rm n")
    assert one.run("pack", ".") == 0
    (two.temp / "wfc" / "in").parent.mkdir()
    (one.temp / "wfc" / "out").rename(two.temp / "wfc" / "in")
    two.run("unpack", ".", "one")
    assert [path.name for path in two.work.iterdir()] == ["kept"]
    two.run("pack", ".")
    assert not (two.temp / "wfc" / "out" / "two.gone").exists()


def test_summary(job: Job) -> None:
    job.run("begin", "")
    job.run("step", "a", "soft()", text="exit 3")
    job.run("step", "b", text="true")
    assert job.run("summary", "", 'steps=["a","b"]') == 1
    lines = (job.temp / "summary").read_text().splitlines()
    assert lines[0] == "**failed**"
    assert lines[4:] == ["| a | failed | 1 | 3 |", "| b | succeeded | 1 | 0 |"]
