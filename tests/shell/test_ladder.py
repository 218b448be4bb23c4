"""Many calls within each other: their paths are longer than the system takes."""

from pathlib import Path

from scripts import run

DEPTH = 60
NAME = "a name of a hundred characters or so, and so on".ljust(100, ".")


def test_folders_of_a_path_above_4_kib(tmp_path: Path) -> None:
    documents = [
        f"name: level{place}\nparams: [N: 0]\nsteps:\n"
        f"  - name: {NAME}\n    run: level{place + 1}\n    params: {{N: '${{N}}{place}'}}\n"
        for place in range(DEPTH)
    ]
    last = f"name: level{DEPTH}\nparams: [N: 0]\nsteps:\n  - name: a\n    command: echo $N\n    output: N_AT_LAST\n"
    outcome, folder = run("---\n".join([*documents, last]), tmp_path)
    (path,) = (path for path in outcome.steps if path.endswith("/a"))
    assert len(path) > 4096
    assert outcome.status == "succeeded"
    assert outcome.steps[path].output == "0" + "".join(map(str, range(DEPTH)))
    assert list((folder / "steps").glob("*.deep"))
