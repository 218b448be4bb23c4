"""A program to start -> its process, the leader of a group of its own.

`posix_spawn` and not `subprocess`: it takes a third less of this process's time for each
program, and of a run of short steps that time is a good part.
"""

import os
import signal
from collections.abc import Iterator, Mapping, Sequence

# Python ignores these, and programs would inherit that.
_IGNORED = [
    getattr(signal, name) for name in ("SIGPIPE", "SIGXFSZ") if hasattr(signal, name)
]


class Spawner:
    """Starts programs, of the main thread only. Until `close` no descriptor is inherited
    but the three that a program is given, not even those that the caller left open.
    """

    def __init__(self) -> None:
        self._null = os.open(os.devnull, os.O_RDONLY)
        # Only as a place to come back to: with O_PATH it need not be readable.
        self._here = os.open(".", getattr(os, "O_PATH", os.O_RDONLY))
        self._inheritable = list(_inheritable())
        _let_inherit(self._inheritable, False)

    def close(self) -> None:
        _let_inherit(self._inheritable, True)
        os.close(self._here)
        os.close(self._null)

    def start(
        self,
        argv: Sequence[str],
        directory: str | os.PathLike[str],
        environment: Mapping[str, str],
        stdout: int,
        stderr: int,
    ) -> int:
        """The id of the new process, in `directory`, with nothing on its stdin. Raises
        OSError, ValueError."""
        files = [
            (os.POSIX_SPAWN_DUP2, self._null, 0),
            (os.POSIX_SPAWN_DUP2, stdout, 1),
            (os.POSIX_SPAWN_DUP2, stderr, 2),
        ]
        refusal: OSError | None = None
        # posix_spawn has no folder to start in: the process gets that of this one.
        os.chdir(directory)
        try:
            for path in _places(argv[0], environment):
                try:
                    return os.posix_spawn(
                        path,
                        list(argv),
                        environment,
                        file_actions=files,
                        setpgroup=0,
                        setsigdef=_IGNORED,
                    )
                except (FileNotFoundError, NotADirectoryError) as error:
                    missing = error
                except OSError as error:
                    refusal = refusal or error
        finally:
            os.fchdir(self._here)
        raise refusal or missing


def _places(program: str, environment: Mapping[str, str]) -> Iterator[str]:
    """Where `program` may be, one place at least: as `execvp` has it, by the PATH of
    `environment`."""
    if "/" in program:
        yield program
        return
    *places, last = (
        os.path.join(folder, program) for folder in os.get_exec_path(environment)
    )
    yield from filter(os.path.lexists, places)
    yield last


def _inheritable() -> Iterator[int]:
    """The descriptors above the standard three that programs would inherit."""
    for descriptor in _open_descriptors():
        try:
            if descriptor > 2 and os.get_inheritable(descriptor):
                yield descriptor
        except OSError:  # of the listing itself, or never open
            continue


def _open_descriptors() -> Sequence[int]:
    try:
        return list(map(int, os.listdir("/dev/fd")))
    except OSError:
        return range(os.sysconf("SC_OPEN_MAX"))


def _let_inherit(descriptors: Sequence[int], inherit: bool) -> None:
    for descriptor in descriptors:
        try:
            os.set_inheritable(descriptor, inherit)
        except OSError:  # closed meanwhile
            continue
