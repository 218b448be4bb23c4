#!/usr/bin/env bash
# Made by wfc from workflow.yaml. Make it again: wfc compile workflow.yaml --target shell
# source-sha256: f9f6b2ad3c58d14f
# Needs bash 3.2 or newer. Usage: bash nightly.sh --help
# shellcheck disable=SC2329,SC2016  # functions are called by name; $X in '...' is for the shell of a step
if [ -z "${BASH_VERSION-}" ] || [ $((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1])) -lt 302 ]; then echo 'nightly.sh'": needs bash 3.2 or newer" >&2; exit 2; fi; set +o posix +efuC # as `sh` it could not read on

# ==== The workflow: workflow.yaml ====
values() {
secret TOKEN env NIGHTLY_TOKEN  # workflow.yaml:13
secret CERTIFICATE file keys/certificate  # workflow.yaml:16
}
workflow() {
flow nightly uses='TOKEN=.secrets/TOKEN CERTIFICATE=.secrets/CERTIFICATE' delay=1  # workflow.yaml:1
step sign output=LINES <<'SH'  # workflow.yaml:22
printf '%s' "$CERTIFICATE" | wc -l | tr -d ' '
SH
step upload queue='1 queue-steps.upload upload' after=sign uses=LINES=sign/.output output=UPLOADED command='echo "with $TOKEN, $LINES"'  # workflow.yaml:25
handler exit handler-exit uses=UPLOADED=upload/.output output= command='echo "$UPLOADED"'  # workflow.yaml:32
}

# ==== The run time: what this workflow needs of it ====
# ---- values: each is a file of the run folder
wfc_fail() { printf 'wfc: %s\n' "$*" >&2; exit 1; }
wfc_find() { # places -> wfc_file: the file of the first one that has a value
  for wfc_file; do
    case $wfc_file in
      *) wfc_file=$wfc_base/$wfc_file ;;
    esac
    if [ -e "$wfc_file" ]; then return; fi
  done
  return 1
}
wfc_capture() { # file -> wfc_value: its text, trimmed; or false and wfc_why
  local LC_ALL=C wfc_n wfc_w=$' \t\n\v\f\r'
  if IFS= read -r -d '' -n 1100000 wfc_value <"$1"; then
    if ((${#wfc_value} < 1100000)); then wfc_why='the output holds a NUL byte'; return 1; fi
    # too long, or too much white space: the slow way
    if (($(tr -d ' \t\n\v\f\r' <"$1" | wc -c) > 1048576)); then wfc_why='the output is larger than 1 MiB'; return 1; fi
    if IFS= read -r -d '' wfc_value <"$1"; then wfc_why='the output holds a NUL byte'; return 1; fi
  fi
  for wfc_n in 65536 4096 256 16 1; do # by pieces: a pattern would take quadratic time
    while ((${#wfc_value} >= wfc_n)); do
      case ${wfc_value:${#wfc_value}-wfc_n} in *[!$wfc_w]*) break ;; esac
      wfc_value=${wfc_value:0:${#wfc_value}-wfc_n}
    done
    while ((${#wfc_value} >= wfc_n)); do
      case ${wfc_value:0:wfc_n} in *[!$wfc_w]*) break ;; esac
      wfc_value=${wfc_value:wfc_n}
    done
  done
  if ((${#wfc_value} > 1048576)); then wfc_why='the output is larger than 1 MiB'; return 1; fi
  case $wfc_value in *[!$'\001'-$'\177']*)
    if ! iconv -f UTF-8 -t UTF-8 <"$1" >/dev/null 2>&1; then wfc_why='the output is not UTF-8 text'; return 1; fi ;;
  esac
}
wfc_size() { local LC_ALL=C; wfc_bytes=${#1}; }
wfc_give() { # name, file: into the environment; by the name of its file above 64 KiB, and above 1 KiB where there is 1 MiB already
  IFS= read -r -d '' wfc_value <"$2" || :
  wfc_size "$wfc_value"
  if ((wfc_bytes > 65536 || (wfc_bytes > 1024 && wfc_total > 1048576))); then
    export "$1_FILE=$2"; unset "$1"
    wfc_line='@=$(cat "$@_FILE" && printf .) || exit 1; @=${@%.}'
    wfc_load="$wfc_load${wfc_line//@/$1}; "
  else export "$1=$wfc_value"; wfc_total=$((wfc_total + wfc_bytes)); fi
}
wfc_environment() { # of the next process; wfc_load: what its shell does first
  local wfc_e
  wfc_load='' wfc_total=0
  # shellcheck disable=SC2086  # lists of names and places
  set --  $wfc_uses
  for wfc_e; do
    wfc_value=${wfc_e#*=}
    # shellcheck disable=SC2086
    if wfc_find ${wfc_value//,/ }; then wfc_give "${wfc_e%%=*}" "$wfc_file"; fi
  done
  export DAG_NAME='nightly' DAG_RUN_ID="${wfc_run##*/}" DAG_RUN_LOG_FILE="$wfc_run/events.jsonl"
  if [ "$wfc_folder" ]; then export DAG_RUN_STEP_NAME="$wfc_name" DAG_RUN_STEP_STDOUT_FILE="$wfc_run/steps/$wfc_folder/${wfc_try/#0/1}.out" DAG_RUN_STEP_STDERR_FILE="$wfc_run/steps/$wfc_folder/${wfc_try/#0/1}.err"; fi
  if [ "$wfc_handler" ]; then export DAG_RUN_STATUS="$wfc_status"; fi
}
param() { # name, default: what the run sets wins
  if [ ! -e "$wfc_base/.params/$1" ]; then printf '%s' "$2" >"$wfc_base/.params/$1"; fi
}
secret() { # name, env or file, variable or path: its value, which nobody is to see
  local wfc_v='' wfc_p=$3
  if [ "$2" = env ]; then
    case $(declare -p "$3" 2>/dev/null) in "declare -"*x*" $3="*) wfc_v=${!3} ;; *) wfc_fail "secret \`$1\`: the environment variable \`$3\` is not set" ;; esac
  else
    case $wfc_p in /*) ;; *) wfc_p=$wfc_dir/$wfc_p ;; esac
    if [ -d "$wfc_p" ]; then wfc_fail "secret \`$1\`: is a directory \`$wfc_p\`"; fi
    if [ ! -e "$wfc_p" ]; then wfc_fail "secret \`$1\`: no such file or directory \`$wfc_p\`"; fi
    if [ ! -r "$wfc_p" ]; then wfc_fail "secret \`$1\`: permission denied \`$wfc_p\`"; fi
    if IFS= read -r -d '' wfc_v <"$wfc_p" || ! iconv -f UTF-8 -t UTF-8 <"$wfc_p" >/dev/null 2>&1; then wfc_fail "secret \`$1\`: \`$wfc_p\` is no text"; fi
    while :; do case $wfc_v in *$'\n' | *$'\r') wfc_v=${wfc_v%?} ;; *) break ;; esac; done
  fi
  if [ ! -d "$wfc_base/.secrets" ]; then mkdir "$wfc_base/.secrets"; fi
  printf '%s' "$wfc_v" >"$wfc_base/.secrets/$1"
  wfc_hide "$wfc_v"
}
wfc_hide() { # value: it and its longer lines are masked from now on
  local LC_ALL=C wfc_v=$1$'\n' wfc_line wfc_whole='' wfc_first='' wfc_long=''
  while [ "$wfc_v" ]; do
    wfc_line=${wfc_v%%$'\n'*}; wfc_v=${wfc_v#*$'\n'}
    wfc_pattern "$wfc_line"
    wfc_whole="$wfc_whole$wfc_first$wfc_r" wfc_first='(\n|\\+n|\\+u000[aA])'
    wfc_line=${wfc_line#"${wfc_line%%[!$' \t\v\f\r']*}"}; wfc_line=${wfc_line%"${wfc_line##*[!$' \t\v\f\r']}"}
    wfc_r=${wfc_line//[$'\200'-$'\277']/} # a character counts once
    if ((${#wfc_r} > 3)); then wfc_pattern "$wfc_line"; printf '%s\n' "$wfc_r" >>"$wfc_run/.lines"; printf '%s\n' "$wfc_r" >>"$wfc_run/.hidden"; wfc_long=1; fi
  done
  if [ -z "$1" ]; then return; fi
  # what is looked for first is one line; a value of many is masked line by line
  if ((${#wfc_whole} < 20000)); then printf '%s\n' "$wfc_whole" >>"$wfc_run/.hidden"; fi
  if [ -z "$wfc_long" ]; then
    wfc_line=${1#"${1%%[!$'\n']*}"}
    if [ "$wfc_line" ]; then wfc_pattern "${wfc_line%%$'\n'*}"; printf '%s\n' "$wfc_r" >>"$wfc_run/.lines"; fi
  fi
}
wfc_pattern() { # line -> wfc_r: an extended regular expression for it, also as JSON, or JSON within JSON, has it
  local LC_ALL=C wfc_k wfc_c wfc_u wfc_n wfc_p='' wfc_code
  for ((wfc_k = 0; wfc_k < ${#1}; wfc_k++)); do
    wfc_c=${1:wfc_k:1}
    case $wfc_c in
      [A-Za-z0-9' !#%,:;=@_~-']) wfc_p=$wfc_p$wfc_c; continue ;;
      ["$.*[]{}()?|"]) wfc_p="$wfc_p\\$wfc_c"; continue ;;
      '^') wfc_p="$wfc_p\\^"; continue ;;
    esac
    printf -v wfc_code %d "'$wfc_c"; wfc_code=$((wfc_code & 255))
    if ((wfc_code > 193)); then # the bytes of one character
      wfc_n=$((wfc_code > 239 ? 3 : wfc_code > 223 ? 2 : 1)) wfc_code=$((wfc_code & (63 >> wfc_n)))
      for (( ; wfc_n > 0; wfc_n--)); do
        wfc_k=$((wfc_k + 1)); printf -v wfc_u %d "'${1:wfc_k:1}"
        wfc_c=$wfc_c${1:wfc_k:1} wfc_code=$((wfc_code << 6 | wfc_u & 63))
      done
    fi
    wfc_unit "$wfc_code"
    case $wfc_c in
      \\) wfc_p="$wfc_p($wfc_r|\\\\+)" ;;
      '"') wfc_p="$wfc_p(\\\\*\"|$wfc_r)" ;;
      /) wfc_p="$wfc_p(\\\\*[/]|$wfc_r)" ;;
      +) wfc_p="$wfc_p([+]|$wfc_r)" ;;
      $'\b') wfc_p="$wfc_p($wfc_c|\\\\+b|$wfc_r)" ;;
      $'\t') wfc_p="$wfc_p($wfc_c|\\\\+t|$wfc_r)" ;;
      $'\f') wfc_p="$wfc_p($wfc_c|\\\\+f|$wfc_r)" ;;
      $'\r') wfc_p="$wfc_p($wfc_c|\\\\+r|$wfc_r)" ;;
      *) wfc_p="$wfc_p($wfc_c|$wfc_r)" ;;
    esac
  done
  wfc_r=$wfc_p
}
wfc_unit() { # code point -> wfc_r: \uXXXX, or two of them, as patterns
  local wfc_h wfc_k
  if (($1 > 65535)); then
    wfc_unit $((55296 + (($1 - 65536) >> 10))); wfc_h=$wfc_r
    wfc_unit $((56320 + (($1 - 65536) & 1023))); wfc_r=$wfc_h$wfc_r
    return
  fi
  printf -v wfc_h %04x "$1"
  wfc_r='\\+u'
  for ((wfc_k = 0; wfc_k < 4; wfc_k++)); do
    case ${wfc_h:wfc_k:1} in
      [0-9]) wfc_r=$wfc_r${wfc_h:wfc_k:1} ;;
      a) wfc_r="${wfc_r}[aA]" ;; b) wfc_r="${wfc_r}[bB]" ;; c) wfc_r="${wfc_r}[cC]" ;;
      d) wfc_r="${wfc_r}[dD]" ;; e) wfc_r="${wfc_r}[eE]" ;; *) wfc_r="${wfc_r}[fF]" ;;
    esac
  done
}
wfc_mask() { # files: *** for each secret in them, in its place: a file may be open
  local LC_ALL=C wfc_f wfc_p wfc_line wfc_tmp
  if [ ! -s "$wfc_run/.hidden" ]; then return; fi
  for wfc_f; do
    if [ ! -s "$wfc_f" ] || ! grep -aqE -f "$wfc_run/.lines" "$wfc_f"; then continue; fi
    wfc_p=''
    while IFS= read -r wfc_line; do wfc_p="$wfc_p|$wfc_line"; done <"$wfc_run/.hidden"
    wfc_tmp=$wfc_run/.masked.$$
    printf ':a\nN\n$!ba\ns/%s/***/g\n' "${wfc_p#|}" >"$wfc_tmp.sed"
    { cat "$wfc_f"; printf '\001\n\001\n'; } | sed -E -f "$wfc_tmp.sed" >"$wfc_tmp" # the whole file is one line for it
    head -c $(($(wc -c <"$wfc_tmp") - 4)) "$wfc_tmp" >"$wfc_f"
    rm -f "$wfc_tmp" "$wfc_tmp.sed"
  done
}

# ---- a worker: a small shell of its own that does one attempt after another
wfc_attempt() { # becomes the process of the step
  wfc_environment
  exec "${wfc_shell[@]}" -c "$wfc_load$wfc_text" "$wfc_name" "${wfc_args[@]}"
}
wfc_processes() { ps -A -o pid= -o ppid= -o pgid= 2>/dev/null || cat /proc/[0-9]*/stat 2>/dev/null | sed -n 's/^\([0-9]*\) (.*) [^ ]* \([0-9]*\) \([0-9]*\) .*/\1 \2 \3/p'; }
wfc_end() { # signal: to all of wfc_groups and, but for 0, to the groups that their processes have made; false when there are none
  local wfc_p wfc_q wfc_g wfc_parent=() wfc_of=() wfc_more=$1
  if [ "$1" != 0 ]; then while read -r wfc_p wfc_q wfc_g; do wfc_parent[wfc_p]=$wfc_q wfc_of[wfc_p]=$wfc_g; done < <(wfc_processes); fi
  while [ "$wfc_more" ]; do
    wfc_more=''
    for wfc_p in "${!wfc_of[@]}"; do
      wfc_q=${wfc_of[wfc_parent[wfc_p]]:-0} wfc_g=${wfc_of[wfc_p]}
      if [ "${wfc_groups[wfc_q]}" ] && [ -z "${wfc_groups[wfc_g]}" ] && [ "$wfc_g" != "${wfc_of[$$]}" ]; then wfc_groups[wfc_g]=1 wfc_more=1; fi
    done
  done
  wfc_more=1
  for wfc_g in "${!wfc_groups[@]}"; do if kill "-$1" -- "-$wfc_g" 2>/dev/null; then wfc_more=0; fi; done
  return "$wfc_more"
}
wfc_watch() { # process group -> wfc_rc, when its leader has ended
  echo "+$1" >&6
  if [ -e "$wfc_run/.ending" ]; then kill -TERM -- "-$1"; fi # told to stop before we were in the list
  while wait "$1"; wfc_rc=$?; ((wfc_rc > 128)) && kill -0 "$1"; do sleep 1; done 2>/dev/null # a stopped process has not ended
  if ! kill -0 -- "-$1" 2>/dev/null; then echo "-$1" >&6; fi
}

# ---- what a call or a fan-out needs before it can begin
wfc_serve() { # step: one attempt; true when it goes on, which it never does
  {
    IFS= read -r -d '' wfc_flags
    IFS= read -r -d '' wfc_uses
    IFS= read -r -d '' wfc_name
    IFS= read -r -d '' wfc_text
  } <"$wfc_run/.specs/$1"
  wfc_shell=("$wfc_bash" -e)
  case $wfc_flags in *call*) wfc_kind=call ;; *map*) wfc_kind=map ;; *) wfc_kind='' ;; esac
wfc_base=$wfc_run/steps wfc_args=("${wfc_words[@]}")
  case $wfc_flags in *handler*) wfc_handler=1 ;; *) wfc_handler='' ;; esac
  wfc_files=$wfc_run/steps/$wfc_folder/$wfc_try
  (wfc_attempt) >"$wfc_files.out" 2>"$wfc_files.err" </dev/null 5>&- 6>&- 9>&- &
  wfc_watch "$!"
  if [ "$wfc_kind" ]; then
    if [ -e "$wfc_files.ready" ]; then read -r wfc_rc <"$wfc_files.ready"; fi
    wfc_mask "$wfc_files.err" "$wfc_files.out"
    echo "$wfc_rc" >"$wfc_files.rc"
    echo "$wfc_slot $wfc_serial $wfc_rc" >&9
    return 1
  fi
  case $wfc_flags in *captured*)
    if wfc_capture "$wfc_files.out" && { wfc_why='the output cannot be kept'; printf '%s' "$wfc_value" >"$wfc_run/steps/$wfc_folder/.output"; }; then :
    else
      rm -f "$wfc_run/steps/$wfc_folder/.output"
      printf 'wfc: %s\n' "$wfc_why" >>"$wfc_files.err"; if ((wfc_rc == 0)); then wfc_rc=1; fi
    fi ;;
  esac
  wfc_mask "$wfc_files.err" "$wfc_files.out"
  echo "$wfc_rc" >"$wfc_files.rc"
  echo "$wfc_slot $wfc_serial $wfc_rc" >&9
  return 1
}
wfc_worker() { # slot, run folder, work folder, bash, positional words; reads "serial attempt status step folder", reports "slot serial exit-code" through fd 9
  local wfc_slot=$1 wfc_serial wfc_try wfc_handler wfc_status wfc_words wfc_kind wfc_step
  wfc_run=$2 wfc_dir=$3 wfc_bash=$4; shift 4; wfc_words=("$@")
  set -m # each attempt is a process group
  while read -r -u 5 wfc_serial wfc_try wfc_status wfc_step wfc_folder && [ "$wfc_serial" != quit ]; do wfc_serve "$wfc_step"; done
}

# ---- scheduling; a step is an index into arrays
wfc_say() { printf '%s\n' "$*" >&2; }
wfc_die() { wfc_say 'nightly.sh'": $*"; exit 2; }
step() { # folder, attributes; its text, if not its command, is on stdin
  local wfc_a wfc_k=$((wfc_ds))
  wfc_ds=$((wfc_k + 1))
  wfc_places[wfc_k]=$1 wfc_names[wfc_k]=$1 wfc_spelled[wfc_k]=$1 wfc_needs[wfc_k]=0 wfc_after[wfc_k]='' wfc_of[wfc_k]=$wfc_w wfc_last[wfc_w]=$wfc_ds
  wfc_at "wfc_i${wfc_w}_" "$1"; printf -v "$wfc_r" %s "$wfc_k"
  for wfc_a in "${@:2}"; do
    case $wfc_a in
      after=*) wfc_waits[wfc_k]=${wfc_a#*=} ;;
      command=*) wfc_texts[wfc_k]=${wfc_a#*=} ;;
      name=*) wfc_names[wfc_k]=${wfc_a#*=}; wfc_json "${wfc_a#*=}"; wfc_r=${wfc_r%\"}; wfc_spelled[wfc_k]=${wfc_r#\"} ;;
      uses=*) wfc_use[wfc_k]=${wfc_a#*=} ;;
      output=*) wfc_flag[wfc_k]=captured wfc_output[wfc_k]=${wfc_a#*=} ;;
      queue=*) wfc_queues[wfc_k]=${wfc_a#*=} ;; # size, lock, name
      handles=*) wfc_is_handler[wfc_k]=1 wfc_told[wfc_k]=1 wfc_handlers[wfc_w]="${wfc_handlers[wfc_w]} ${wfc_a#*=}=$wfc_k " ;;
    esac
  done
  if [ -z "${wfc_texts[wfc_k]+x}" ]; then IFS= read -r -d '' "wfc_texts[wfc_k]"; wfc_texts[wfc_k]=${wfc_texts[wfc_k]%$'\n'}; fi
}
handler() { step "$2" "name=$1" "handles=$1" "${@:3}"; } # kind, folder, attributes
flow() { # id, attributes: the workflow of the steps that follow
  local wfc_a
  wfc_w=$wfc_ws wfc_ws=$((wfc_ws + 1))
  wfc_at wfc_w_ "$1"; printf -v "$wfc_r" %s "$wfc_w"
wfc_first[wfc_w]=$wfc_ds wfc_last[wfc_w]=$wfc_ds
  shift
  for wfc_a; do
    case $wfc_a in
      uses=*) wfc_common[wfc_w]=${wfc_a#*=} ;;
      delay=*) wfc_delays[wfc_w]=${wfc_a#*=} ;;
    esac
  done
}
wfc_at() { wfc_r=${2//_/_u}; wfc_r=${wfc_r//./_d}; wfc_r=$1${wfc_r//-/_h}; } # prefix, name -> wfc_r: a variable
wfc_link() { # from names to numbers; a name may be that of a later step
  local wfc_k wfc_d
  for ((wfc_k = 0; wfc_k < wfc_ds; wfc_k++)); do
    for wfc_d in ${wfc_waits[wfc_k]}; do # with ? when its skip is accepted
      wfc_at "wfc_i${wfc_of[wfc_k]}_" "${wfc_d%\?}"; wfc_r=${!wfc_r}
      wfc_after[wfc_r]="${wfc_after[wfc_r]} $wfc_k${wfc_d#"${wfc_d%\?}"}"; wfc_needs[wfc_k]=$((wfc_needs[wfc_k] + 1))
    done
  done
}
wfc_write() { # what the workers need to know of each step
  local wfc_k
  wfc_enter 0 ''
  mkdir -p "$wfc_run/.specs" && (
    cd "$wfc_run/steps" && for ((wfc_k = 0; wfc_k < wfc_n; wfc_k += 500)); do mkdir -p -- "${wfc_folders[@]:wfc_k:500}" || exit; done
  ) || return 1
  for ((wfc_k = 0; wfc_k < wfc_ds; wfc_k++)); do
    printf '%s\0%s\0%s\0%s\0' "${wfc_kind[wfc_k]} ${wfc_told[wfc_k]:+handler }${wfc_flag[wfc_k]}" "${wfc_common[wfc_of[wfc_k]]} ${wfc_use[wfc_k]}" "${wfc_names[wfc_k]}" "${wfc_texts[wfc_k]}" >"$wfc_run/.specs/$wfc_k" || return 1 # half a text is another one
  done
  declare -f wfc_fail wfc_find wfc_capture wfc_size wfc_give wfc_environment param secret wfc_hide wfc_pattern wfc_unit wfc_mask wfc_attempt wfc_processes wfc_end wfc_watch wfc_serve wfc_worker >>"$wfc_run/.worker" && echo 'wfc_worker "$@"' >>"$wfc_run/.worker"
}
wfc_json() { # text -> wfc_r, a JSON string; by pieces: substitutions take quadratic time in older ones
  local LC_ALL=C wfc_v wfc_k wfc_c wfc_o wfc_p wfc_size
  wfc_size=${#1} wfc_r=\"
  for ((wfc_p = 0; wfc_p < wfc_size; wfc_p += 1000)); do
    wfc_v=${1:wfc_p:1000}; wfc_v=${wfc_v//\\/\\\\}; wfc_v=${wfc_v//\"/\\\"}
    case $wfc_v in *[$'\001'-$'\037']*)
      wfc_v=${wfc_v//$'\n'/\\n}; wfc_v=${wfc_v//$'\t'/\\t}; wfc_v=${wfc_v//$'\r'/\\r}; wfc_v=${wfc_v//$'\b'/\\b}; wfc_v=${wfc_v//$'\f'/\\f}
      for ((wfc_k = 1; wfc_k < 32; wfc_k++)); do
        printf -v wfc_o %03o "$wfc_k"; printf -v wfc_c %b "\\0$wfc_o"; printf -v wfc_o '\\u%04x' "$wfc_k"; wfc_v=${wfc_v//"$wfc_c"/$wfc_o}
      done ;;
    esac
    wfc_r+=$wfc_v
  done; wfc_r+=\"
}
wfc_event() { # event, step: a line of events.jsonl
  printf '{"t":%d,"event":"%s","step":%s,"status":"%s","attempts":%d,"exit_code":%s}\n' $((wfc_t0 + SECONDS - wfc_s0)) "$1" "${wfc_quoted[$2]}" "${wfc_state[$2]}" "${wfc_tries[$2]}" "${wfc_rc[$2]}" >&7
  wfc_events[wfc_happened]="[\"$1\", ${wfc_quoted[$2]}]" wfc_happened=$((wfc_happened + 1))
}
wfc_started() { # step: its first or next attempt begins
  wfc_tries[$1]=$((wfc_tries[$1] + 1))
  if ((wfc_tries[$1] == 1)); then
    wfc_begun[$1]=$SECONDS
    wfc_say "${wfc_label[$1]}: started"
    if [ -z "${wfc_hidden[$1]}" ]; then wfc_event start "$1"; fi
    wfc_delay "$1"
  fi
}
wfc_launch() { # step: hand it to a free worker, or to a new one
  local wfc_s wfc_k=$1
  if ((wfc_idle)); then wfc_idle=$((wfc_idle - 1)); wfc_s=${wfc_free[wfc_idle]}; else wfc_s=$wfc_slots wfc_slots=$((wfc_slots + 1)); fi
  wfc_running=$((wfc_running + 1)) wfc_serial=$((wfc_serial + 1)) wfc_job[wfc_s]=$wfc_serial wfc_busy[wfc_s]=$wfc_k
  if [ -z "${wfc_pid[wfc_s]}" ] || ! kill -0 "${wfc_pid[wfc_s]}" 2>/dev/null; then
    rm -f "$wfc_run/.slot$wfc_s"; mkfifo "$wfc_run/.slot$wfc_s"; exec 5<>"$wfc_run/.slot$wfc_s"
    "$wfc_bash" "$wfc_run/.worker" "$wfc_s" "$wfc_run" "$wfc_dir" "$wfc_bash" "${wfc_args[@]}" </dev/null >/dev/null 2>&1 7>&- 8>&- &
    wfc_pid[wfc_s]=$!
    exec 5>&-
    disown "$!"
  fi
  wfc_started "$wfc_k"
  echo "$wfc_serial ${wfc_tries[wfc_k]} ${wfc_result[wfc_frame[wfc_k]]:--} ${wfc_def[wfc_k]} ${wfc_folders[wfc_k]}" 1<>"$wfc_run/.slot$wfc_s"
}
wfc_settle() { # step, state: it has ended
  local wfc_d wfc_m wfc_k=$1 wfc_for wfc_name=${wfc_label[$1]} wfc_f=$wfc_run/steps/${wfc_folders[$1]}/${wfc_tries[$1]}.err
  wfc_state[wfc_k]=$2 wfc_took[wfc_k]=$((SECONDS - ${wfc_begun[wfc_k]:-$SECONDS}))
  case $2 in
    succeeded) wfc_for=''; wfc_say "$wfc_name: succeeded in ${wfc_took[wfc_k]} s" ;;
    failed)
      wfc_for=aborted
      wfc_say "$wfc_name: failed with exit ${wfc_rc[wfc_k]} in ${wfc_took[wfc_k]} s, log: $wfc_f"
      { tail -n 10 "$wfc_f"; if [ "$(tail -c 1 "$wfc_f")" ]; then echo; fi; } 2>/dev/null | sed 's/^/  | /' >&2 ;;
    *) wfc_for=$2; wfc_say "$wfc_name: $2" ;;
  esac
  wfc_leave_queue "$wfc_k"
  if [ "${wfc_is_handler[wfc_def[wfc_k]]}" ]; then wfc_handled "$wfc_k"; return; fi
  if ((wfc_tries[wfc_k])) && [ -z "${wfc_hidden[wfc_k]}" ]; then wfc_event end "$wfc_k"; fi
  for wfc_d in ${wfc_after[wfc_def[wfc_k]]}; do
    wfc_m=$((${wfc_d%\?} + wfc_k - wfc_def[wfc_k]))
    case $wfc_for in
      aborted) wfc_never[wfc_m]=aborted ;;
      skipped) if [ "${wfc_d%\?}" = "$wfc_d" ]; then wfc_never[wfc_m]=${wfc_never[wfc_m]:-skipped}; fi ;;
    esac
    wfc_need[wfc_m]=$((wfc_need[wfc_m] - 1))
    if ((wfc_need[wfc_m] == 0)) && [ -z "${wfc_state[wfc_m]}" ]; then wfc_ready "$wfc_m"; fi
  done
  wfc_count "$wfc_k"
}
wfc_ready() { # step: all that it waits for has ended
  if [ "${wfc_never[$1]}" ]; then wfc_lost[${#wfc_lost[@]}]=$1; else wfc_queue[wfc_tail]=$1 wfc_tail=$((wfc_tail + 1)); fi
}
wfc_ended() { # slot, serial, exit code: an attempt has ended
  local wfc_k=${wfc_busy[$1]} wfc_code_k=$3
  if [ "${wfc_job[$1]}" != "$2" ]; then return; fi # the tick was faster
  wfc_job[$1]='' wfc_free[wfc_idle]=$1 wfc_idle=$((wfc_idle + 1)) wfc_running=$((wfc_running - 1))
  case "$3$wfc_ending" in
    ready* | items*) wfc_code_k=null ;;
  esac
  wfc_came "$wfc_k" "$wfc_code_k" "$4"
}
wfc_came() { # step, exit code, "printed": an attempt, a called workflow or a fan-out has ended
  local wfc_k=$1 wfc_code_k=$2
  if [ "$wfc_ending" ] && [ "${wfc_kind[wfc_def[wfc_k]]}" ]; then wfc_code_k=null; fi
  wfc_rc[wfc_k]=$wfc_code_k
  if [ "$wfc_ending" ]; then wfc_settle "$wfc_k" aborted; return; fi
  if ((wfc_code_k == 0)); then wfc_settle "$wfc_k" succeeded; return; fi
  wfc_settle "$wfc_k" failed
}
wfc_timer() { # seconds, what it says then
  (sleep "$1"; echo "$2" >&9) >/dev/null 2>&1 6>&- 7>&- 8>&- &
  echo "+$!" >&6; disown "$!"
}
wfc_kill() { # signal: to all process groups of this run; false when there are none
  local wfc_g wfc_groups=() wfc_n_groups
  while read -r wfc_g; do case $wfc_g in +*) wfc_groups[${wfc_g#+}]=1 ;; -*) unset "wfc_groups[${wfc_g#-}]" ;; esac; done <"$wfc_run/.groups"
  wfc_n_groups=${#wfc_groups[@]}
  wfc_end "$1" || return 1
  if ((${#wfc_groups[@]} > wfc_n_groups)); then printf '+%s\n' "${!wfc_groups[@]}" >>"$wfc_run/.groups"; fi
}
wfc_cancel() { # reason, exit code: TERM to all that runs, and KILL after 5 s; the second time at once
  wfc_signal=''
  if [ "$wfc_reason" != signal ]; then wfc_reason=$1 wfc_code=$2; fi
  if [ "$wfc_ending" ]; then wfc_kill KILL; return; fi
  wfc_ending=1 wfc_delaying=0 wfc_delay_pid=() wfc_queued=0 wfc_look_pid=() wfc_in_line=()
  : >"$wfc_run/.ending"
  wfc_kill TERM
  (sleep 5; wfc_kill KILL) >/dev/null 2>&1 6>&- 7>&- 8>&- 9>&- &
  wfc_killer=$!; disown "$!"
}
wfc_on() { if [ "$wfc_waiting" ]; then wfc_cancel "$1" "$2"; echo tick >&9; elif [ "${wfc_signal% *}" != signal ]; then wfc_signal="$1 $2"; fi; } # the read that it came into has to end; else at the next safe point
wfc_tick() { # each second: was a worker killed, or what says that a pause is over?
  local wfc_s wfc_c wfc_m wfc_o wfc_f
  for ((wfc_s = 0; wfc_s < wfc_slots; wfc_s++)); do
    if [ -z "${wfc_job[wfc_s]}" ]; then continue; fi
    if kill -0 "${wfc_pid[wfc_s]}" 2>/dev/null; then continue; fi
    wfc_c='' wfc_m='' wfc_o=''
    wfc_f=$wfc_run/steps/${wfc_folders[wfc_busy[wfc_s]]}
    wfc_f=$wfc_f/${wfc_tries[wfc_busy[wfc_s]]}.rc
    if [ -e "$wfc_f" ]; then read -r wfc_c wfc_m wfc_o <"$wfc_f"; fi
    wfc_ended "$wfc_s" "${wfc_job[wfc_s]}" "${wfc_c:-137}" "$wfc_m" "$wfc_o"
  done
  for wfc_s in "${!wfc_look_pid[@]}"; do if ! kill -0 "${wfc_look_pid[wfc_s]}" 2>/dev/null; then wfc_look_again "$wfc_s"; fi; done
  for wfc_s in "${!wfc_delay_pid[@]}"; do if ! kill -0 "${wfc_delay_pid[wfc_s]}" 2>/dev/null; then wfc_delayed "$wfc_s"; fi; done
}
wfc_drain() { # until nothing runs and nothing can start
  local wfc_a wfc_b wfc_c wfc_d wfc_e wfc_l=0
  wfc_lost=()
  while :; do
    if [ "$wfc_signal" ]; then wfc_cancel "${wfc_signal% *}" "${wfc_signal#* }"; fi
    while ((wfc_l < ${#wfc_lost[@]})); do wfc_l=$((wfc_l + 1)); wfc_step_on "${wfc_lost[wfc_l - 1]}"; done
    while ((wfc_head < wfc_tail && wfc_running < wfc_max)) && [ -z "$wfc_ending$wfc_signal" ]; do
      wfc_head=$((wfc_head + 1)) wfc_a=${wfc_queue[wfc_head - 1]}
      if [ "${wfc_state[wfc_a]}" ]; then continue; fi # it was stopped while it waited
      if ! wfc_may "$wfc_a"; then continue; fi
      wfc_launch "$wfc_a"
      if ((BASH_VERSINFO[0] > 3)) && read -r -t 0 -u 9; then break; fi # use a worker that is free again
    done
    if ((wfc_running + wfc_delaying + wfc_queued == 0)) && { ((wfc_head >= wfc_tail)) || [ "$wfc_ending" ]; }; then break; fi
    wfc_waiting=1
    read -r -u 9 wfc_a wfc_b wfc_c wfc_d wfc_e; wfc_waiting=''
    case $wfc_a in
      look) wfc_look_again "$wfc_b" ;;
      next) wfc_delayed "$wfc_b" ;;
      tick | '') wfc_tick ;;
      *) wfc_ended "$wfc_a" "$wfc_b" "$wfc_c" "$wfc_d" "$wfc_e" ;;
    esac
  done
  if [ "$wfc_ending" ]; then # what steps had left in the background ends, too
    for ((wfc_a = 0; wfc_a < 70; wfc_a++)); do if [ "$wfc_signal" ]; then wfc_cancel signal "${wfc_signal#* }"; fi; wfc_kill 0 || break; sleep 0.1; done
    kill -KILL -- "-$wfc_killer" 2>/dev/null
    rm -f "$wfc_run/.ending"
  fi
}
wfc_handle() { # frame, kind: the handler, if there is one
  local wfc_h wfc_f=$1
  wfc_handler_of "$1" "$2"; wfc_h=$wfc_r
  if [ -z "$wfc_h" ]; then return; fi
  wfc_due[wfc_h]=1 wfc_ending=''
  wfc_head=0 wfc_tail=0; wfc_ready "$wfc_h"
  wfc_drain
  if [ "$wfc_ending" ]; then
    wfc_result[wfc_f]=aborted
    if [ -z "${wfc_state[wfc_h]}" ]; then wfc_settle "$wfc_h" aborted; fi
    wfc_abandon
  elif [ "${wfc_state[wfc_h]}" = failed ] && [ "${wfc_result[wfc_f]}" != aborted ]; then wfc_result[wfc_f]=failed; fi
}

# ---- frames: one for each run of a workflow. A step of it is a node: its definition, and what has become of it
wfc_node() { # node, definition, frame, folder, path in JSON, label
  wfc_def[$1]=$2 wfc_frame[$1]=$3 wfc_folders[$1]=$4 wfc_quoted[$1]=$5 wfc_label[$1]=$6
  wfc_need[$1]=${wfc_needs[$2]} wfc_state[$1]='' wfc_tries[$1]=0 wfc_rc[$1]=null
}
wfc_enter() { # workflow, the call that runs it -> wfc_f: a new frame and its nodes
  local wfc_d wfc_k wfc_in='' wfc_path='"' wfc_said=''
  wfc_f=$wfc_frames wfc_frames=$((wfc_frames + 1))
  wfc_flow[wfc_f]=$1
  wfc_shift[wfc_f]=$((wfc_n - wfc_first[$1])) wfc_left[wfc_f]=0 wfc_from[wfc_f]=$wfc_n wfc_to[wfc_f]=$((wfc_n + wfc_last[$1] - wfc_first[$1]))
  for ((wfc_d = wfc_first[$1]; wfc_d < wfc_last[$1]; wfc_d++)); do
    wfc_k=$((wfc_shift[wfc_f] + wfc_d))
    wfc_node "$wfc_k" "$wfc_d" "$wfc_f" "$wfc_in${wfc_places[wfc_d]}" "$wfc_path${wfc_spelled[wfc_d]}\"" "$wfc_said${wfc_names[wfc_d]}"
    if [ "$2" ] && [ "${wfc_hidden[$2]}" ]; then wfc_hidden[wfc_k]=1; fi
    if [ "${wfc_is_handler[wfc_d]}" ]; then
      if [ -z "${wfc_hidden[wfc_k]}" ]; then wfc_hidden[wfc_k]=1 wfc_label[wfc_k]="handler ${wfc_label[wfc_k]}"; fi
      continue
    fi
    wfc_left[wfc_f]=$((wfc_left[wfc_f] + 1))
  done
  wfc_n=${wfc_to[wfc_f]}
}
wfc_begin() { # frame: its first steps are ready
  local wfc_k
  for ((wfc_k = wfc_from[$1]; wfc_k < wfc_to[$1]; wfc_k++)); do
    if [ "${wfc_need[wfc_k]}" = 0 ] && [ -z "${wfc_is_handler[wfc_def[wfc_k]]}" ]; then wfc_ready "$wfc_k"; fi
  done
}
wfc_count() { # node: it has ended; was it the last one of its frame or its fan-out?
  local wfc_f=${wfc_frame[$1]}
  wfc_left[wfc_f]=$((wfc_left[wfc_f] - 1))
  if ((wfc_left[wfc_f] == 0 && wfc_f > 0)); then wfc_lost[${#wfc_lost[@]}]=f$wfc_f; fi
}
wfc_step_on() { # a node that will never run, a frame, a fan-out: what comes next of it
  case $1 in
    *) if [ -z "${wfc_state[$1]}" ]; then wfc_settle "$1" "${wfc_never[$1]}"; fi ;;
  esac
}
wfc_status_of() { # frame -> wfc_r: its status, from how its steps ended
  local wfc_k wfc_ok='' wfc_part=''
  for ((wfc_k = wfc_from[$1]; wfc_k < wfc_to[$1]; wfc_k++)); do
    if [ "${wfc_is_handler[wfc_def[wfc_k]]}" ]; then continue; fi
    case ${wfc_state[wfc_k]} in
      succeeded) wfc_ok=1; if [ "${wfc_part_of[wfc_k]}" ]; then wfc_part=1; fi ;;
      failed) wfc_r=failed; return ;;
    esac
  done
  case $wfc_part$wfc_ok in 11) wfc_r=partially_succeeded ;; 1) if [ "$wfc_part" ]; then wfc_r=failed; else wfc_r=succeeded; fi ;; *) wfc_r=succeeded ;; esac
}
wfc_kind_for() { case $1 in aborted) wfc_r=cancel ;; failed) wfc_r=failure ;; *) wfc_r=success ;; esac; } # status -> wfc_r
wfc_handler_of() { # frame, kind -> wfc_r: the node of its handler, if it has one
  local wfc_h=${wfc_handlers[0]}
  case $wfc_h in *" $2="*) wfc_h=${wfc_h#* "$2"=}; wfc_r=$((wfc_shift[$1] + ${wfc_h%% *})) ;; *) wfc_r='' ;; esac
}
wfc_handled() { # handler: it has ended
  local wfc_f=${wfc_frame[$1]}
  if ((wfc_f > 0)) && [ -z "${wfc_gone[wfc_f]}" ]; then wfc_lost[${#wfc_lost[@]}]=f$wfc_f; fi
}
wfc_stop_nodes() { # frame: its steps that have not ended are aborted
  local wfc_k wfc_m
  for ((wfc_k = wfc_from[$1]; wfc_k < wfc_to[$1]; wfc_k++)); do
    if [ -z "${wfc_def[wfc_k]}" ]; then continue; fi
    if [ "${wfc_is_handler[wfc_def[wfc_k]]}" ] && [ -z "${wfc_due[wfc_k]}" ]; then continue; fi
    wfc_stop_node "$wfc_k"
  done
}
wfc_stop_node() { # node: aborted, unless it has ended or something of it runs: then it ends after that
  if [ "${wfc_state[$1]}" ] || [ "${wfc_at_work[$1]}" ]; then return; fi
  wfc_settle "$1" aborted
}
wfc_abandon() { # the run is stopped: all frames that have not ended are aborted, and their handlers run, inner ones first
  wfc_stop_nodes 0
}
wfc_first_of_all() { wfc_head=$((wfc_head - 1)); wfc_queue[wfc_head]=$1; } # node that was taken from the queue before
wfc_on_time() { # node: may it start? Else it waits until the delay since the last start is over
  local wfc_f=${wfc_frame[$1]}
  if [ -z "${wfc_delays[wfc_flow[wfc_f]]}" ] || ((wfc_tries[$1])) || [ "${wfc_is_handler[wfc_def[$1]]}" ]; then return; fi
  if [ "${wfc_shut[wfc_f]}" ]; then wfc_delayed_nodes[wfc_f]="${wfc_delayed_nodes[wfc_f]}$1 " wfc_delaying=$((wfc_delaying + 1)); return 1; fi
  wfc_shut[wfc_f]=$1
}
wfc_delay() { # node: it has started
  local wfc_f=${wfc_frame[$1]}
  if [ "${wfc_shut[wfc_f]}" = "$1" ]; then wfc_timer "${wfc_delays[wfc_flow[wfc_f]]}" "next $wfc_f x"; wfc_delay_pid[wfc_f]=$!; fi
}
wfc_delayed() { # frame: its delay is over
  if [ -z "${wfc_delay_pid[$1]}" ]; then return; fi
  echo "-${wfc_delay_pid[$1]}" >&6
  unset "wfc_delay_pid[$1]"
  wfc_next_of "$1"
}
wfc_next_of() { # frame: its next step may start
  local wfc_k
  wfc_shut[$1]=''
  while [ "${wfc_delayed_nodes[$1]}" ]; do
    wfc_k=${wfc_delayed_nodes[$1]%% *} wfc_delayed_nodes[$1]=${wfc_delayed_nodes[$1]#* } wfc_delaying=$((wfc_delaying - 1))
    if [ -z "${wfc_state[wfc_k]}" ]; then wfc_first_of_all "$wfc_k"; return; fi
  done
}
wfc_may() { # node: the next that is ready. May it start now?
  wfc_in_queue "$1" || return 1
  wfc_on_time "$1" || return 1
}

# ---- queues and the most runs at a time: locks that all runs share, `wfc run` too. A slot is a folder of numbered links;
# the highest says who holds it, `PID@START`, or `free`. A number is never used again.
wfc_start_of() { # process -> wfc_r: when it started; empty when it does not live
  local wfc_v='' wfc_s=''
  wfc_r=''
  if [ -e /proc/self/stat ]; then
    { IFS= read -r -d '' wfc_v <"/proc/$1/stat"; } 2>/dev/null
    # shellcheck disable=SC2086  # words
    set -- ${wfc_v##*)}
    case $1 in Z | X | x | '') ;; *) wfc_r=${20} ;; esac
    return
  fi
  read -r wfc_s wfc_v < <(LC_ALL=C TZ=UTC0 ps -o stat= -o lstart= -p "$1" 2>/dev/null | tr -s ' ' | sed 's/ *$//')
  case $wfc_s in Z* | X* | x* | '') ;; *) wfc_r=${wfc_v// /_} ;; esac
}
wfc_highest() { # folder -> wfc_r: the highest number in it, 0 for none
  local wfc_n
  wfc_r=0
  for wfc_n in "$1"/[1-9]*; do
    wfc_n=${wfc_n##*/}
    case $wfc_n in *[!0-9]* | ????????????????*) ;; *) if ((wfc_n > wfc_r)); then wfc_r=$wfc_n; fi ;; esac
  done
}
wfc_take() { # lock, slots: true, and wfc_r is our link; or false, and wfc_r is a process that has one
  local wfc_s wfc_n wfc_at wfc_by wfc_holder='' wfc_tries_left=1000
  if [ -z "$wfc_me" ]; then wfc_start_of $$; wfc_me=$$@$wfc_r; fi
  for ((wfc_s = 0; wfc_s < $2; wfc_s++)); do
    wfc_at=$wfc_home/locks/$1/$wfc_s
    while ((wfc_tries_left--)); do
      if [ ! -d "$wfc_at" ]; then mkdir -p "$wfc_at" || wfc_die "cannot make the lock \`$wfc_at\`"; fi
      wfc_highest "$wfc_at"; wfc_n=$wfc_r
      wfc_by=$(readlink "$wfc_at/$wfc_n")
      case $wfc_by in
        [1-9]*@*)
          wfc_start_of "${wfc_by%%@*}"
          if [ "$wfc_r" ] && [ "$wfc_r" = "${wfc_by#*@}" ]; then wfc_holder=${wfc_holder:-${wfc_by%%@*}}; break; fi ;;
      esac
      if ! ln -s "$wfc_me" "$wfc_at/$((wfc_n + 1))" 2>/dev/null; then continue; fi # someone was faster
      wfc_highest "$wfc_at"
      if ((wfc_r == wfc_n + 1)); then
        for wfc_by in "$wfc_at"/[1-9]*; do if [ "$wfc_by" != "$wfc_at/$wfc_r" ]; then rm -f "$wfc_by"; fi; done
        wfc_r=$wfc_at/$wfc_r
        return
      fi
      rm -f "$wfc_at/$((wfc_n + 1))"
    done
    if ((wfc_tries_left < 0)); then wfc_die "cannot take the lock \`$wfc_at\`"; fi
  done
  wfc_r=$wfc_holder
  return 1
}
wfc_release() { # our link: others can have its slot
  if [ "$(readlink "$1")" != "$wfc_me" ]; then return; fi
  ln -s free "${1%/*}/$((${1##*/} + 1))" 2>/dev/null; rm -f "$1"
}
wfc_turn() { # lock, slots, what it is: waits for a slot; false when the run is stopped meanwhile
  local wfc_heard=''
  while [ -z "$wfc_ending" ]; do
    if wfc_take "$1" "$2"; then wfc_held[${#wfc_held[@]}]=$wfc_r; return; fi
    if [ -z "$wfc_heard" ]; then wfc_say "waiting for $3 (process $wfc_r)"; wfc_heard=1; fi
    wfc_waiting=1
    sleep 0.5 &
    wait "$!" 2>/dev/null
    wfc_waiting=''
    if [ "$wfc_signal" ]; then wfc_cancel "${wfc_signal% *}" "${wfc_signal#* }"; fi
  done
  return 1
}
wfc_turns() { # this run and its turn
  wfc_turn 'runs.nightly' 2 'another run of nightly' || return 1
  wfc_turn 'queue-runs.nightly' 2 'queue nightly' || return 1
}
wfc_in_queue() { # node: has it a slot of its queue? Else it waits for one
  local wfc_q=${wfc_queues[wfc_def[$1]]} wfc_i
  if [ -z "$wfc_q" ] || [ "${wfc_link_of[$1]}" ]; then return; fi
  wfc_queue_of "$wfc_q"; wfc_i=$wfc_r
  if [ -z "${wfc_in_line[wfc_i]}" ] && wfc_next_turn "$wfc_i" "$1"; then return; fi
  wfc_say "${wfc_label[$1]}: waiting for queue ${wfc_q#* * }"
  wfc_in_line[wfc_i]="${wfc_in_line[wfc_i]}$1 " wfc_queued=$((wfc_queued + 1))
  return 1
}
wfc_queue_of() { # "size lock name" -> wfc_r: its number
  for ((wfc_r = 0; wfc_r < ${#wfc_lines[@]}; wfc_r++)); do if [ "${wfc_lines[wfc_r]}" = "$1" ]; then return; fi; done
  wfc_lines[wfc_r]=$1 wfc_holders[wfc_r]=0
}
wfc_next_turn() { # number of a queue, node: takes a slot for it, if there is one; else looks again later
  local wfc_q=${wfc_lines[$1]}
  if ((wfc_holders[$1] >= ${wfc_q%% *})); then return 1; fi
  wfc_q=${wfc_q#* }
  if wfc_take "${wfc_q%% *}" "${wfc_lines[$1]%% *}"; then wfc_link_of[$2]=$wfc_r wfc_line_of[$2]=$1 wfc_holders[$1]=$((wfc_holders[$1] + 1)); return; fi
  if [ -z "${wfc_look_pid[$1]}" ]; then wfc_timer 0.5 "look $1 x"; wfc_look_pid[$1]=$!; fi
  return 1
}
wfc_look() { # number of a queue: those that wait for it, in their order
  local wfc_k
  while [ "${wfc_in_line[$1]}" ]; do
    wfc_k=${wfc_in_line[$1]%% *}
    if [ -z "${wfc_state[wfc_k]}" ]; then
      if ! wfc_next_turn "$1" "$wfc_k"; then return; fi
      wfc_first_of_all "$wfc_k"
    fi
    wfc_in_line[$1]=${wfc_in_line[$1]#* } wfc_queued=$((wfc_queued - 1))
  done
}
wfc_look_again() { # number of a queue
  if [ -z "${wfc_look_pid[$1]}" ]; then return; fi
  echo "-${wfc_look_pid[$1]}" >&6; unset "wfc_look_pid[$1]"
  wfc_look "$1"
}
wfc_leave_queue() { # node: it has ended
  local wfc_i=${wfc_line_of[$1]}
  if [ -z "${wfc_link_of[$1]}" ]; then return; fi
  wfc_release "${wfc_link_of[$1]}"; wfc_link_of[$1]=''
  wfc_holders[wfc_i]=$((wfc_holders[wfc_i] - 1))
  if [ -z "$wfc_ending" ]; then wfc_look "$wfc_i"; fi
}

# ---- the report
wfc_walk() { # -> wfc_rows: all nodes, those of a call or a fan-out behind it
  local wfc_k wfc_at_k=() wfc_end_k=() wfc_top=0
  wfc_rows=() wfc_at_k[0]=${wfc_from[0]} wfc_end_k[0]=${wfc_to[0]}
  while ((wfc_top >= 0)); do
    wfc_k=${wfc_at_k[wfc_top]}
    if ((wfc_k >= wfc_end_k[wfc_top])); then wfc_top=$((wfc_top - 1)); continue; fi
    wfc_at_k[wfc_top]=$((wfc_k + 1))
    if [ -z "${wfc_def[wfc_k]}" ] || [ "${wfc_is_handler[wfc_def[wfc_k]]}" != "${wfc_due[wfc_k]}" ]; then continue; fi
    wfc_rows[${#wfc_rows[@]}]=$wfc_k
  done
}
wfc_outcome() { # the JSON form of the outcome
  local wfc_k wfc_row wfc_sep='' wfc_hs='' wfc_os='' wfc_s
  printf '{"version": 1, "workflow": %s, "status": "%s", "exit_code": %d,\n "steps": {' '"nightly"' "$wfc_status" "$wfc_code"
  for wfc_k in "${wfc_rows[@]}"; do
    wfc_row="${wfc_quoted[wfc_k]}: {\"status\": \"${wfc_state[wfc_k]}\", \"attempts\": ${wfc_tries[wfc_k]}, \"exit_code\": ${wfc_rc[wfc_k]}"
    if [ "${wfc_flag[wfc_def[wfc_k]]}" ] && [ -e "$wfc_run/steps/${wfc_folders[wfc_k]}/.output" ]; then
      IFS= read -r -d '' wfc_s <"$wfc_run/steps/${wfc_folders[wfc_k]}/.output"; wfc_json "$wfc_s"; wfc_row="$wfc_row, \"output\": $wfc_r"
    fi
    if [ "${wfc_output[wfc_def[wfc_k]]}" ] && ((wfc_frame[wfc_k] == 0)) && [ -z "${wfc_is_handler[wfc_def[wfc_k]]}" ]; then
      wfc_s=$wfc_run/steps/${wfc_folders[wfc_k]}/.output
      if [ -e "$wfc_s" ]; then IFS= read -r -d '' wfc_s <"$wfc_s"; wfc_json "$wfc_s"; wfc_os="$wfc_os, \"${wfc_output[wfc_def[wfc_k]]}\": $wfc_r"; fi
    fi
    if [ "${wfc_hidden[wfc_k]}" ]; then wfc_hs="$wfc_hs, $wfc_row}"; continue; fi
    printf '%s\n  %s}' "$wfc_sep" "$wfc_row"; wfc_sep=,
  done
  printf '},\n "handlers": {%s},\n "outputs": {%s},\n "events": [' "${wfc_hs#, }" "${wfc_os#, }"
  wfc_sep=''; for wfc_s in "${wfc_events[@]}"; do printf '%s%s' "$wfc_sep" "$wfc_s"; wfc_sep=', '; done
  printf ']}\n'
}
wfc_report() { # started: the outcome, and what differs from run to run
  printf '{"outcome": '; cat "$wfc_run/outcome.json" || wfc_outcome
  printf ',"run_id": "%s", "started": "%s", "seconds": %d, "steps": {' "${wfc_run##*/}" "$1" $((SECONDS - wfc_s0))
  wfc_times ''
  printf '},\n "handlers": {'
  wfc_times 1
  printf '}}\n'
}
wfc_times() { # "" or 1: of steps, or of handlers
  local wfc_k wfc_sep='' wfc_path=$wfc_run
  case $wfc_path in *[!\ -~]*) wfc_path=$(printf '%s' "$wfc_path" | tr -d '\000-\037' | iconv -c -f UTF-8 -t UTF-8) ;; esac # a path may be no text
  for wfc_k in "${wfc_rows[@]}"; do
    if [ "${wfc_hidden[wfc_k]}" != "$1" ] || [ -z "${wfc_state[wfc_k]}" ]; then continue; fi
    wfc_json "$wfc_path/steps/${wfc_folders[wfc_k]}"
    printf '%s\n  %s: {"seconds": %d, "log": %s}' "$wfc_sep" "${wfc_quoted[wfc_k]}" "${wfc_took[wfc_k]:-0}" "$wfc_r"; wfc_sep=,
  done
}
wfc_table() { # what became of each step
  local wfc_k wfc_wide=4 wfc_name
  for wfc_name in "${wfc_label[@]}"; do if ((${#wfc_name} > wfc_wide)); then wfc_wide=${#wfc_name}; fi; done
  if ((wfc_wide > 80)); then wfc_wide=80; fi # a longer one stands out of line
  printf "%-${wfc_wide}s  %-9s  %-8s  %-4s  %s\n" STEP STATUS ATTEMPTS EXIT SECONDS
  wfc_table_rows ''; wfc_table_rows 1
  printf '%s: %s in %d s\nrun folder: %s\n' 'nightly' "$wfc_status" $((SECONDS - wfc_s0)) "$wfc_run"
}
wfc_table_rows() { # "" or 1: those of steps, or of handlers
  for wfc_k in "${wfc_rows[@]}"; do
    if [ "${wfc_hidden[wfc_k]}" != "$1" ]; then continue; fi
    printf "%-${wfc_wide}s  %-9s  %-8d  %-4s  %d\n" "${wfc_label[wfc_k]}" "${wfc_state[wfc_k]}" "${wfc_tries[wfc_k]}" "${wfc_rc[wfc_k]/null/-}" "${wfc_took[wfc_k]:-0}"
  done
}
wfc_schedule() { # lines for crontab that start this script
  local wfc_s wfc_quote="'" wfc_quoted_quote="'\\''" wfc_percent=%
  wfc_s=$(CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd)/${BASH_SOURCE[0]##*/}
  case $wfc_s in *[!A-Za-z0-9/._-]*) wfc_s="'${wfc_s//$wfc_quote/$wfc_quoted_quote}'"; wfc_s=${wfc_s//$wfc_percent/\\%} ;; esac
  printf '%s bash %s\n' '30 3 * * 1-5' "$wfc_s"
  printf '%s\n' 'CRON_TZ=Europe/Berlin'
  printf '%s bash %s\n' '0 12 1 * *' "$wfc_s"
}
wfc_clear() { # no step needs a value any more: secrets and what holds them go
  local wfc_f
  find "$wfc_run/steps/" -name .secrets -type d -prune -exec rm -rf {} +
  if [ ! -s "$wfc_run/.hidden" ]; then return; fi
  # a name of a file holds no line end: all of them are ours
  while IFS= read -r wfc_f; do
    wfc_mask "$wfc_f"
  done < <(cd "$wfc_run" && LC_ALL=C grep -rlaE -f .lines steps/ inputs* 2>/dev/null | sed "s|^|$wfc_run/|")
}
wfc_aside() { # function, file: in a process of its own, so that a signal can end it
  local wfc_p wfc_c
  wfc_files=$wfc_run/$2 wfc_base=$wfc_run/steps wfc_folder='' wfc_name='' wfc_handler=''
  ("$1") >"$wfc_files.err" 2>&1 </dev/null 6>&- 7>&- 8>&- 9>&- &
  wfc_p=$!; echo "+$wfc_p" >&6
  wfc_waiting=1
  while wait "$wfc_p"; wfc_c=$?; ((wfc_c > 128)) && kill -0 "$wfc_p"; do :; done 2>/dev/null
  wfc_waiting=''
  if ! kill -0 -- "-$wfc_p" 2>/dev/null; then echo "-$wfc_p" >&6; fi
  wfc_mask "$wfc_files.err"
  return "$wfc_c"
}
wfc_value() { # all params and env
  if wfc_aside values inputs; then return; fi
  if [ "$wfc_ending" ]; then return 1; fi
  wfc_say "params and env: failed, log: $wfc_run/inputs.err"
  { tail -n 10 "$wfc_run/inputs.err"; if [ "$(tail -c 1 "$wfc_run/inputs.err")" ]; then echo; fi; } | sed 's/^/  | /' >&2
  return 1
}
wfc_words() { # the command line
  local wfc_k wfc_bad=''
  wfc_report_to='' wfc_set=() wfc_args=() wfc_max=3
  wfc_dir=$(CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd) || exit 2
  while (($#)); do
    case $1 in
      --help) echo 'usage: bash nightly.sh [--work-dir DIR] [--report FILE] [--max-active-steps N] [--] [WORD ...]
       bash nightly.sh --schedule  prints the lines for crontab'; exit 0 ;;
      --schedule) wfc_schedule; exit 0 ;;
      --report | --work-dir | --max-active-steps)
        if (($# < 2)); then wfc_die "$1 needs a value"; fi
        case $1 in --report) wfc_report_to=$2 ;; --max-active-steps) case $2 in [1-9] | [1-9][0-9] | [1-4][0-9][0-9]) wfc_max=$2 ;; *[!0-9]* | '') wfc_die "$1 takes a whole number" ;; *) wfc_max=512 ;; esac ;; *) wfc_dir=$(CDPATH='' cd -- "$2" 2>/dev/null && pwd) || wfc_die "\`$2\` is no folder" ;; esac
        shift ;;
      --) shift; break ;;
      -*) case $1 in --resume | --list | --step | --from | --dry-run) wfc_die "$1 needs a script made by: wfc compile --target shell --with resume" ;; esac; wfc_die "unknown option $1" ;;
      *) wfc_word "$1" ;;
    esac
    shift
  done
  for wfc_k; do wfc_word "$wfc_k"; done
  if [ "$wfc_report_to" ] && { [ -d "$wfc_report_to" ] || [ ! -d "$(dirname -- "$wfc_report_to")" ]; }; then wfc_die "cannot write \`$wfc_report_to\`"; fi
  for wfc_k in "${wfc_set[@]}"; do wfc_say 'nightly.sh'": unknown param \`${wfc_k%%=*}\`: the workflow has none"; wfc_bad=1; done
  if [ "$wfc_bad" ]; then exit 2; fi
}
wfc_word() { case $1 in *=*) wfc_set[${#wfc_set[@]}]=$1 ;; *) wfc_args[${#wfc_args[@]}]=$1 ;; esac; }
wfc_main() {
  local wfc_k wfc_clock wfc_started_at wfc_home
  wfc_words "$@"
  case $BASH in */bash*) wfc_bash=$BASH ;; *) wfc_bash=$(command -v bash) ;; esac
  set -m # every background job is a process group
  case ${XDG_STATE_HOME-} in /*) wfc_home=$XDG_STATE_HOME/wfc ;; *) wfc_home=~/.local/state/wfc ;; esac
  wfc_home=${WFC_HOME:-$wfc_home}
  case $wfc_home in /*) ;; *) wfc_home=$PWD/$wfc_home ;; esac
  case $wfc_report_to in /* | '') ;; *) wfc_report_to=$PWD/$wfc_report_to ;; esac
  read -r wfc_t0 wfc_clock wfc_started_at < <(date -u '+%s %Y%m%dT%H%M%S %Y-%m-%dT%H:%M:%SZ')
  wfc_run=$wfc_home/runs/'nightly'/$wfc_clock-$$-$RANDOM
  wfc_n=0 wfc_head=0 wfc_tail=0 wfc_running=0 wfc_slots=0 wfc_idle=0 wfc_serial=0 wfc_code=0 wfc_s0=$SECONDS
  wfc_ds=0 wfc_ws=0 wfc_frames=0
  wfc_ending='' wfc_signal='' wfc_waiting='' wfc_reason='' wfc_status='' wfc_killer='' wfc_events=() wfc_happened=0 wfc_lost=() wfc_label=() wfc_delaying=0 wfc_me='' wfc_held=() wfc_unbegun='' wfc_queued=0
  mkdir -p "${wfc_run%/*}" && mkdir -m 700 "$wfc_run" && mkdir "$wfc_run/steps" "$wfc_run/steps/.params" && mkfifo "$wfc_run/.done" "$wfc_run/.alive" || exit 2
  exec 6>>"$wfc_run/.groups" 7>>"$wfc_run/events.jsonl" 8<>"$wfc_run/.alive" 9<>"$wfc_run/.done"
  # when the script is killed, its pipe .alive ends, and this process ends what runs
  (
    trap '' INT TERM HUP QUIT
    exec 6>&- 7>&- 9>&- >/dev/null 2>&1 </dev/null 8<"$wfc_run/.alive"
    if read -r -u 8 wfc_k; then exit; fi
    : >"$wfc_run/.ending"; wfc_kill TERM
    for wfc_k in "$wfc_run"/.slot*; do echo quit 1<>"$wfc_k"; done
    for ((wfc_k = 0; wfc_k < 50; wfc_k++)); do wfc_kill 0 || exit; sleep 0.1; done
    wfc_kill KILL
  ) &
  disown "$!"
  cd "$wfc_dir" || exit 2
  (while sleep 1 && kill -0 $$; do echo tick >&9; done) >/dev/null 2>&1 6>&- 7>&- 8>&- & # `read -t` may lose a signal, or half a line
  wfc_ticker=$!; disown "$!"
  trap 'wfc_on signal 130' INT; trap 'wfc_on signal 143' TERM; trap 'wfc_on signal 129' HUP; trap 'wfc_on signal 131' QUIT
  workflow; wfc_link
  wfc_write || exit 2
  wfc_turns || wfc_unbegun=1
  for wfc_k in "${wfc_set[@]}"; do printf '%s' "${wfc_k#*=}" >"$wfc_run/steps/.params/${wfc_k%%=*}"; done
  if [ -z "$wfc_ending" ] && wfc_value && [ -z "$wfc_ending" ]; then
    wfc_begin 0
    wfc_drain
  elif [ "$wfc_ending" ]; then wfc_drain
  else wfc_status=failed; fi
  wfc_abandon
  wfc_status_of 0
  case $wfc_reason in
    signal) wfc_status=aborted ;;
    timeout) wfc_status=failed ;;
    *) wfc_status=${wfc_status:-$wfc_r} ;;
  esac
  wfc_result[0]=$wfc_status
if [ -z "$wfc_unbegun" ]; then wfc_kind_for "$wfc_status"; wfc_handle 0 "$wfc_r"; wfc_handle 0 'exit'; fi
  wfc_status=${wfc_result[0]}
  if [ "$wfc_reason" != signal ]; then if [ "$wfc_status" = failed ]; then wfc_code=1; else wfc_code=0; fi; fi
  for ((wfc_k = 0; wfc_k < wfc_slots; wfc_k++)); do echo quit 1<>"$wfc_run/.slot$wfc_k"; done
  kill -KILL -- "-$wfc_ticker" 2>/dev/null
  echo bye >&8
  for wfc_k in "${wfc_delay_pid[@]}"; do kill -KILL -- "-$wfc_k"; done 2>/dev/null
  wfc_walk
  wfc_clear
  if ! { wfc_outcome >"$wfc_run/.outcome" && mv "$wfc_run/.outcome" "$wfc_run/outcome.json"; }; then wfc_code=$((wfc_code ? wfc_code : 2)); fi
  for wfc_k in "${wfc_held[@]}"; do wfc_release "$wfc_k"; done
  if [ "$wfc_report_to" ]; then wfc_report "$wfc_started_at" >"$wfc_report_to" || wfc_code=$((wfc_code ? wfc_code : 2)); fi
  wfc_table
  rm -rf "$wfc_run"/.[a-z]*
  exit "$wfc_code"
}
wfc_main "$@"
