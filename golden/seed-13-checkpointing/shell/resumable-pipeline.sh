#!/usr/bin/env bash
# Made by wfc from workflow.yaml. Make it again: wfc compile workflow.yaml --target shell
# source-sha256: 53b41351ed881fbc
# Needs bash 3.2 or newer. Usage: bash resumable-pipeline.sh --help
# shellcheck disable=SC2329,SC2016  # functions are called by name; $X in '...' is for the shell of a step
if [ -z "${BASH_VERSION-}" ] || [ $((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1])) -lt 302 ]; then echo 'resumable-pipeline.sh'": needs bash 3.2 or newer" >&2; exit 2; fi; set +o posix +efuC # as `sh` it could not read on

# ==== The workflow: workflow.yaml ====
values() {
param CHECKPOINT_DIR './checkpoints'  # workflow.yaml:3
}
workflow() {
step stage-1 <<'SH'  # workflow.yaml:6
CHECKPOINT="${CHECKPOINT_DIR}/stage-1.done"
if [ -f "$CHECKPOINT" ]; then
  echo "Stage 1 already completed"
else
  ./stage-1-process.sh
  touch "$CHECKPOINT"
fi
SH
step stage-2 after=stage-1 <<'SH'  # workflow.yaml:16
CHECKPOINT="${CHECKPOINT_DIR}/stage-2.done"
if [ -f "$CHECKPOINT" ]; then
  echo "Stage 2 already completed"
else
  ./stage-2-process.sh
  touch "$CHECKPOINT"
fi
SH
}

# ==== The run time: what this workflow needs of it ====
# ---- values: each is a file of the run folder
wfc_fail() { printf 'wfc: %s\n' "$*" >&2; exit 1; }
wfc_find() { # places -> wfc_file: the file of the first one that has a value
  for wfc_file; do
    case $wfc_file in
      *) wfc_file=$wfc_run/steps/$wfc_file ;;
    esac
    if [ -e "$wfc_file" ]; then return; fi
  done
  return 1
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
  set -- CHECKPOINT_DIR=.params/CHECKPOINT_DIR
  for wfc_e; do
    wfc_value=${wfc_e#*=}
    # shellcheck disable=SC2086
    if wfc_find ${wfc_value//,/ }; then wfc_give "${wfc_e%%=*}" "$wfc_file"; fi
  done
  export DAG_NAME='resumable-pipeline' DAG_RUN_ID="${wfc_run##*/}" DAG_RUN_LOG_FILE="$wfc_run/events.jsonl"
  if [ "$wfc_folder" ]; then export DAG_RUN_STEP_NAME="$wfc_name" DAG_RUN_STEP_STDOUT_FILE="$wfc_run/steps/$wfc_folder/$wfc_try.out" DAG_RUN_STEP_STDERR_FILE="$wfc_run/steps/$wfc_folder/$wfc_try.err"; fi
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
wfc_serve() { # step, the next one in line: one attempt; true when it goes on
  {
    IFS= read -r -d '' wfc_folder
    IFS= read -r -d '' wfc_name
    IFS= read -r -d '' wfc_text
  } <"$wfc_run/.specs/$1"
  wfc_shell=("$wfc_bash" -e)
  wfc_files=$wfc_run/steps/$wfc_folder/$wfc_try
  (wfc_attempt) >"$wfc_files.out" 2>"$wfc_files.err" </dev/null 5>&- 6>&- 9>&- &
  wfc_watch "$!"
  echo "$wfc_rc" >"$wfc_files.rc"
  if ((wfc_rc == 0)) && [ "$2" ] && [ ! -e "$wfc_run/.ending" ]; then echo "$wfc_slot $wfc_serial 0 +" >&9; wfc_serial=$((wfc_serial + 1)); return; fi
  echo "$wfc_slot $wfc_serial $wfc_rc" >&9
  return 1
}
wfc_worker() { # slot, run folder, work folder, bash, positional words; reads "serial attempt step", reports "slot serial exit-code" through fd 9, and + when it goes on with the next step in line
  local wfc_slot=$1 wfc_serial wfc_try wfc_line wfc_at
  wfc_run=$2 wfc_dir=$3 wfc_bash=$4; shift 4; wfc_args=("$@")
  set -m # each attempt is a process group
  while read -r -u 5 -a wfc_line && [ "${wfc_line[0]}" != quit ]; do
    wfc_serial=${wfc_line[0]} wfc_try=${wfc_line[1]}
    for ((wfc_at = 2; ; wfc_at++)); do wfc_serve "${wfc_line[wfc_at]}" "${wfc_line[wfc_at + 1]}" || break; done
  done
}

# ---- scheduling; a step is an index into arrays
wfc_say() { printf '%s\n' "$*" >&2; }
wfc_die() { wfc_say 'resumable-pipeline.sh'": $*"; exit 2; }
step() { # folder, attributes; its text, if not its command, is on stdin
  local wfc_a wfc_k=$((wfc_n))
  wfc_n=$((wfc_k + 1))
  wfc_folders[wfc_k]=$1 wfc_names[wfc_k]=$1 wfc_quoted[wfc_k]="\"$1\"" wfc_need[wfc_k]=0 wfc_after[wfc_k]='' wfc_state[wfc_k]='' wfc_tries[wfc_k]=0 wfc_rc[wfc_k]=null
  wfc_at wfc_i_ "$1"; printf -v "$wfc_r" %s "$wfc_k"
  for wfc_a in "${@:2}"; do
    case $wfc_a in
      after=*) wfc_waits[wfc_k]=${wfc_a#*=} ;;
      command=*) wfc_texts[wfc_k]=${wfc_a#*=} ;;
    esac
  done
  if [ -z "${wfc_texts[wfc_k]+x}" ]; then IFS= read -r -d '' "wfc_texts[wfc_k]"; wfc_texts[wfc_k]=${wfc_texts[wfc_k]%$'\n'}; fi
}
wfc_at() { wfc_r=${2//_/_u}; wfc_r=${wfc_r//./_d}; wfc_r=$1${wfc_r//-/_h}; } # prefix, name -> wfc_r: a variable
wfc_link() { # from names to numbers; a name may be that of a later step
  local wfc_k wfc_d
  for ((wfc_k = 0; wfc_k < wfc_n; wfc_k++)); do
    for wfc_d in ${wfc_waits[wfc_k]}; do
      wfc_at wfc_i_ "$wfc_d"; wfc_r=${!wfc_r}
      wfc_after[wfc_r]="${wfc_after[wfc_r]} $wfc_k"; wfc_need[wfc_k]=$((wfc_need[wfc_k] + 1))
    done
  done
}
wfc_write() { # what the workers need to know of each step
  local wfc_k
  mkdir -p "$wfc_run/.specs" && (
    cd "$wfc_run/steps" && for ((wfc_k = 0; wfc_k < wfc_n; wfc_k += 500)); do mkdir -p -- "${wfc_folders[@]:wfc_k:500}" || exit; done
  ) || return 1
  for ((wfc_k = 0; wfc_k < wfc_n; wfc_k++)); do
    printf '%s\0%s\0%s\0' "${wfc_folders[wfc_k]}" "${wfc_names[wfc_k]}" "${wfc_texts[wfc_k]}" >"$wfc_run/.specs/$wfc_k" || return 1 # half a text is another one
  done
  declare -f wfc_fail wfc_find wfc_size wfc_give wfc_environment wfc_attempt wfc_processes wfc_end wfc_watch wfc_serve wfc_worker >>"$wfc_run/.worker" && echo 'wfc_worker "$@"' >>"$wfc_run/.worker"
}
wfc_json() { wfc_r=${1//\\/\\\\}; wfc_r="\"${wfc_r//\"/\\\"}\""; } # text without control characters -> wfc_r, a JSON string
wfc_event() { # event, step: a line of events.jsonl
  printf '{"t":%d,"event":"%s","step":%s,"status":"%s","attempts":%d,"exit_code":%s}\n' $((wfc_t0 + SECONDS - wfc_s0)) "$1" "${wfc_quoted[$2]}" "${wfc_state[$2]}" "${wfc_tries[$2]}" "${wfc_rc[$2]}" >&7
  wfc_events[wfc_happened]="[\"$1\", ${wfc_quoted[$2]}]" wfc_happened=$((wfc_happened + 1))
}
wfc_started() { # step: its first or next attempt begins
  wfc_tries[$1]=1 wfc_begun[$1]=$SECONDS
  wfc_say "${wfc_label[$1]:-${wfc_names[$1]}}: started"
  wfc_event start "$1"
}
wfc_in_line() { # nothing but wfc_k runs or can start: -> wfc_then: those that follow it one by one, so that its worker need not ask
  local wfc_m=$wfc_k
  while wfc_m=${wfc_after[wfc_m]# }; case $wfc_m in '' | *' '*) false ;; esac; do
    if ((wfc_need[wfc_m] > 1)) || [ "${wfc_never[wfc_m]}" ]; then break; fi
    wfc_then="$wfc_then $wfc_m"
  done
}
wfc_launch() { # step: hand it to a free worker, or to a new one
  local wfc_s wfc_k=$1 wfc_then=''
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
  if ((wfc_running == 1 && wfc_head >= wfc_tail)); then wfc_in_line; fi
  echo "$wfc_serial ${wfc_tries[wfc_k]} $wfc_k$wfc_then" 1<>"$wfc_run/.slot$wfc_s"
}
wfc_settle() { # step, state: it has ended
  local wfc_m wfc_k=$1 wfc_name=${wfc_label[$1]:-${wfc_names[$1]}} wfc_f=$wfc_run/steps/${wfc_folders[$1]}/${wfc_tries[$1]}.err
  wfc_state[wfc_k]=$2 wfc_took[wfc_k]=$((SECONDS - ${wfc_begun[wfc_k]:-$SECONDS}))
  case $2 in
    succeeded) wfc_say "$wfc_name: succeeded in ${wfc_took[wfc_k]} s" ;;
    failed)
      wfc_say "$wfc_name: failed with exit ${wfc_rc[wfc_k]} in ${wfc_took[wfc_k]} s, log: $wfc_f"
      { tail -n 10 "$wfc_f"; if [ "$(tail -c 1 "$wfc_f")" ]; then echo; fi; } 2>/dev/null | sed 's/^/  | /' >&2 ;;
    *) wfc_say "$wfc_name: $2" ;;
  esac
  if ((wfc_tries[wfc_k])); then wfc_event end "$wfc_k"; fi
  for wfc_m in ${wfc_after[wfc_k]}; do
    if [ "$2" != succeeded ]; then wfc_never[wfc_m]=aborted; fi
    wfc_need[wfc_m]=$((wfc_need[wfc_m] - 1))
    if ((wfc_need[wfc_m] == 0)); then wfc_ready "$wfc_m"; fi
  done
}
wfc_ready() { # step: all that it waits for has ended
  if [ "${wfc_never[$1]}" ]; then wfc_lost[${#wfc_lost[@]}]=$1; else wfc_queue[wfc_tail]=$1 wfc_tail=$((wfc_tail + 1)); fi
}
wfc_ended() { # slot, serial, exit code, + when its worker has gone on: an attempt has ended
  local wfc_k=${wfc_busy[$1]} wfc_code_k=$3
  if [ "${wfc_job[$1]}" != "$2" ]; then return; fi # the tick was faster
  if [ "$4" = + ]; then # what waited for it is the only one that can start, and has
    wfc_rc[wfc_k]=0; wfc_settle "$wfc_k" succeeded
    wfc_busy[$1]=${wfc_queue[wfc_head]} wfc_head=$((wfc_head + 1)) wfc_serial=$(($2 + 1)); wfc_job[$1]=$wfc_serial
    wfc_started "${wfc_busy[$1]}"; return
  fi
  wfc_job[$1]='' wfc_free[wfc_idle]=$1 wfc_idle=$((wfc_idle + 1)) wfc_running=$((wfc_running - 1))
  wfc_rc[wfc_k]=$wfc_code_k
  if [ "$wfc_ending" ]; then wfc_settle "$wfc_k" aborted; return; fi
  if ((wfc_code_k == 0)); then wfc_settle "$wfc_k" succeeded; return; fi
  wfc_settle "$wfc_k" failed
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
  wfc_ending=1
  : >"$wfc_run/.ending"
  wfc_kill TERM
  (sleep 5; wfc_kill KILL) >/dev/null 2>&1 6>&- 7>&- 8>&- 9>&- &
  wfc_killer=$!; disown "$!"
}
wfc_on() { if [ "$wfc_waiting" ]; then wfc_cancel "$1" "$2"; echo tick >&9; elif [ "${wfc_signal% *}" != signal ]; then wfc_signal="$1 $2"; fi; } # the read that it came into has to end; else at the next safe point
wfc_tick() { # each second: was a worker killed?
  local wfc_s wfc_c wfc_m wfc_f
  for ((wfc_s = 0; wfc_s < wfc_slots; wfc_s++)); do
    if [ -z "${wfc_job[wfc_s]}" ]; then continue; fi
    if kill -0 "${wfc_pid[wfc_s]}" 2>/dev/null; then continue; fi
    wfc_c='' wfc_m=''
    wfc_f=$wfc_run/steps/${wfc_folders[wfc_busy[wfc_s]]}
    wfc_f=$wfc_f/${wfc_tries[wfc_busy[wfc_s]]}.rc
    if [ -e "$wfc_f" ]; then read -r wfc_c wfc_m <"$wfc_f"; fi
    wfc_ended "$wfc_s" "${wfc_job[wfc_s]}" "${wfc_c:-137}" "$wfc_m"
  done
}
wfc_drain() { # until nothing runs and nothing can start
  local wfc_a wfc_b wfc_c wfc_d wfc_l=0
  wfc_lost=()
  while :; do
    if [ "$wfc_signal" ]; then wfc_cancel "${wfc_signal% *}" "${wfc_signal#* }"; fi
    while ((wfc_l < ${#wfc_lost[@]})); do wfc_l=$((wfc_l + 1)); wfc_settle "${wfc_lost[wfc_l - 1]}" "${wfc_never[wfc_lost[wfc_l - 1]]}"; done
    while ((wfc_head < wfc_tail && wfc_running < wfc_max)) && [ -z "$wfc_ending$wfc_signal" ]; do
      wfc_head=$((wfc_head + 1)); wfc_launch "${wfc_queue[wfc_head - 1]}"
      if ((BASH_VERSINFO[0] > 3)) && read -r -t 0 -u 9; then break; fi # use a worker that is free again
    done
    if ((wfc_running == 0)) && { ((wfc_head >= wfc_tail)) || [ "$wfc_ending" ]; }; then break; fi
    wfc_waiting=1
    read -r -u 9 wfc_a wfc_b wfc_c wfc_d; wfc_waiting=''
    case $wfc_a in
      tick | '') wfc_tick ;;
      *) wfc_ended "$wfc_a" "$wfc_b" "$wfc_c" "$wfc_d" ;;
    esac
  done
  if [ "$wfc_ending" ]; then # what steps had left in the background ends, too
    for ((wfc_a = 0; wfc_a < 70; wfc_a++)); do if [ "$wfc_signal" ]; then wfc_cancel signal "${wfc_signal#* }"; fi; wfc_kill 0 || break; sleep 0.1; done
    kill -KILL -- "-$wfc_killer" 2>/dev/null
    rm -f "$wfc_run/.ending"
  fi
}

# ---- the report
wfc_outcome() { # the JSON form of the outcome
  local wfc_k wfc_row wfc_sep='' wfc_hs='' wfc_os='' wfc_s
  printf '{"version": 1, "workflow": %s, "status": "%s", "exit_code": %d,\n "steps": {' '"resumable-pipeline"' "$wfc_status" "$wfc_code"
  for ((wfc_k = 0; wfc_k < wfc_n; wfc_k++)); do
    wfc_row="${wfc_quoted[wfc_k]}: {\"status\": \"${wfc_state[wfc_k]}\", \"attempts\": ${wfc_tries[wfc_k]}, \"exit_code\": ${wfc_rc[wfc_k]}"
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
  printf '}}\n'
}
wfc_times() { # "" or 1: of steps, or of handlers
  local wfc_k wfc_sep='' wfc_path=$wfc_run
  case $wfc_path in *[!\ -~]*) wfc_path=$(printf '%s' "$wfc_path" | tr -d '\000-\037' | iconv -c -f UTF-8 -t UTF-8) ;; esac # a path may be no text
  for ((wfc_k = 0; wfc_k < wfc_n; wfc_k++)); do
    wfc_json "$wfc_path/steps/${wfc_folders[wfc_k]}"
    printf '%s\n  %s: {"seconds": %d, "log": %s}' "$wfc_sep" "${wfc_quoted[wfc_k]}" "${wfc_took[wfc_k]:-0}" "$wfc_r"; wfc_sep=,
  done
}
wfc_table() { # what became of each step
  local wfc_k wfc_wide=4 wfc_name
  for wfc_name in "${wfc_names[@]}"; do if ((${#wfc_name} > wfc_wide)); then wfc_wide=${#wfc_name}; fi; done
  printf "%-${wfc_wide}s  %-9s  %-8s  %-4s  %s\n" STEP STATUS ATTEMPTS EXIT SECONDS
  for ((wfc_k = 0; wfc_k < wfc_n; wfc_k++)); do
    printf "%-${wfc_wide}s  %-9s  %-8d  %-4s  %d\n" "${wfc_label[wfc_k]:-${wfc_names[wfc_k]}}" "${wfc_state[wfc_k]}" "${wfc_tries[wfc_k]}" "${wfc_rc[wfc_k]/null/-}" "${wfc_took[wfc_k]:-0}"
  done
  printf '%s: %s in %d s\nrun folder: %s\n' 'resumable-pipeline' "$wfc_status" $((SECONDS - wfc_s0)) "$wfc_run"
}
wfc_help() {
  printf '%s\n' 'usage: bash resumable-pipeline.sh [K=V ...] [--params-json FILE] [--work-dir DIR] [--report FILE] [--max-active-steps N] [--] [WORD ...]'
  printf '%s\n' 'params:'
  printf '%s\n' '  CHECKPOINT_DIR=./checkpoints'
}
param() { # name, default: what the run sets wins
  if [ ! -e "$wfc_run/steps/.params/$1" ]; then printf '%s' "$2" >"$wfc_run/steps/.params/$1"; fi
}
wfc_aside() { # function, file: in a process of its own, so that a signal can end it
  local wfc_p wfc_c
  wfc_files=$wfc_run/$2 wfc_folder='' wfc_name=''
  ("$1") >"$wfc_files.err" 2>&1 </dev/null 6>&- 7>&- 8>&- 9>&- &
  wfc_p=$!; echo "+$wfc_p" >&6
  wfc_waiting=1
  while wait "$wfc_p"; wfc_c=$?; ((wfc_c > 128)) && kill -0 "$wfc_p"; do :; done 2>/dev/null
  wfc_waiting=''
  if ! kill -0 -- "-$wfc_p" 2>/dev/null; then echo "-$wfc_p" >&6; fi
  return "$wfc_c"
}
wfc_value() { # all params and env
  if wfc_aside values inputs; then return; fi
  if [ "$wfc_ending" ]; then return 1; fi
  wfc_say "params and env: failed, log: $wfc_run/inputs.err"
  { tail -n 10 "$wfc_run/inputs.err"; if [ "$(tail -c 1 "$wfc_run/inputs.err")" ]; then echo; fi; } | sed 's/^/  | /' >&2
  return 1
}
wfc_meant() { # an unknown param: the known one that differs in case, in _ or by one edit; else all
  local wfc_p wfc_i wfc_known='CHECKPOINT_DIR'
  for wfc_p in $wfc_known; do
    if [ "$(tr -d _ <<<"$1" | tr '[:upper:]' '[:lower:]')" = "$(tr -d _ <<<"$wfc_p" | tr '[:upper:]' '[:lower:]')" ]; then echo "did you mean \`$wfc_p\`?"; return; fi
    for ((wfc_i = 0; wfc_i <= ${#1}; wfc_i++)); do
      case $wfc_p in "${1:0:wfc_i}${1:wfc_i+1}" | "${1:0:wfc_i}"?"${1:wfc_i+1}" | "${1:0:wfc_i}"?"${1:wfc_i}") echo "did you mean \`$wfc_p\`?"; return ;; esac
    done
  done
  echo 'known are: `CHECKPOINT_DIR`'
}
wfc_json_given() { # --params-json: NAME=VALUE, each ended by NUL
  jq -j 'def num: tojson as $t | if $t == "-0" then "0" elif ($t | test("^-?[0-9]+$")) then $t else
    (. + 0 | tojson | capture("^(?<s>-?)(?<i>[0-9]+)(\\.(?<f>[0-9]+))?([eE](?<e>[-+]?[0-9]+))?$")) as $c
    | ($c.i + ($c.f // "")) as $a | ($a | sub("^0+"; "")) as $b | ($b | sub("0+$"; "")) as $d | ($d | length) as $k
    | (($c.i | length) + (($c.e // "0") | ltrimstr("+") | tonumber) - ($a | length) + ($b | length)) as $n
    | if $k == 0 then "0" elif $k <= $n and $n <= 21 then $c.s + $d + "0" * ($n - $k)
      elif 0 < $n and $n <= 21 then $c.s + $d[:$n] + "." + $d[$n:]
      elif -6 < $n and $n <= 0 then $c.s + "0." + (if $n == 0 then "" else "0" * (-$n) end) + $d
      else $c.s + $d[:1] + (if $k > 1 then "." + $d[1:] else "" end) + "e" + (if $n > 0 then "+" else "" end) + ($n - 1 | tostring) end end;
  def str: if . == "" then "\"\"" else "\"" + (split("\u007f") | map(tojson[1:-1]) | join("\u007f")) + "\"" end;
  def json: if type == "object" then . as $o | "{" + ([keys_unsorted[] as $k | ($k | str) + ":" + ($o[$k] | json)] | join(",")) + "}"
    elif type == "array" then "[" + (map(json) | join(",")) + "]" elif type == "number" then num
    elif type == "string" then str else tojson end;
  def text: if type != "string" then json elif explode | index(0) then error("a value holds a NUL character") else . end;
  to_entries[] | .key + "=" + (.value | text) + "\u0000"'
}
wfc_words() { # the command line
  local wfc_k wfc_bad=''
  wfc_report_to='' wfc_set=() wfc_args=() wfc_max=512 wfc_json_file='' wfc_json_set=''
  wfc_dir=$(CDPATH='' cd -- "$(dirname -- "${BASH_SOURCE[0]}")" && pwd) || exit 2
  while (($#)); do
    case $1 in
      --help) wfc_help; exit 0 ;;
      --report | --work-dir | --max-active-steps | --params-json)
        if (($# < 2)); then wfc_die "$1 needs a value"; fi
        case $1 in --report) wfc_report_to=$2 ;; --max-active-steps) case $2 in [1-9] | [1-9][0-9] | [1-4][0-9][0-9]) wfc_max=$2 ;; *[!0-9]* | '') wfc_die "$1 takes a whole number" ;; *) wfc_max=512 ;; esac ;; --params-json) wfc_json_file=$2 ;; *) wfc_dir=$(CDPATH='' cd -- "$2" 2>/dev/null && pwd) || wfc_die "\`$2\` is no folder" ;; esac
        shift ;;
      --) shift; break ;;
      -*) case $1 in --resume | --list | --step | --from | --dry-run) wfc_die "$1 needs a script made by: wfc compile --target shell --with resume" ;; esac; wfc_die "unknown option $1" ;;
      *) wfc_word "$1" ;;
    esac
    shift
  done
  for wfc_k; do wfc_word "$wfc_k"; done
  if [ "$wfc_report_to" ] && { [ -d "$wfc_report_to" ] || [ ! -d "$(dirname -- "$wfc_report_to")" ]; }; then wfc_die "cannot write \`$wfc_report_to\`"; fi
  if [ "$wfc_json_file" ]; then
    if ! command -v jq >/dev/null; then wfc_die 'needs jq for --params-json: https://jqlang.org'; fi
    jq -e 'type == "object"' <"$wfc_json_file" >/dev/null 2>&1 || wfc_die "$wfc_json_file: not a JSON object"
    wfc_json_given >"${wfc_json_set:=$(mktemp)}" <"$wfc_json_file" || wfc_die "$wfc_json_file: has a value that is no text"
    wfc_given=("${wfc_set[@]}") wfc_set=()
    while IFS= read -r -d '' wfc_r; do wfc_set[${#wfc_set[@]}]=$wfc_r; done <"$wfc_json_set"
    rm -f "$wfc_json_set"
    wfc_set=("${wfc_set[@]}" "${wfc_given[@]}") # K=V wins
  fi
  for wfc_k in "${wfc_set[@]}"; do
    case ${wfc_k%%=*} in CHECKPOINT_DIR) ;; *) wfc_say 'resumable-pipeline.sh'": unknown param \`${wfc_k%%=*}\`: $(wfc_meant "${wfc_k%%=*}")"; wfc_bad=1 ;; esac
  done
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
  wfc_run=$wfc_home/runs/'resumable-pipeline'/$wfc_clock-$$-$RANDOM
  wfc_n=0 wfc_head=0 wfc_tail=0 wfc_running=0 wfc_slots=0 wfc_idle=0 wfc_serial=0 wfc_code=0 wfc_s0=$SECONDS
  wfc_ending='' wfc_signal='' wfc_waiting='' wfc_reason='' wfc_status='' wfc_killer='' wfc_events=() wfc_happened=0 wfc_lost=() wfc_label=()
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
  for wfc_k in "${wfc_set[@]}"; do printf '%s' "${wfc_k#*=}" >"$wfc_run/steps/.params/${wfc_k%%=*}"; done
  if wfc_value && [ -z "$wfc_ending" ]; then
    for ((wfc_k = 0; wfc_k < wfc_n; wfc_k++)); do if ((wfc_need[wfc_k] == 0)); then wfc_ready "$wfc_k"; fi; done
    wfc_drain
  elif [ "$wfc_ending" ]; then wfc_drain
  else wfc_status=failed; fi
  for ((wfc_k = 0; wfc_k < wfc_n; wfc_k++)); do
    case ${wfc_state[wfc_k]} in
      '') wfc_settle "$wfc_k" aborted ;;
      failed) wfc_status=failed ;;
    esac
  done
  case $wfc_reason in
    signal) wfc_status=aborted ;;
    *) wfc_status=${wfc_status:-succeeded} ;;
  esac
  if [ "$wfc_reason" != signal ]; then if [ "$wfc_status" = failed ]; then wfc_code=1; else wfc_code=0; fi; fi
  for ((wfc_k = 0; wfc_k < wfc_slots; wfc_k++)); do echo quit 1<>"$wfc_run/.slot$wfc_k"; done
  kill -KILL -- "-$wfc_ticker" 2>/dev/null
  echo bye >&8
  if ! { wfc_outcome >"$wfc_run/.outcome" && mv "$wfc_run/.outcome" "$wfc_run/outcome.json"; }; then wfc_code=$((wfc_code ? wfc_code : 2)); fi
  if [ "$wfc_report_to" ]; then wfc_report "$wfc_started_at" >"$wfc_report_to" || wfc_code=$((wfc_code ? wfc_code : 2)); fi
  wfc_table
  rm -rf "$wfc_run"/.[a-z]*
  exit "$wfc_code"
}
wfc_main "$@"
