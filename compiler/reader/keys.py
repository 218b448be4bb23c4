"""The keys of each map of a workflow file: all spellings, and which are refused."""

from typing import NamedTuple


class Keys(NamedTuple):
    """The keys of one kind of map. `spellings`: as written -> the name used from here on.

    `later` are keys of the language that this version does not read, `misplaced` keys
    that have no meaning in this map, with the reason; `where` completes "unknown key in".
    """

    where: str
    spellings: dict[str, str]
    later: frozenset[str]
    misplaced: dict[str, str]


def snake_case(key: str) -> str:
    """The spelling of Dagu 2.

    >>> snake_case("maxActiveSteps")
    'max_active_steps'
    """
    if key.islower():
        return key  # as most are
    return "".join(f"_{it.lower()}" if it.isupper() else it for it in key)


def _keys(
    where: str,
    known: str,
    aliases: str = "",
    later: str = "",
    misplaced: dict[str, str] | None = None,
) -> Keys:
    """`known`: names; `aliases`: `alias=name` words; all in camelCase."""
    spellings: dict[str, str] = {}
    pairs = [(name, name) for name in known.split()]
    pairs += [(alias, name) for alias, _, name in map(_pair, aliases.split())]
    for spelling, name in pairs:
        spellings[spelling] = spellings[snake_case(spelling)] = name
    refused = later.split()
    reasons = misplaced or {}
    return Keys(
        where,
        spellings,
        frozenset([*refused, *map(snake_case, refused)]),
        {**reasons, **{snake_case(key): reasons[key] for key in reasons}},
    )


def _pair(word: str) -> tuple[str, str, str]:
    return word.partition("=")


# What a workflow has around its params and steps, if it has it.
_SURROUNDINGS = (
    "schedule skipIfSuccessful restartWaitSec queue queues maxActiveRuns secrets files "
    "workspace preconditions dotenv workingDir logDir group histRetentionDays "
    "histRetentionRuns maxOutputSize maxCleanUpTimeSec mailOn errorMail infoMail smtp "
    "logOutput"
)
SURROUNDINGS = frozenset(_SURROUNDINGS.split())
WORKFLOW = _keys(
    "a workflow",
    "name description tags type params env steps handlerOn maxActiveSteps timeoutSec "
    f"delaySec shell {_SURROUNDINGS}",
    "labels=tags precondition=preconditions",
    "template compose triggers connections stores eventHandlers",
)
# What few steps have.
_RARE = "stdout stderr repeatPolicy signalOnStop mailOnError logOutput"
RARE = frozenset(_RARE.split())
# What says that another program does a step's work.
_SERVICE = "executor type config container"
SERVICE = frozenset(_SERVICE.split())
_BOTH = (
    "description command script exec run params candidates parallel shell dir env output "
    f"preconditions retryPolicy timeoutSec {_RARE} {_SERVICE}"
)
_STEP_ALIASES = "call=run workingDir=dir precondition=preconditions with=config"
_STEP_LATER = (
    "files secrets python generate "
    "emits publish compensate saga mapReduce pipeline stateMachine"
)
STEP = _keys(
    "a step", f"name id depends continueOn queue {_BOTH}", _STEP_ALIASES, _STEP_LATER
)
HANDLER = _keys(
    "a handler",
    _BOTH,
    _STEP_ALIASES,
    _STEP_LATER,
    {
        "name": "a handler is named by its kind",
        "id": "nothing can refer to a handler",
        "depends": "a handler has no order: it runs when all steps have ended",
        "continueOn": "nothing depends on a handler",
        "queue": "a handler waits for no queue",
    },
)
# A key of one of these that stands in the other has slipped out of its place.
ELSEWHERE = (WORKFLOW, STEP)
OUTPUT = _keys("`output`", "name")
EXEC = _keys("`exec`", "command args")
SCHEDULE = _keys("`schedule`", "start stop restart")
SECRET = _keys(
    "a secret",
    "name provider key",
    misplaced={"default": "a secret stands in no file, so it has no default"},
)
PARALLEL = _keys("`parallel`", "items maxConcurrent")
HANDLER_ON = _keys("`handlerOn`", "init success failure cancel exit", "abort=cancel")
CONTINUE_ON = _keys(
    "`continueOn`", "failure skipped exitCode output markSuccess", "failed=failure"
)
RETRY = _keys("`retryPolicy`", "limit intervalSec exitCode backoff maxIntervalSec")
REPEAT = _keys(
    "`repeatPolicy`",
    "repeat condition expected exitCode limit intervalSec backoff maxIntervalSec",
)
CONDITION = _keys("a condition", "condition command expected negate")
TYPED_PARAM = _keys(
    "a param with a type",
    "name type default required description title enum const minimum maximum "
    "exclusiveMinimum exclusiveMaximum multipleOf minLength maxLength pattern format "
    "items minItems maxItems uniqueItems properties additionalProperties minProperties "
    "maxProperties examples anyOf allOf oneOf not",
)

# ---- services, and mails about runs

EXECUTOR = _keys("`executor`", "type config", "with=config")
PLAIN = _keys("`config` of a shell", "")
JQ = _keys("`config` of jq", "raw")
HTTP = _keys(
    "`config` of http",
    "timeout headers query body silent json skipTLSVerify debug",
    "skipTlsVerify=skipTLSVerify",
)
_CONTAINERS = "image env user workingDir"
DOCKER = _keys(
    "`config` of docker",
    f"{_CONTAINERS} containerName pull platform autoRemove container host network exec "
    "volumes ports entrypoint",
    "pullPolicy=pull",
)
DOCKER_CONTAINER = _keys("`container` of docker", "env user workingDir cmd entrypoint")
DOCKER_EXEC = _keys("`exec` of docker", "user workingDir env")
DOCKER_HOST = _keys("`host` of docker", "binds networkMode")
CONTAINER = _keys(
    "`container`",
    f"{_CONTAINERS} name exec pull platform ports volumes network keepContainer "
    "entrypoint",
    "pullPolicy=pull containerName=name",
)
SSH = _keys(
    "`config` of ssh",
    "host user port key strictHostKey knownHostFile shell",
    "ip=host strictHostKeyChecking=strictHostKey",
)
MAIL = _keys("`config` of mail", "from to subject message attachments", "body=message")
SMTP = _keys("`smtp`", "host port username password")
NOTICE = _keys("a mail about runs", "from to prefix attachLogs")
MAIL_ON = _keys("`mailOn`", "failure success")
