"""The names that mean something everywhere, and those that nobody may give."""

SPECIAL_VARIABLES = (
    "DAG_NAME",
    "DAG_RUN_ID",
    "DAG_RUN_STEP_NAME",
    "DAG_RUN_STEP_STDOUT_FILE",
    "DAG_RUN_STEP_STDERR_FILE",
    "DAG_RUN_LOG_FILE",
    "DAG_RUN_STATUS",
)
ITEM = "ITEM"
STEP_FIELDS = ("output", "exitCode", "status", "stdout", "stderr")
# Names that bash sets itself or that change how it reads: nobody else may define them.
BASH_NAMES = frozenset(
    [
        "UID",
        "EUID",
        "PPID",
        "BASHOPTS",
        "SHELLOPTS",
        "BASH_VERSINFO",
        "IFS",
        "OPTIND",
        "OPTARG",
        "LINENO",
        "RANDOM",
        "SECONDS",
        "FUNCNAME",
        "DIRSTACK",
        "GROUPS",
        "BASHPID",
        "BASH_COMMAND",
        "BASH_SUBSHELL",
        "SRANDOM",
        "EPOCHSECONDS",
        "EPOCHREALTIME",
        "PIPESTATUS",
        "_",
    ]
)


def is_reserved(name: str) -> bool:
    """Is `name` bash's or wfc's own, so that nothing may define or set it?"""
    ours = name in SPECIAL_VARIABLES or name.startswith(("WFC_", "wfc_"))
    return ours or name in BASH_NAMES
