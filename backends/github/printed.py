"""What a plain step prints -> an output of it: the program of its shell, in bash."""

import re

from backends.yaml_text import Node

# Larger values go by file (R4); so many small ones leave room in an environment for more.
MOST_OUTPUTS = 8

# What the runner, bash or this program keep for themselves.
_TAKEN = re.compile(
    r"(GITHUB|RUNNER|ACTIONS|INPUT|BASH|LC|LD)_.*|PATH|ENV|HOME|LANG|CI|PWD|TMPDIR|PS4"
)

ABOUT = """The shell of a step with an output: runs the text in the file $1 by `bash -e` and gives
what it prints, without the white space around it, as the output $0. It has to be UTF-8,
1 MiB at most. Of more than 64 KiB, too much for an environment, $0 is read from a file
when a later step starts (BASH_ENV); the path of that is in $0_FILE."""

PROGRAM = r"""if [ -s "$RUNNER_TEMP/large" ]; then export BASH_ENV=$RUNNER_TEMP/large; fi
bash -e "$1" >"$RUNNER_TEMP/printed"
set -- "$?"
cd "$RUNNER_TEMP" && cat printed || exit
unset BASH_ENV
export LC_ALL=C
text=$(tr ' \t\r\v\f\0' '\n\n\n\n\n.' <printed) # which has no line ends behind it
front=$(grep -abo '[^[:space:]]' printed | head -n 1)
front=${front%%:*}
size=$((${#text} - ${front:-0}))
value=$PWD/output-$GITHUB_ACTION
head -c "${#text}" printed | tail -c "$size" >"$value"
wrong=
if [ "$size" -gt 1048576 ]; then wrong='is larger than 1 MiB'
elif [ "$(tr -d '\0' <"$value" | wc -c)" -lt "$size" ]; then wrong='holds a NUL byte'
elif ! iconv -f UTF-8 -t UTF-16 "$value" >/dev/null 2>&1; then wrong='is not UTF-8 text'
fi
if [ "$wrong" ]; then printf '\n%s\n' "::error::the output $wrong"; exit "$(($1 ? $1 : 1))"; fi
grep -sv "^unset $0 " large >kept; mv kept large
if [ "$size" -gt 65536 ]; then
  printf "unset $0 BASH_ENV; export $0_FILE=%q; " "$value" >>large
  echo "$0=\$(cat \"\$$0_FILE\" && printf .) || exit 1; $0=\${$0%.}" >>large
  echo "BASH_ENV=$PWD/large" >>"$GITHUB_ENV"
else
  while end=$(od -An -N16 -tx8 /dev/urandom | tr -d ' '); grep -qF "$end" "$value"; do :; done
  printf '%s\n' "$0<<$end" "$(cat "$value")" "$end" >>"$GITHUB_OUTPUT"
fi
exit "$1"
"""

VARIABLE = "WFC_OUTPUT"


def shell(output: str) -> Node:
    """The `shell:` of a step whose output is `output`."""
    return f'bash -c "eval \\"${VARIABLE}\\"" {output} {{0}}'


def is_taken(name: str) -> bool:
    """Whether a step cannot have its own `name` in its environment."""
    return _TAKEN.fullmatch(name) is not None
