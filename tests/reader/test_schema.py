"""The reader and grammar/workflow.schema.json accept the same files."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from compiler.ir import Json
from compiler.reader import read
from compiler.reader.events import parse
from compiler.reader.keys import (
    CONDITION,
    CONTAINER,
    CONTINUE_ON,
    DOCKER,
    DOCKER_CONTAINER,
    DOCKER_EXEC,
    DOCKER_HOST,
    EXEC,
    EXECUTOR,
    HANDLER,
    HANDLER_ON,
    HTTP,
    JQ,
    MAIL,
    MAIL_ON,
    NOTICE,
    OUTPUT,
    PARALLEL,
    REPEAT,
    RETRY,
    SCHEDULE,
    SECRET,
    SMTP,
    SSH,
    STEP,
    TYPED_PARAM,
    WORKFLOW,
    Keys,
)
from compiler.reader.nodes import ListNode, MapNode, Node, ScalarNode
from compiler.reader.scalars import kind_of, number
from compiler.source import Source

SCHEMA = json.loads(
    (Path(__file__).parents[2] / "grammar" / "workflow.schema.json").read_text("utf-8")
)
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)

STEP_A = "steps: [{name: a, command: b}]\n"


def with_step(keys: str) -> str:
    """A workflow with one step that has these keys, in flow style."""
    return f"steps: [{{name: a, {keys}}}]\n"


def with_command(keys: str) -> str:
    return with_step(f"command: b, {keys}")


def with_run(keys: str) -> str:
    return with_step(f"run: b, {keys}")


def cron(text: str) -> str:
    return f"schedule: '{text}'\n"


ACCEPTED = {
    "one step": STEP_A,
    "name only": "name: a",
    "no value for anything": "params:\nenv:\nsteps:\nhandlerOn:\ntags:\ntype:\n",
    "all of a workflow": "name: a.b-c_1\ndescription: d\ntags: x\ntype: graph\nparams: p\n"
    "env: {A: b}\nhandlerOn: {exit: {command: x}}\nmaxActiveSteps: 2\ntimeoutSec: 3\n"
    + STEP_A,
    "snake case": "max_active_steps: 2\ntimeout_sec: 3\nhandler_on: {abort: {command: x}}",
    "labels": "labels: [a, b]",
    "tags as text": "tags: a, b",
    "tags with a number": "tags: [1, x]",
    "name that is a number": "name: 2024",
    "params as text": "params: one K=v",
    "params as a map": "params: {K: v, L: 1, M: null, N: [1, {a: b}], O: true}",
    "params as maps": "params: [{K: v}, {L: 1, M: 2}]",
    "params as words": "params: [one, K=v, 3]",
    "params named name": "params: {name: x, schema: y, type: z}",
    "params as an empty list": "params: []",
    "params of Dagu 2": "params: [{name: x, type: integer, required: true}, one, {K: v}]",
    "params with descriptions": "params: [{name: x, default: a, description: d}]",
    "params without a type": "params: [{name: x, type: , min_length: 1}]",
    "params as a schema": "params: {type: object, properties: {x: {type: string}}}",
    "params with a schema": "params: {schema: {properties: {x: {}}}, values: {x: 1}}",
    "params with values only": "params: {values: {x: 1}}",
    "params named schema": "params: {schema: x}",
    "env as a map": "env: {A: b, C: null}",
    "env as maps": "env: [{A: b}, {C: 1}]",
    "env as texts": "env: [A=b, C=]",
    "steps as a map": "steps: {a: {command: b}, 'c d': {script: e}}",
    "empty steps": "steps: []",
    "all of a step": with_command(
        "id: i, description: d, shell: bash, dir: /tmp, env: [A: b], depends: [], "
        "output: X, preconditions: test, continueOn: failed, timeoutSec: 1, "
        "retryPolicy: {limit: 1, intervalSec: 2}"
    ),
    "snake case in a step": with_command(
        "working_dir: /tmp, continue_on: {exit_code: 1, mark_success: true}, "
        "retry_policy: {limit: 1, interval_sec: 2, max_interval_sec: 3}, timeout_sec: 1"
    ),
    "working dir": with_command("workingDir: a"),
    "command as a list": with_step("command: [echo, a b, 1, '']"),
    "command that is true": with_step("command: true"),
    "script": with_step("script: echo"),
    "script and command": with_step("script: echo, command: python3 -u"),
    "script and command list": with_step("script: echo, command: [python3, -u]"),
    "script and shell": with_step("script: echo, shell: zsh"),
    "null beside a script": with_step("script: echo, command: , shell: "),
    "depends text": with_command("depends: b"),
    "depends list": with_command("depends: [b, 1]"),
    "output with dollar": with_command("output: $X"),
    "condition text": with_command("preconditions: test -f x"),
    "condition list": with_command("preconditions: [a, {command: b}]"),
    "condition map": with_command("precondition: {condition: a, expected: 1}"),
    "condition of an empty text": with_command(
        "preconditions: {condition: '', expected: ''}"
    ),
    "condition turned around": with_command(
        "preconditions: {condition: a, negate: true}"
    ),
    "no conditions": with_command("preconditions: []"),
    "continue on skipped": with_command("continueOn: skipped"),
    "continue on nothing": with_command("continueOn: {}"),
    "continue on all": with_command(
        "continueOn: {failed: true, skipped: false, exitCode: [0, 255, '7'], "
        "output: [a, 're:b'], markSuccess: true}"
    ),
    "continue on output text": with_command("continueOn: {output: a}"),
    "retry with all": with_command(
        "retryPolicy: {limit: '3', intervalSec: 0, exitCode: 1, backoff: 1.5, "
        "maxIntervalSec: 0}"
    ),
    "retry with true": with_command(
        "retryPolicy: {limit: 3, intervalSec: 1, exitCode: [1, 2], backoff: true}"
    ),
    "retry by references": with_command(
        "retryPolicy: {limit: $N, intervalSec: '`echo 3`'}"
    ),
    "files of a step": with_command(
        "stdout: 'a/${X}', stderr: b, signalOnStop: SIGINT"
    ),
    "signal without SIG": with_command("signal_on_stop: QUIT"),
    "repeat": with_command("repeatPolicy: {repeat: true, intervalSec: 3, limit: 0}"),
    "repeat while": with_command(
        "repeat_policy: {repeat: while, condition: a, interval_sec: 3, limit: $N, "
        "backoff: true, max_interval_sec: 9}"
    ),
    "repeat until": with_command(
        "repeatPolicy: {repeat: until, exitCode: [0, 7], limit: '`echo 3`'}"
    ),
    "repeat by a value": with_command("repeatPolicy: {condition: '', expected: ''}"),
    "repeat by a code": with_command("repeatPolicy: {exit_code: 1}"),
    "no repetition": with_command("repeatPolicy: {repeat: false}"),
    "repeat of nothing": with_command("repeatPolicy: {repeat: , exitCode: , limit: 3}"),
    "repeat of a call": with_run("repeatPolicy: {repeat: true}, stdout: x"),
    "around the steps": "preconditions: [a, {condition: b, expected: c}]\n"
    "dotenv: [.env, a/b]\nworkingDir: a\nlogDir: 'b/${X}'\ngroup: g\n"
    "histRetentionDays: -1\nhistRetentionRuns: 1\nmaxOutputSize: '5'\n"
    "maxCleanUpTimeSec: 0\nskipIfSuccessful: true\nrestartWaitSec: 3\n"
    "schedule: {start: 0 6 * * *, restart: 0 7 * * *}\n",
    "nothing around the steps": "precondition:\ndotenv:\nworkingDir:\nlogDir:\n"
    "group:\nhistRetentionDays:\nhistRetentionRuns:\nmaxOutputSize:\n"
    "maxCleanUpTimeSec:\nskipIfSuccessful:\nrestartWaitSec:\n",
    "times without a schedule": "skip_if_successful: true\nrestart_wait_sec: 3\n",
    "init": "handlerOn: {init: {command: a, repeatPolicy: {repeat: true}}}",
    "steps of all kinds": "steps: [a b, 5, {command: c}, {name: , script: d}, [e, {run: f}]]",
    "output as a map": with_command("output: {name: $X, key: a, omit: true}"),
    "tags as a map": "labels: {a: b, c: 1}",
    "tags as an empty map": "tags: {}",
    "shell of a workflow": "shell: bash -x",
    "shell as a list": "shell: [zsh, -e, '']\n" + with_command("shell: [bash, '-e']"),
    "exec": with_step("exec: {command: a, args: [b, 1, '', $X]}"),
    "exec without words": with_step("exec: {command: a, args: }"),
    "log output": "logOutput: separate\n" + with_command("log_output: merged"),
    "what is left out": "otel: a\nrun_config: b\nworkerSelector: {a: b}\nwebhook:\n"
    "artifacts: {}\ndisableQueue: true\n" + with_command("worker_selector: [a]"),
    "plain executor": with_command("executor: shell"),
    "plain executor with nothing": with_command("type: command, config: {}"),
    "executor of no name": with_command("executor: ''"),
    "executor of a call": with_run("type: dag"),
    "null executor": with_command("executor: , type: , with: , container: "),
    "jq": with_step("executor: jq, command: .a, script: '{}'"),
    "jq with settings": with_step(
        "executor: {type: jq, config: {raw: true}}, command: .a, script: '${X}'"
    ),
    "jq of Dagu 2": with_step("type: jq, with: {raw: }, command: 1, script: 1"),
    "jq for each item": with_command("parallel: [1], type: jq, script: $ITEM"),
    "http": with_step("type: http, command: GET http://h"),
    "http with all": with_step(
        "type: http, command: [GET, 'http://h'], config: {timeout: '3', "
        "headers: {A: b, C: [d, 1]}, query: [a=b, {c: d}], body: '', silent: true, "
        "json: false, skip_tls_verify: true, debug: }"
    ),
    "docker": with_step("type: docker, config: {image: a}"),
    "docker in a container": with_step(
        "executor: {type: docker, with: {container_name: a, exec: {user: b}}}, "
        "command: [c, '']"
    ),
    "docker with all": with_command(
        "type: docker, config: {image: a, containerName: b, pull: false, platform: c, "
        "autoRemove: false, container: {env: [A=b], cmd: d, working_dir: /}, "
        "host: {binds: [/a:/b], networkMode: host}, network: n, volumes: /a:/b, "
        "ports: ['1:2'], user: 1, entrypoint: [e, f]}"
    ),
    "container": with_command("container: alpine"),
    "container without a command": with_step("container: {image: a, env: {A: 1}}"),
    "container that runs": with_command("container: {exec: a, workingDir: /x}"),
    "container that stays": with_step(
        "container: {image: a, name: b, keep_container: true, pull_policy: always}"
    ),
    "ssh": with_command("type: ssh, config: {host: a}"),
    "ssh with all": with_step(
        "type: ssh, script: b, shell: sh, config: {ip: a, user: b, port: 22, key: k, "
        "strictHostKeyChecking: false, known_host_file: f, shell: bash -e}"
    ),
    "mail": with_step("type: mail, with: {from: a, to: b}"),
    "mail with all": with_step(
        "type: mail, with: {from: a, to: [b, c], subject: '', body: x, "
        "attachments: [d]}"
    ),
    "mails about runs": "smtp: {host: a, port: 25, username: b, password: $C}\n"
    "mailOn: {failure: true, success: }\nerrorMail: {from: a, to: [b], prefix: '', "
    "attachLogs: true}\ninfo_mail: {from: a, to: b}\n"
    + with_command("mailOnError: true"),
    "service as a named step": "steps: {a: {container: b}}",
    "service as a handler": "handlerOn: {exit: {type: mail, with: {from: a, to: b}, "
    "mail_on_error: false}}",
    "octal number": "timeoutSec: 0o17",
    "number as text": "timeoutSec: '17'",
    "all handlers": "handlerOn: {success: {command: a}, failure: {command: a}, "
    "cancel: {script: a}, exit: {command: [a], env: {B: c}, timeoutSec: 1}}",
    "handler without value": "handlerOn: {exit: }",
    "call": with_step("call: b"),
    "run of a number": with_step("run: 1"),
    "all of a call": with_run(
        "params: 'A=1', candidates: [c], output: X, queue: q, env: {A: b}, dir: c, "
        "shell: bash, continueOn: {output: x}, timeoutSec: 1"
    ),
    "params of a call as text": with_run("params: A=x b"),
    "params of a call as a map": with_run("params: {A: [1, null], B: }"),
    "params of a call as a list": with_run("params: [{A: 1}, B=2, c, {D: }]"),
    "params of a call with the names of types": with_run(
        "params: [{name: x, type: y}, {schema: {a: b}, values: {c: d}}]"
    ),
    "params of a call without a value": with_run("params: "),
    "params null beside a command": with_command("params: , candidates: "),
    "candidate": with_step("run: $X, candidates: c"),
    "parallel as text": with_command("parallel: a b"),
    "parallel as a list": with_command("parallel: [a, 1, '', {b: null}, [c, null]]"),
    "null items": with_command("parallel: [null, ~]"),
    "parallel as an empty list": with_command("parallel: []"),
    "parallel without a value": with_command("parallel: "),
    "parallel as a map": with_command("parallel: {items: $X, maxConcurrent: 3}"),
    "parallel as a map with a list": with_run(
        "parallel: {items: [a], max_concurrent: '3'}"
    ),
    "width by a reference": with_command("parallel: {items: a, maxConcurrent: $N}"),
    "width by an expression": with_command(
        "parallel: {items: a, maxConcurrent: '$<len(X)>'}"
    ),
    "width by a braced reference": with_command(
        "parallel: {items: a, maxConcurrent: '${a-b.c}'}"
    ),
    "width by a param": "params: a b\n"
    + with_command("parallel: {items: a, maxConcurrent: $2}"),
    "width without a value": with_command("parallel: {items: a, maxConcurrent: }"),
    "handlers that call": "handlerOn: {exit: {run: b, params: A=1}, "
    "failure: {command: c, parallel: [1]}}",
    "named step that calls": "steps: {a: {call: b, candidates: , queue: q}}",
    "queue of a step": with_command("queue: light jobs"),
    "all around a workflow": "queue: a b\nqueues: {a b: 2, '1': '3'}\n"
    "maxActiveRuns: -1\ndelaySec: 2\nschedule: {start: 0 6 * * *}\n"
    "secrets: [{name: A, provider: env}]\nworkspace: isolated\nfiles: bin/*.sh\n",
    "nothing around a workflow": "queue:\nqueues:\nmaxActiveRuns:\ndelaySec:\n"
    "schedule:\nsecrets:\nworkspace:\nfiles:\n",
    "snake case around a workflow": "max_active_runs: '0'\ndelay_sec: '0'\n",
    "queue that is a number": "queue: 1\nqueues: {}",
    "schedule": cron("* * * * *"),
    "schedule with all forms": cron(
        "0,30 0-23/2 */5,1-31 jan,Feb-DEC,1-12/3 MON-fri,0,7,SUN"
    ),
    "schedule with a start and a step": cron("5/10 00 01 09 0/2"),
    "schedule with a zone": cron("CRON_TZ=Europe/Paris 0 6 * * *"),
    "schedule with another zone": cron("TZ=Etc/GMT+1  0 6 * * *"),
    "schedule with spaces": cron(" 0  6 * * * "),
    "schedules": "schedule: [0 6 * * *, 0 7 * * *]",
    "schedule of nothing": "schedule: []",
    "schedule of all": "schedule: {start: [0 6 * * *], stop: 0 7 * * *, "
    "restart: [0 8 * * *, 0 9 * * *]}",
    "schedule with a null stop": "schedule: {start: [], stop: }",
    "secrets": "secrets: [{name: A, provider: env, key: B}, "
    "{name: C, provider: file, key: d/e f}, {name: true, provider: env, key: }]",
    "no secrets": "secrets: []",
    "files": "files: [./run.sh, 'data/**', a..b, 1, ...]",
    "no files": "files: []",
    "merge key": "handlerOn: {success: &s {command: a}, exit: {<<: *s, dir: b}}",
    "json": '{"name": "a", "steps": [{"name": "b", "command": ["c", "d"]}]}',
}

REFUSED = {
    "empty map": "{}",
    "text": "abc",
    "list": "- a",
    "unknown key": "nane: a",
    "extension key": "x-a: b",
    "name with a space": "name: a b",
    "name that is a path": "name: ..",
    "long name": "name: " + "a" * 201,
    "empty name": "name: ''",
    "name as a list": "name: [a]",
    "description as a map": "description: {a: b}",
    "null tag": "tags: [a, null]",
    "both spellings": "tags: a\nlabels: b",
    "both cases": "timeoutSec: 1\ntimeout_sec: 1",
    "unknown type": "type: agent",
    "param with a bad name": "params: {a-b: c}",
    "param of wfc": "params: {WFC_X: c}",
    "param of bash": "params: [{IFS: c}]",
    "param null in a list": "params: [null]",
    "params of a type that is none": "params: [{name: x, type: int, default: 1}]",
    "params with a slip": "params: [{name: x, type: integer, minimun: 1}]",
    "params with a bound that is none": "params: [{name: x, minimum: low}]",
    "params as a schema of another type": "params: {type: array, properties: {x: {}}}",
    "params as a schema with a bad name": "params: {type: object, properties: {a-b: {}}}",
    "params with a schema that is none": "params: {schema: {a: 1}}",
    "params with values that are none": "params: {schema: {properties: {}}, values: 1}",
    "env as text": "env: A=b",
    "env with a word": "env: [A]",
    "env with a bad name": "env: ['1A=b']",
    "env with a special variable": "env: {DAG_NAME: x}",
    "env null in a list": "env: [null]",
    "steps as text": "steps: a",
    "null step": "steps: [null]",
    "null step in a map": "steps: {a: }",
    "step with an empty name": "steps: [{name: ' ', command: b}]",
    "step with a name of two lines": 'steps: [{name: "a\\nb", command: b}]',
    "step named twice": "steps: {a: {name: b, command: c}}",
    "long name of a step": f"steps: [{{name: {'a' * 201}, command: b}}]",
    "long key of a step": f"steps: {{{'a' * 201}: {{command: b}}}}",
    "step without a body": "steps: [{name: a}]",
    "step with a null body": with_step("command: "),
    "run beside a command": with_command("run: b"),
    "call beside a script": with_step("script: b, call: c"),
    "run and call": with_run("call: b"),
    "run of an empty text": with_step("run: ''"),
    "run of a list": with_step("run: [a]"),
    "null run": with_step("run: "),
    "params without run": with_command("params: a"),
    "params beside a null run": with_command("params: a, run: "),
    "params beside nothing": with_step("params: a"),
    "candidates without run": with_command("candidates: a"),
    "params of a call with a bad name": with_run("params: {a-b: c}"),
    "params of a call with a reserved name": with_run("params: [{UID: c}]"),
    "null in the params of a call": with_run("params: [null]"),
    "list in the params of a call": with_run("params: [[a]]"),
    "no candidates": with_run("candidates: []"),
    "empty candidate": with_run("candidates: ['']"),
    "candidates as a map": with_run("candidates: {a: b}"),
    "null candidate": with_run("candidates: [null]"),
    "parallel of nothing": with_step("parallel: [a]"),
    "empty parallel": with_command("parallel: ''"),
    "parallel as an empty map": with_command("parallel: {}"),
    "parallel without items": with_command("parallel: {maxConcurrent: 1}"),
    "parallel with null items": with_command("parallel: {items: }"),
    "parallel with an unknown key": with_command("parallel: {items: x, foo: y}"),
    "items as a map": with_command("parallel: {items: {a: b}}"),
    "empty items": with_command("parallel: {items: ' '}"),
    "width of 0": with_command("parallel: {items: a, maxConcurrent: 0}"),
    "width below 0": with_command("parallel: {items: a, maxConcurrent: -1}"),
    "width as a word": with_command("parallel: {items: a, maxConcurrent: abc}"),
    "width with zeros": with_command("parallel: {items: a, maxConcurrent: 03}"),
    "width of '0'": with_command("parallel: {items: a, maxConcurrent: '0'}"),
    "width as a fraction": with_command("parallel: {items: a, maxConcurrent: 1.5}"),
    "width as a list": with_command("parallel: {items: a, maxConcurrent: [1]}"),
    "width of true": with_command("parallel: {items: a, maxConcurrent: true}"),
    "both widths": with_command(
        "parallel: {items: a, maxConcurrent: 1, max_concurrent: 1}"
    ),
    "handler in a queue": "handlerOn: {exit: {command: a, queue: b}}",
    "handler that calls and runs": "handlerOn: {exit: {command: a, run: b}}",
    "empty queue": "queue: ' '",
    "queue of two lines": 'queue: "a\\nb"',
    "long queue": f"queue: {'a' * 201}",
    "queue as a list": "queue: [a]",
    "empty queue of a step": with_command("queue: ''"),
    "queues as a list": "queues: [a]",
    "queue of size 0": "queues: {a: 0}",
    "queue without a size": "queues: {a: }",
    "queue of a size that is a word": "queues: {a: many}",
    "size of a queue without a name": "queues: {'': 1}",
    "runs below -1": "maxActiveRuns: -2",
    "runs as '-1'": "maxActiveRuns: '-1'",
    "runs as a word": "maxActiveRuns: one",
    "delay below 0": "delaySec: -1",
    "both delays": "delaySec: 1\ndelay_sec: 1",
    "schedule of a number": "schedule: 5",
    "schedule of a flag": "schedule: true",
    "empty schedule": "schedule: ''",
    "empty schedule in a list": "schedule: ['']",
    "null schedule in a list": "schedule: [null]",
    "schedule of four fields": cron("* * * *"),
    "schedule of six fields": cron("0 * * * * *"),
    "schedule by name": cron("@daily"),
    "schedule by an interval": cron("@every 5m"),
    "minute 60": cron("60 * * * *"),
    "hour 24": cron("0 24 * * *"),
    "day 0": cron("0 0 0 * *"),
    "day 32": cron("0 0 32 * *"),
    "month 13": cron("0 0 * 13 *"),
    "month of another name": cron("0 0 * MAI *"),
    "weekday 8": cron("0 0 * * 8"),
    "weekday by its whole name": cron("0 0 * * MONDAY"),
    "weekday of another alphabet": cron("0 0 * * \u017fun"),
    "month where a weekday belongs": cron("0 0 * * JAN"),
    "step of 0": cron("*/0 * * * *"),
    "step of nothing": cron("*/ * * * *"),
    "step of a word": cron("*/a * * * *"),
    "two steps": cron("*/2/3 * * * *"),
    "range without an end": cron("1- * * * *"),
    "range of three": cron("1-2-3 * * * *"),
    "range of a star": cron("*-5 * * * *"),
    "list with a hole": cron("1,,2 * * * *"),
    "question mark": cron("0 0 ? * *"),
    "last day": cron("0 0 L * *"),
    "number of many digits": cron("005 * * * *"),
    "reference in a schedule": cron("${M} * * * *"),
    "zone without a schedule": cron("CRON_TZ=Europe/Paris"),
    "zone without a name": cron("CRON_TZ= 0 6 * * *"),
    "zone that is none": cron("TZ=../etc 0 6 * * *"),
    "schedule as an empty map": "schedule: {}",
    "schedule with a null start": "schedule: {start: }",
    "schedule with another key": "schedule: {end: 0 6 * * *}",
    "schedule with a bad stop": "schedule: {start: 0 6 * * *, stop: x}",
    "secrets as a map": "secrets: {A: env}",
    "secret as text": "secrets: [A]",
    "null secret": "secrets: [null]",
    "secret without a name": "secrets: [{provider: env}]",
    "secret with a null name": "secrets: [{name: , provider: env}]",
    "secret without a provider": "secrets: [{name: A}]",
    "secret of an unknown provider": "secrets: [{name: A, provider: vault}]",
    "secret with a reserved name": "secrets: [{name: DAG_NAME, provider: env}]",
    "secret with a bad name": "secrets: [{name: a-b, provider: env}]",
    "secret whose name is a number": "secrets: [{name: 1, provider: env}]",
    "secret with a default": "secrets: [{name: A, provider: env, default: b}]",
    "secret with options": "secrets: [{name: A, provider: env, options: {}}]",
    "secret with an empty key": "secrets: [{name: A, provider: file, key: ''}]",
    "secret with a bad variable": "secrets: [{name: A, provider: env, key: b-c}]",
    "secret whose variable is a number": "secrets: [{name: A, provider: env, key: 1}]",
    "secret with a list as key": "secrets: [{name: A, provider: file, key: [b]}]",
    "absolute file": "files: /etc/passwd",
    "absolute file, hidden": "files: [.//etc/passwd]",
    "file above": "files: [a/../../b]",
    "file above, hidden": "files: [./..]",
    "folder as a file": "files: [./]",
    "folder of the workflow": "files: .",
    "empty file": "files: ['']",
    "files as a map": "files: {a: b}",
    "null file": "files: [null]",
    "unknown workspace": "workspace: none",
    "workspace as a list": "workspace: [shared]",
    "docker without an image": with_command("executor: docker"),
    "docker of nothing": with_command("type: docker, config: {env: {A: b}}"),
    "docker in a container without a command": with_step(
        "type: docker, config: {containerName: a}"
    ),
    "docker with another pull": with_step("type: docker, config: {image: a, pull: no}"),
    "docker that stays without a name": with_step(
        "type: docker, config: {image: a, autoRemove: false}"
    ),
    "docker with a memory": with_step(
        "type: docker, config: {image: a, host: {memory: 1}}"
    ),
    "docker with a bad variable": with_step(
        "type: docker, config: {image: a, env: {'A B': c}}"
    ),
    "docker beside a script": with_step("type: docker, config: {image: a}, script: b"),
    "unknown executor": with_command("executor: dokcer"),
    "executor of Dagu": with_command("type: s3"),
    "executor without a type": with_command("executor: {config: {}}"),
    "executor of a list": with_command("executor: [jq]"),
    "executor and a type": with_command("executor: shell, type: shell"),
    "both settings": with_command("type: shell, config: {}, with: {}"),
    "settings without a type": with_command("config: {}"),
    "settings of a shell": with_command("type: shell, config: {a: b}"),
    "call that calls nothing": with_command("type: dag"),
    "jq without an input": with_command("type: jq"),
    "jq without a query": with_step("type: jq, script: a"),
    "jq with words": with_step("type: jq, command: [a], script: b"),
    "jq with other settings": with_step(
        "type: jq, command: a, script: b, config: {rw: true}"
    ),
    "http without a request": with_step("type: http"),
    "http with a script": with_command("type: http, script: '{}'"),
    "http with three words": with_step("type: http, command: [GET, a, b]"),
    "http with a bad header": with_step(
        "type: http, command: [GET, a], config: {headers: {'A B': c}}"
    ),
    "http with a null header": with_step(
        "type: http, command: [GET, a], config: {headers: {A: }}"
    ),
    "http with a word as header": with_step(
        "type: http, command: [GET, a], config: {headers: [A]}"
    ),
    "http with a time as text": with_step(
        "type: http, command: [GET, a], config: {timeout: 5s}"
    ),
    "container and an executor": with_command("container: a, executor: docker"),
    "container and a script": with_step("container: a, script: b"),
    "container and a call": with_step("container: a, run: b"),
    "container of nothing": with_command("container: {env: {A: b}}"),
    "container that runs without a command": with_step("container: {exec: a}"),
    "container with a start": with_step("container: {image: a, startup: command}"),
    "container of an empty text": with_command("container: ''"),
    "ssh without a host": with_command("type: ssh, config: {user: a}"),
    "ssh with a password": with_command("type: ssh, config: {host: a, password: b}"),
    "ssh without a text": with_step("type: ssh, config: {host: a}"),
    "ssh with words": with_step("type: ssh, config: {host: a}, command: [b]"),
    "mail without a sender": with_step("type: mail, with: {to: b}"),
    "mail to nobody": with_step("type: mail, with: {from: a, to: []}"),
    "mail with a command": with_command("type: mail, with: {from: a, to: b}"),
    "server without a name": "smtp: {port: 25}",
    "server as text": "smtp: localhost",
    "mail about runs to nobody": "errorMail: {from: a}",
    "mail about runs from nobody": "infoMail: {to: a}",
    "mail of a waiting run": "mailOn: {wait: true}",
    "mail on a word": "mailOn: failure",
    "both mails": "error_mail: {from: a, to: b}\nerrorMail: {from: a, to: b}",
    "mail on error of yes": with_command("mailOnError: yes"),
    "handler with no request": "handlerOn: {exit: {type: http}}",
    "named step with no request": "steps: {a: {type: http}}",
    "empty command": with_step("command: ''"),
    "blank command": with_step("command: '  '"),
    "empty list as command": with_step("command: []"),
    "null word": with_step("command: [a, null]"),
    "list in a command": with_step("command: [[a]]"),
    "map as command": with_step("command: {a: b}"),
    "list as script": with_step("script: [a]"),
    "empty script": with_step("script: ''"),
    "shell beside a list": with_step("command: [a], shell: bash"),
    "shell and command beside a script": with_step("script: a, command: b, shell: c"),
    "shell with a reference": with_command("shell: $SHELL"),
    "empty shell": with_command("shell: ''"),
    "empty dir": with_command("dir: ''"),
    "two dirs": with_command("dir: a, workingDir: b"),
    "bad id": with_command("id: 1a"),
    "reserved id": with_command("id: env"),
    "depends as a map": with_command("depends: {a: b}"),
    "depends with null": with_command("depends: [null]"),
    "depends on nothing": with_command("depends: ''"),
    "output with a bad name": with_command("output: a-b"),
    "output with a reserved name": with_command("output: $UID"),
    "empty condition": with_command("preconditions: ''"),
    "null condition in a list": with_command("preconditions: [null]"),
    "condition without a value": with_command("preconditions: {expected: a}"),
    "condition of nothing": with_command("preconditions: {}"),
    "condition with null": with_command("preconditions: {condition: a, expected: }"),
    "condition and command": with_command("preconditions: {condition: a, command: b}"),
    "command and expected": with_command("preconditions: {command: a, expected: b}"),
    "empty command as condition": with_command("preconditions: {command: ''}"),
    "condition with a list": with_command("preconditions: {condition: [a]}"),
    "condition with a word": with_command("preconditions: {condition: a, not: b}"),
    "negate with yes": with_command("preconditions: {command: a, negate: yes}"),
    "continue on success": with_command("continueOn: success"),
    "continue on a list": with_command("continueOn: [failed]"),
    "continue on exitCodes": with_command("continueOn: {exitCodes: [1]}"),
    "continue on 256": with_command("continueOn: {exitCode: 256}"),
    "continue on '256'": with_command("continueOn: {exitCode: ['256']}"),
    "continue on both": with_command("continueOn: {failed: true, failure: true}"),
    "continue on yes": with_command("continueOn: {failure: yes}"),
    "continue on an empty text": with_command("continueOn: {output: ''}"),
    "retry as a number": with_command("retryPolicy: 3"),
    "retry without interval": with_command("retryPolicy: {limit: 3}"),
    "retry with null limit": with_command("retryPolicy: {limit: , intervalSec: 1}"),
    "retry without limit": with_command("retryPolicy: {intervalSec: 3}"),
    "retry below 0": with_command("retryPolicy: {limit: -1, intervalSec: 1}"),
    "retry by a word": with_command("retryPolicy: {limit: a, intervalSec: 1}"),
    "file of an empty text": with_command("stdout: ''"),
    "file as a list": with_command("stderr: [a]"),
    "unknown signal": with_command("signalOnStop: SIGNAL"),
    "signal in small letters": with_command("signalOnStop: sigint"),
    "signal as a number": with_command("signalOnStop: 2"),
    "repeat as a flag": with_command("repeatPolicy: true"),
    "repeat for ever": with_command("repeatPolicy: {repeat: forever}"),
    "repeat yes": with_command("repeatPolicy: {repeat: yes}"),
    "repeat 1": with_command("repeatPolicy: {repeat: 1}"),
    "repeat while nothing": with_command("repeatPolicy: {repeat: while, limit: 1}"),
    "repeat until nothing": with_command("repeatPolicy: {repeat: until, exitCode: }"),
    "repeat until, and not": with_command("repeatPolicy: {repeat: false, exitCode: 1}"),
    "repeat by both": with_command("repeatPolicy: {condition: a, exitCode: 1}"),
    "repeat expecting": with_command("repeatPolicy: {expected: a}"),
    "repeat expecting null": with_command("repeatPolicy: {condition: a, expected: }"),
    "repeat by an empty command": with_command("repeatPolicy: {condition: ''}"),
    "repeat with negate": with_command("repeatPolicy: {condition: a, negate: true}"),
    "repeat below 0": with_command("repeatPolicy: {repeat: true, limit: -1}"),
    "repeat of a word": with_command("repeatPolicy: {repeat: true, limit: a}"),
    "repeat of each item": with_command("parallel: a, repeatPolicy: {repeat: true}"),
    "empty condition of a workflow": "preconditions: ''",
    "empty dotenv": "dotenv: ''",
    "dotenv with a reference": "dotenv: [$HOME/.env]",
    "dotenv with a command": "dotenv: '`pwd`/.env'",
    "empty working dir": "workingDir: ' '",
    "log dir as a list": "logDir: [a]",
    "group as a list": "group: [a]",
    "history below -1": "histRetentionDays: -2",
    "history of a fraction": "histRetentionDays: 0.5",
    "history of no run": "histRetentionRuns: 0",
    "outputs without room": "maxOutputSize: 0",
    "outputs of a size in words": "maxOutputSize: 1MB",
    "clean-up below 0": "maxCleanUpTimeSec: -1",
    "skip if yes": "skipIfSuccessful: yes",
    "both conditions of a workflow": "preconditions: a\nprecondition: b",
    "group within a group": "steps: [[[a]]]",
    "empty group": "steps: [[]]",
    "null in a group": "steps: [[null]]",
    "empty text as a step": "steps: ['']",
    "text as a named step": "steps: {a: echo}",
    "group as a named step": "steps: {a: [echo]}",
    "output without a name": with_command("output: {key: a}"),
    "output of a null name": with_command("output: {name: }"),
    "output with another key": with_command("output: {name: X, as: a}"),
    "null label": "labels: {a: }",
    "no shell": "shell: direct",
    "no shell in a list": with_command("shell: [direct]"),
    "shell as an empty list": "shell: []",
    "shell of a workflow with a reference": "shell: [bash, $X]",
    "exec as a list": with_step("exec: [a]"),
    "exec of nothing": with_step("exec: {args: [a]}"),
    "exec of an empty text": with_step("exec: {command: ''}"),
    "exec with a text of words": with_step("exec: {command: a, args: b}"),
    "exec with a null word": with_step("exec: {command: a, args: [null]}"),
    "exec beside a command": with_command("exec: {command: a}"),
    "exec beside a call": with_run("exec: {command: a}"),
    "exec beside a shell": with_step("exec: {command: a}, shell: bash"),
    "unknown log output": "logOutput: both",
    "key of Dagu in a workflow": "llm: {}",
    "key of Dagu in a step": with_command("approval: {}"),
    "key of Dagu among handlers": "handlerOn: {wait: {command: a}}",
    "backoff of 1": with_command("retryPolicy: {limit: 1, intervalSec: 1, backoff: 1}"),
    "backoff as text": with_command(
        "retryPolicy: {limit: 1, intervalSec: 1, backoff: '2'}"
    ),
    "negative timeout": "timeoutSec: -1",
    "timeout with a fraction": "timeoutSec: 1.5",
    "timeout with zeros": "timeoutSec: 0755",
    "timeout as text": "timeoutSec: 5m",
    "limit as a reference": "maxActiveSteps: ${N}",
    "huge limit": "maxActiveSteps: 1000000000",
    "handlers as a list": "handlerOn: [{command: a}]",
    "handler as text": "handlerOn: {exit: echo}",
    "handler with depends": "handlerOn: {exit: {command: a, depends: b}}",
    "handler with a name": "handlerOn: {exit: {command: a, name: b}}",
    "handler with an id": "handlerOn: {exit: {command: a, id: b}}",
    "handler with continueOn": "handlerOn: {exit: {command: a, continue_on: failed}}",
    "handler without a body": "handlerOn: {exit: {dir: a}}",
    "cancel and abort": "handlerOn: {cancel: {command: a}, abort: {command: a}}",
    "unknown handler": "handlerOn: {always: {command: a}}",
}

# The schema accepts these: it sees values, not how they are written or what a text means.
ONLY_THE_READER = {
    "names in the text form": ("params: 1a=x", "WFC107"),
    "reserved names in the text form": ("params: [WFC_X=1]", "WFC210"),
    "an unclosed quote in shell": (with_command("shell: bash 'x"), "WFC107"),
    "an unclosed quote in command": (
        with_step('script: a, command: "x \'y"'),
        "WFC107",
    ),
    "a whole number written with a fraction": ("timeoutSec: 2.0", "WFC105"),
    "a name that only its sign spoils": ("name: +5", "WFC107"),
    "an argument that is passed twice": (with_run("params: [A=1, {A: 2}]"), "WFC213"),
    "a slip in the text form of a call": (with_run("params: A="), "WFC107"),
    "a reference to a candidate": (
        with_step("run: $X, candidates: ['${Y}']"),
        "WFC107",
    ),
    "a reference to a queue": ("queue: ${X}", "WFC107"),
    "a reference to the queue of a step": (with_command("queue: '$<X>'"), "WFC107"),
    "a reference to a size": ("queues: {'${X}': 1}", "WFC107"),
    "a reference to a file": ("files: ['${X}/*']", "WFC107"),
    "a reference to the file of a secret": (
        "secrets: [{name: A, provider: file, key: '${X}'}]",
        "WFC107",
    ),
    "a range backwards": (cron("30-10 * * * *"), "WFC107"),
    "a range of weekdays backwards": (cron("* * * * FRI-SUN"), "WFC107"),
    "a width of an escape": (
        with_command("parallel: {items: a, maxConcurrent: '$${X}'}"),
        "WFC105",
    ),
    "a width of a param that is not there": (
        with_command("parallel: {items: a, maxConcurrent: $1}"),
        "WFC105",
    ),
    "an item without a value": (
        "steps:\n- name: a\n  command: b\n  parallel:\n  - a\n  -\n",
        "WFC105",
    ),
    "a request of one word": (with_step("type: http, command: GET"), "WFC107"),
    "another machine's program that is no shell": (
        with_command("type: ssh, config: {host: a, shell: python3}"),
        "WFC107",
    ),
    "an item that is none in JSON": (with_command("parallel: [[.inf]]"), "WFC107"),
    "a number that is none in JSON": ("params: {A: [.inf]}", "WFC107"),
}


def plain(text: str) -> Json:
    """What a schema sees of a YAML text: the reader's nodes as values."""
    (root,), findings = parse(Source("workflow.yaml", text))
    assert not findings, findings
    return _plain(root)


def _plain(node: Node) -> Json:
    match node:
        case ListNode():
            return [_plain(item) for item in node.items]
        case MapNode():
            return {key: _plain(value) for key, (_, value) in node.entries.items()}
        case ScalarNode():
            match kind_of(node):
                case "null":
                    return None
                case "boolean":
                    return node.text.lower() == "true"
                case "integer" | "float":
                    return number(node.text)
                case "text":
                    return node.text


def errors(text: str) -> list[str]:
    _, findings = read(Source("workflow.yaml", text))
    return [each.code for each in findings if each.severity == "error"]


@pytest.mark.parametrize("text", ACCEPTED.values(), ids=ACCEPTED)
def test_accepted_by_both(text: str) -> None:
    assert errors(text) == []
    assert [error.message for error in VALIDATOR.iter_errors(plain(text))] == []


@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_refused_by_both(text: str) -> None:
    assert errors(text) != []
    assert not VALIDATOR.is_valid(plain(text))


@pytest.mark.parametrize(
    ("text", "code"), ONLY_THE_READER.values(), ids=ONLY_THE_READER
)
def test_what_a_schema_cannot_say(text: str, code: str) -> None:
    assert errors(text) == [code]
    assert VALIDATOR.is_valid(plain(text))


@pytest.mark.parametrize(
    ("keys", "schema"),
    [
        (WORKFLOW, SCHEMA),
        (STEP, SCHEMA["$defs"]["step"]),
        (STEP, SCHEMA["$defs"]["namedStep"]),
        (HANDLER, SCHEMA["$defs"]["handler"]),
        (HANDLER_ON, SCHEMA["$defs"]["handlerOn"]),
        (CONTINUE_ON, SCHEMA["$defs"]["continueOn"]["anyOf"][1]),
        (RETRY, SCHEMA["$defs"]["retryPolicy"]),
        (EXEC, SCHEMA["$defs"]["exec"]),
        (OUTPUT, SCHEMA["$defs"]["output"]["anyOf"][1]),
        (REPEAT, SCHEMA["$defs"]["repeatPolicy"]),
        (CONDITION, SCHEMA["$defs"]["condition"]["anyOf"][1]),
        (PARALLEL, SCHEMA["$defs"]["parallel"]["anyOf"][1]),
        (SCHEDULE, SCHEMA["$defs"]["schedule"]["anyOf"][1]),
        (SECRET, SCHEMA["$defs"]["secret"]),
        (JQ, SCHEMA["$defs"]["jqConfig"]),
        (HTTP, SCHEMA["$defs"]["httpConfig"]),
        (DOCKER, SCHEMA["$defs"]["dockerConfig"]),
        (DOCKER_CONTAINER, SCHEMA["$defs"]["dockerContainer"]),
        (DOCKER_EXEC, SCHEMA["$defs"]["dockerExec"]),
        (DOCKER_HOST, SCHEMA["$defs"]["dockerHost"]),
        (CONTAINER, SCHEMA["$defs"]["container"]["anyOf"][1]),
        (SSH, SCHEMA["$defs"]["sshConfig"]),
        (MAIL, SCHEMA["$defs"]["mailConfig"]),
        (SMTP, SCHEMA["$defs"]["smtp"]),
        (NOTICE, SCHEMA["$defs"]["notice"]),
        (MAIL_ON, SCHEMA["$defs"]["mailOn"]),
        (EXECUTOR, SCHEMA["$defs"]["executor"]["anyOf"][1]),
        (TYPED_PARAM, SCHEMA["$defs"]["typedParam"]),
    ],
    ids=lambda value: value.where if isinstance(value, Keys) else "",
)
def test_same_spellings(keys: Keys, schema: dict[str, dict[str, object]]) -> None:
    assert set(schema["properties"]) == set(keys.spellings)


def test_every_definition_is_described() -> None:
    for name, definition in SCHEMA["$defs"].items():
        assert definition["title"], name
        assert definition["description"], name


def test_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"


# ---- files that nobody thought of

WORDS: st.SearchStrategy[Any] = st.sampled_from(
    [
        "a",
        "yes",
        "5",
        "05",
        "256",
        "chain",
        "failed",
        "skipped",
        "A=b",
        "$X",
        "X",
        "IFS",
        "WFC_A",
        "re:x",
    ]
) | st.sampled_from(("", " ", "a b", True, False, None, 0, 1, 255, -1, 1.5))
NUMBERS = st.sampled_from((0, 1, "3", 255, 256, -1, 1.5, None, True))
TIMES = st.sampled_from(
    ("* * * * *", "0 6 * * MON", "60 * * * *", "@daily", "TZ=UTC 0 6 1 * *", "", 5)
)
FLAGS = st.sampled_from((True, False, None, "yes"))
NAMES = st.sampled_from(
    [
        "A",
        "B",
        "a-b",
        "name",
        "type",
        "schema",
        "values",
        "default",
        "properties",
        "condition",
        "expected",
        "limit",
    ]
)
ANYTHING = st.recursive(
    WORDS,
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=5,
)


def maps(keys: Keys, **likely: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Maps with some of these keys, in any spelling."""

    def filled(chosen: list[str]) -> st.SearchStrategy[Any]:
        values = {key: likely.get(keys.spellings[key], ANYTHING) for key in chosen}
        return st.fixed_dictionaries({key: values[key] | ANYTHING for key in chosen})

    spellings = st.sampled_from(sorted(keys.spellings))
    return st.lists(spellings, max_size=4, unique=True).flatmap(filled)


def some(one: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return one | st.lists(one, max_size=2)


POLICIES = {
    "preconditions": some(
        WORDS | maps(CONDITION, condition=WORDS, expected=WORDS, negate=FLAGS)
    ),
    "continueOn": maps(
        CONTINUE_ON, failure=FLAGS, skipped=FLAGS, exitCode=some(NUMBERS)
    ),
    "retryPolicy": maps(RETRY, limit=NUMBERS, intervalSec=NUMBERS, backoff=FLAGS),
    "repeatPolicy": maps(
        REPEAT,
        repeat=FLAGS | st.sampled_from(("while", "until")),
        condition=WORDS,
        expected=WORDS,
        exitCode=some(NUMBERS),
        limit=NUMBERS,
        intervalSec=NUMBERS,
        backoff=FLAGS,
    ),
    "stdout": WORDS,
    "shell": some(WORDS),
    "exec": maps(EXEC, command=WORDS, args=some(WORDS)),
    "output": WORDS | maps(OUTPUT, name=WORDS),
    "logOutput": st.sampled_from(("separate", "merged", "both")),
    "signalOnStop": st.sampled_from(("INT", "SIGTERM", "SIG", "int", 2)),
    "timeoutSec": NUMBERS,
    "command": some(WORDS),
    "run": WORDS,
    "params": some(WORDS | maps(Keys("params", {"A": "A"}, frozenset(), {}))),
    "candidates": some(WORDS),
    "parallel": some(WORDS) | maps(PARALLEL, items=some(WORDS), maxConcurrent=NUMBERS),
    "queue": WORDS,
}


def steps(keys: Keys) -> st.SearchStrategy[Any]:
    complete: list[dict[str, str]] = [{}, {"name": "a"}, {"command": "b"}]
    complete += {"name": "a", "command": "b"}, {"name": "a", "run": "b"}
    return st.tuples(maps(keys, **POLICIES), st.sampled_from(complete)).map(
        lambda pair: pair[0] | pair[1]
    )


HANDLERS = steps(HANDLER)
WORKFLOWS = maps(
    WORKFLOW,
    steps=st.lists(
        steps(STEP) | WORDS | st.lists(steps(STEP) | WORDS, max_size=2), max_size=2
    )
    | st.dictionaries(st.sampled_from(("a", "b c", "")), steps(STEP), max_size=2),
    handlerOn=maps(
        HANDLER_ON,
        init=HANDLERS,
        success=HANDLERS,
        failure=HANDLERS,
        cancel=HANDLERS,
        exit=HANDLERS,
    ),
    preconditions=POLICIES["preconditions"],
    dotenv=some(WORDS),
    workingDir=WORDS,
    logDir=WORDS,
    logOutput=POLICIES["logOutput"],
    shell=some(WORDS),
    skipIfSuccessful=FLAGS,
    restartWaitSec=NUMBERS,
    histRetentionDays=NUMBERS,
    histRetentionRuns=NUMBERS,
    maxOutputSize=NUMBERS,
    maxCleanUpTimeSec=NUMBERS,
    maxActiveSteps=NUMBERS,
    timeoutSec=NUMBERS,
    maxActiveRuns=NUMBERS,
    delaySec=NUMBERS,
    queue=WORDS,
    queues=st.dictionaries(st.sampled_from(("a", "b c", "")), NUMBERS, max_size=2),
    schedule=some(TIMES)
    | maps(SCHEDULE, start=some(TIMES), stop=some(TIMES), restart=some(TIMES)),
    secrets=st.lists(
        maps(
            SECRET,
            name=st.sampled_from(("A", "IFS", "a-b")),
            provider=st.sampled_from(("env", "file", "vault")),
            key=WORDS,
        ),
        max_size=2,
    ),
    workspace=st.sampled_from(("shared", "isolated", "none")),
    files=some(WORDS),
)


@settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))
@given(WORKFLOWS)
def test_they_agree(document: object) -> None:
    text = json.dumps(document)
    shape = [code for code in errors(text) if not code.startswith("WFC3")]
    assert (shape == []) is VALIDATOR.is_valid(plain(text)), shape
