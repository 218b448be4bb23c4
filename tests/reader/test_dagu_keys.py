"""Every key that some version of Dagu has: read, refused with a reason, or left out."""

import pytest
from forms import findings, said

# What becomes of a key -> the codes that it may get by itself.
READ: frozenset[str] = frozenset()
REFUSED = frozenset({"WFC116"})
LEFT_OUT = frozenset({"WFC117"})
NO_EFFECT = frozenset({"WFC115"})
MAIL = "smtp: {host: h}\n"
MAILS = MAIL + "mailOn: {failure: true}\n"

# A workflow with the key -> what becomes of it. In the order of Dagu's own reference.
OF_A_WORKFLOW = [
    ("name: a", READ),
    ("description: a", READ),
    ("group: a", READ),
    ("tags: a, b", READ),
    ("tags: [a, b]", READ),
    ("labels: [a, b]", READ),
    ("labels: {a: b}", READ),
    ("type: chain", READ),
    ("type: graph", READ),
    ("type: agent", REFUSED),
    ("schedule: 0 6 * * *", READ),
    ("schedule: [0 6 * * MON-FRI, CRON_TZ=Asia/Tokyo 0 7 * JAN *]", READ),
    ("schedule: {start: 0 6 * * *, stop: [0 7 * * *], restart: 0 8 * * *}", READ),
    ("schedule: 0 6 * * *\nskipIfSuccessful: true", READ),
    ("skipIfSuccessful: true", NO_EFFECT),
    ("schedule: {restart: 0 6 * * *}\nrestartWaitSec: 3", READ),
    ("restartWaitSec: 3", NO_EFFECT),
    ("catchupWindow: 6h", REFUSED),
    ("overlapPolicy: skip", REFUSED),
    ("params: a K=v", READ),
    ("params: [{A: b}, c]", READ),
    ("params: {A: b}", READ),
    ("params: {values: {A: b}}", READ),
    ("params: [{name: A, type: integer, default: 1}]", READ),
    ("env: [{A: b}]", READ),
    ("env: {A: b}", READ),
    ("env: [A=b]", READ),
    ("dotenv: .env", READ),
    ("dotenv: [.env, .env.local]", READ),
    ("preconditions: test -f x", READ),
    ("precondition: {condition: a, expected: a}", READ),
    ("preconditions: [a, {command: b}, {condition: c, expected: 're:d'}]", READ),
    ("steps: []", READ),
    ("steps: {a: {command: b}}", READ),
    ("steps: [a, {command: b}, [c, {command: d}]]", READ),
    ("handlerOn: {success: {command: a}, failure: {command: a}}", READ),
    ("handlerOn: {cancel: {command: a}, exit: {command: a}}", READ),
    ("handlerOn: {abort: {command: a}, init: {command: a}}", READ),
    ("handlerOn: {wait: {command: a}}", REFUSED),
    ("maxActiveSteps: 2", READ),
    ("maxActiveRuns: -1", READ),
    ("queue: a", READ),
    ("timeoutSec: 1", READ),
    ("delaySec: 1", READ),
    ("maxCleanUpTimeSec: 5", READ),
    ("histRetentionDays: 7", READ),
    ("histRetentionRuns: 7", READ),
    ("logDir: logs", READ),
    ("logOutput: separate", READ),
    ("logOutput: merged", LEFT_OUT),
    ("maxOutputSize: 1024", READ),
    (f"{MAIL}mailOn: {{failure: true}}\nerrorMail: {{from: a@b, to: c@d}}", READ),
    (f"{MAIL}mailOn: {{success: true}}\ninfoMail: {{from: a@b, to: [c@d]}}", READ),
    (f"{MAIL}mailOn: {{wait: true}}", REFUSED),
    ("waitMail: {from: a@b, to: c@d}", REFUSED),
    (
        "smtp: {host: h, port: '587', username: u, password: '${P}'}\n"
        "mailOn: {failure: true}\n"
        "errorMail: {from: a@b, to: c@d, prefix: p, attachLogs: true}",
        READ,
    ),
    ("otel: {enabled: true}", LEFT_OUT),
    ("workerSelector: {gpu: 'true'}", LEFT_OUT),
    ("workingDir: a", READ),
    ("shell: bash -x", READ),
    ("shell: [bash, -e]", READ),
    ("container: alpine", REFUSED),
    ("registryAuths: {docker.io: {username: a}}", REFUSED),
    ("ssh: {host: a}", REFUSED),
    ("secrets: [{name: A, provider: env, key: B}]", READ),
    ("secrets: [{name: A, provider: env, options: {}}]", REFUSED),
    ("runConfig: {disableParamEdit: true}", LEFT_OUT),
    ("llm: {provider: openai}", REFUSED),
    ("defaults: {timeoutSec: 1}", REFUSED),
    ("stepTypes: {a: {type: http}}", REFUSED),
    ("artifacts: {enabled: true}", LEFT_OUT),
    ("webhook: {forwardHeaders: [a]}", LEFT_OUT),
    ("retryPolicy: {limit: 1, intervalSec: 1}", REFUSED),
    ("kubernetes: {image: a}", REFUSED),
    ("redis: {host: a}", REFUSED),
    ("s3: {region: a}", REFUSED),
    ("harness: {provider: a}", REFUSED),
    ("harnesses: {a: {}}", REFUSED),
    ("disableQueue: true", LEFT_OUT),
]
# The same for the keys of a step, which has nothing else but a name.
OF_A_STEP = [
    ("command: a", READ),
    ("command: [a, b c]", READ),
    ("command: a, id: b", READ),
    ("command: a, description: b", READ),
    ("command: a, depends: []", READ),
    ("script: a", READ),
    ("script: a, command: python3 -u", READ),
    ("script: a, shell: zsh -e", READ),
    ("command: a, shell: [bash, -eu]", READ),
    ("command: a, shell: nix-shell, shellPackages: [jq]", REFUSED),
    ("run: a, params: 'K=v w'", READ),
    ("call: a, params: [{K: v}]", READ),
    ("run: a, params: {K: v}", READ),
    ("run: a, parallel: '[1, 2]'", READ),
    ("run: a, parallel: [1, {K: v}]", READ),
    ("run: a, parallel: {items: $A, maxConcurrent: 3}", READ),
    ("command: a, executor: shell", READ),
    ("command: a, executor: {type: command}", READ),
    ("command: a, type: shell", READ),
    ("command: a, executor: {type: docker, config: {image: alpine}}", READ),
    ("command: a, type: docker, config: {image: alpine}", READ),
    ("command: a, type: docker, with: {image: alpine}", READ),
    ("command: a, container: alpine", READ),
    ("command: a, container: {image: alpine, name: b, keepContainer: true}", READ),
    ("command: GET http://a, executor: http", READ),
    ("command: GET http://a, executor: {type: http, config: {timeout: 3}}", READ),
    ("command: .a, script: '{}', executor: {type: jq, config: {raw: true}}", READ),
    ("command: a, executor: {type: ssh, config: {user: a, ip: b, key: c}}", READ),
    ("run: a, executor: dag", READ),
    ("command: a, type: archive", REFUSED),
    ("command: a, type: chat", REFUSED),
    ("command: a, type: gha", REFUSED),
    ("command: a, executor: github_action", REFUSED),
    ("command: a, type: hitl", REFUSED),
    ("command: a, type: kubernetes", REFUSED),
    ("command: a, type: redis", REFUSED),
    ("command: a, type: s3", REFUSED),
    ("command: a, type: sql", REFUSED),
    ("command: a, type: router", REFUSED),
    ("command: a, type: template", REFUSED),
    ("command: a, type: harness", REFUSED),
    ("command: a, type: agent", REFUSED),
    ("command: a, type: noop", REFUSED),
    ("command: a, env: [{A: b}]", READ),
    ("command: a, dir: b", READ),
    ("command: a, workingDir: b", READ),
    ("command: a, output: B", READ),
    ("command: a, output: $B", READ),
    ("command: a, output: {name: B}", READ),
    ("command: a, output: {name: B, key: c, omit: true}", LEFT_OUT),
    ("command: a, stdout: b, stderr: c", READ),
    ("command: a, preconditions: b", READ),
    ("command: a, precondition: {condition: b, negate: true}", READ),
    ("command: a, continueOn: {failure: true, skipped: true}", READ),
    ("command: a, continueOn: {exitCode: 1, output: a, markSuccess: true}", READ),
    ("command: a, continueOn: {failed: true, exitCode: [1, 2]}", READ),
    ("command: a, continueOn: failed", READ),
    ("command: a, continueOn: skipped", READ),
    ("command: a, retryPolicy: {limit: 1, intervalSec: 2}", READ),
    ("command: a, retryPolicy: {limit: $A, intervalSec: '`echo 1`'}", READ),
    (
        "command: a, retryPolicy: {limit: 1, intervalSec: 2, exitCode: [3], "
        "backoff: true, maxIntervalSec: 4}",
        READ,
    ),
    ("command: a, repeatPolicy: {repeat: true, intervalSec: 2}", READ),
    ("command: a, repeatPolicy: {repeat: while, condition: b, limit: 3}", READ),
    ("command: a, repeatPolicy: {repeat: until, exitCode: [0]}", READ),
    (
        "command: a, repeatPolicy: {condition: b, expected: c, backoff: 1.5, "
        "maxIntervalSec: 4}",
        READ,
    ),
    ("command: a, repeatPolicy: {repeat: false}", NO_EFFECT),
    ("command: a, mailOnError: false", READ),
    ("command: a, signalOnStop: SIGINT", READ),
    ("command: a, workerSelector: {b: c}", LEFT_OUT),
    ("command: a, timeoutSec: 1", READ),
    ("command: a, logOutput: separate", READ),
    ("command: a, logOutput: merged", LEFT_OUT),
    ("command: a, llm: {}", REFUSED),
    ("command: a, messages: []", REFUSED),
    ("exec: {command: a, args: [b]}", READ),
    ("command: a, approval: {}", REFUSED),
    ("command: a, agent: {}", REFUSED),
    ("command: a, value: b", REFUSED),
    ("command: a, routes: {}", REFUSED),
]
# How Dagu 2 writes them.
RENAMED = [
    "working_dir: a",
    "schedule: 0 6 * * *\nskip_if_successful: true",
    "log_dir: a",
    "log_output: separate",
    "handler_on: {abort: {command: a}}",
    "timeout_sec: 1",
    "delay_sec: 1",
    "schedule: {restart: 0 6 * * *}\nrestart_wait_sec: 1",
    "hist_retention_days: 1",
    "hist_retention_runs: 1",
    "max_active_runs: 1",
    "max_active_steps: 1",
    "max_clean_up_time_sec: 1",
    "max_output_size: 1",
    "smtp: {host: h}\nmail_on: {failure: true}\n"
    "error_mail: {from: a@b, to: c@d, attach_logs: true}",
    "smtp: {host: h}\nmail_on: {success: true}\ninfo_mail: {from: a@b, to: c@d}",
    *(
        f"steps: [{{name: a, {keys}}}]"
        for keys in (
            "call: a, parallel: {items: [1], max_concurrent: 2}",
            "command: a, working_dir: b",
            "command: a, continue_on: {failed: true, exit_code: 1, mark_success: true}",
            "command: a, retry_policy: {limit: 1, interval_sec: 1, "
            "max_interval_sec: 2, exit_code: [1]}",
            "command: a, repeat_policy: {repeat: true, interval_sec: 1, "
            "max_interval_sec: 2}",
            "command: a, mail_on_error: false",
            "command: a, signal_on_stop: SIGINT",
            "command: a, timeout_sec: 1",
            "command: a, type: docker, with: {image: a, pull_policy: never}",
            "command: a, container: {image: a, name: b, pull_policy: always, "
            "keep_container: true}",
        )
    ),
]
RENAMED_AND_NOT_READ = [
    ("wait_mail: {from: a@b, to: c@d}", REFUSED),
    ("registry_auths: {}", REFUSED),
    ("catchup_window: 6h", REFUSED),
    ("overlap_policy: all", REFUSED),
    ("step_types: {}", REFUSED),
    ("retry_policy: {}", REFUSED),
    ("run_config: {}", LEFT_OUT),
    ("worker_selector: local", LEFT_OUT),
    ("steps: [{name: a, command: b, shell_packages: [c]}]", REFUSED),
    ("steps: [{name: a, command: b, worker_selector: {c: d}}]", LEFT_OUT),
]


def codes(text: str) -> frozenset[str]:
    """The codes of all that is no mere remark on a version or a name."""
    found = findings(text)
    assert not any("not supported yet" in each.message for each in found)
    return frozenset(each.code for each in found)


@pytest.mark.parametrize(("text", "expected"), OF_A_WORKFLOW)
def test_keys_of_a_workflow(text: str, expected: frozenset[str]) -> None:
    assert codes(text + "\n") == expected


@pytest.mark.parametrize(("keys", "expected"), OF_A_STEP)
def test_keys_of_a_step(keys: str, expected: frozenset[str]) -> None:
    assert codes(f"steps: [{{name: a, {keys}}}]\n") == expected


@pytest.mark.parametrize("text", RENAMED)
def test_spellings_of_dagu_2(text: str) -> None:
    assert codes(text + "\n") == READ


@pytest.mark.parametrize(("text", "expected"), RENAMED_AND_NOT_READ)
def test_spellings_of_what_is_not_read(text: str, expected: frozenset[str]) -> None:
    assert codes(text + "\n") == expected


@pytest.mark.parametrize(
    "text",
    [text for text, became in OF_A_WORKFLOW if became in (REFUSED, LEFT_OUT)]
    + [f"steps: [{{name: a, {keys}}}]" for keys, it in OF_A_STEP if it == REFUSED],
)
def test_each_has_its_reason_and_a_way_out(text: str) -> None:
    for found in findings(text + "\n"):
        assert found.help
        assert ":" in found.message or found.label, said(found)


def test_extension_keys_are_unknown_in_dagu_too() -> None:
    assert codes("x-a: 1\n") == {"WFC103"}
