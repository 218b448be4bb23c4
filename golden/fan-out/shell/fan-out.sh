#!/usr/bin/env bash
# Made by wfc from workflow.yaml. Make it again: wfc compile workflow.yaml --target shell
# source-sha256: ef4ed1d5bd516298
# Needs bash 3.2 or newer and jq. Usage: bash fan-out.sh --help
# shellcheck disable=SC2329,SC2016  # functions are called by name; $X in '...' is for the shell of a step
if [ -z "${BASH_VERSION-}" ] || [ $((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1])) -lt 302 ]; then echo 'fan-out.sh'": needs bash 3.2 or newer" >&2; exit 2; fi; set +o posix +efuC # as `sh` it could not read on

# ==== The workflow: workflow.yaml ====
values() {
param FILES 'a.txt b.txt c.txt'  # workflow.yaml:3
param AT_ONCE '2'  # workflow.yaml:4
}
workflow() {
flow fan-out uses='FILES=.params/FILES AT_ONCE=.params/AT_ONCE'  # workflow.yaml:1
fan_out count output=COUNTS setup=deal_count  # workflow.yaml:8
each uses=ITEM=.item output= retry=1 pauses=0 when=each_if_count <<'SH'  # workflow.yaml:7
test -f "$ITEM"
wc -c < "$ITEM" | tr -d ' '
SH
fan_out describe after=count output=LINES setup=deal_describe  # workflow.yaml:19
each_call output= runs=describe setup=with_describe  # workflow.yaml:18
step report after=describe uses='LINES=describe/.output COUNTS=count/.output' output=REPORT setup=with_report <<'SH'  # workflow.yaml:26
cat <<END
${WFC_1}
${WFC_2}
END
SH
flow describe uses='TITLE=.params/TITLE FACTOR=.params/FACTOR SUMMARY=.params/SUMMARY' values=values_describe params='TITLE FACTOR SUMMARY'  # workflow.yaml:34
step line output=LINE setup=with_describe.line command='echo "${TITLE}, ${WFC_1} times ${FACTOR}, ${WFC_2} skipped"'  # workflow.yaml:40
}
deal_count() {
  wfc_get 1 .params/FILES
  wfc_split "${wfc_1}"
  wfc_get 2 .params/AT_ONCE
  wfc_width="${wfc_2}"
}
each_if_count() {
  if ! wfc_test 'test -e "$ITEM"'; then exit 1; fi  # workflow.yaml:11
}
deal_describe() {
  wfc_add '{"name":"north","factor":2}' '{"name":"north","factor":2}'
  wfc_add '{"name":"south","factor":1.5}' '{"name":"south","factor":1.5}'
  wfc_width=10
}
with_describe() {
  wfc_jq 1 '([$v1 | into("name")] | if length == 0 then error("no value for ${ITEM.name}" + lost($v1; "ITEM")) else .[0] end) | text' '.item'
  wfc_pass TITLE "in the ${wfc_1}"  # workflow.yaml:23
  wfc_jq 2 '([$v1 | into("factor")] | if length == 0 then error("no value for ${ITEM.factor}" + lost($v1; "ITEM")) else .[0] end) | text' '.item'
  wfc_pass FACTOR "${wfc_2}"  # workflow.yaml:23
  wfc_jq 3 '([$v1 | select(. != null) | into("summary")] | if length == 0 then error("no value for ${COUNTS.summary}" + lost($v1; "COUNTS")) else .[0] end) | text' 'count/.output,/process/COUNTS'
  wfc_pass SUMMARY "${wfc_3}"  # workflow.yaml:23
}
with_report() {
  wfc_jq 1 '([$v1 | select(. != null) | into("outputs")] | if length == 0 then error("no value for ${COUNTS.outputs}" + lost($v1; "COUNTS")) else .[0] end) | text' 'count/.output,/process/COUNTS'
  wfc_bind WFC_1 "${wfc_1}"
  wfc_jq 2 '([$v1 | select(. != null) | into("outputs")] | if length == 0 then error("no value for ${LINES.outputs}" + lost($v1; "LINES")) else .[0] end) | text' 'describe/.output,/process/LINES'
  wfc_bind WFC_2 "${wfc_2}"
}
values_describe() {
param TITLE ''  # workflow.yaml:36
param FACTOR '1'  # workflow.yaml:37
param SUMMARY '{}'  # workflow.yaml:38
}
with_describe.line() {
  wfc_jq 1 '([$v1 | select(. != null) | into("total")] | if length == 0 then error("no value for ${SUMMARY.total}" + lost($v1; "SUMMARY")) else .[0] end) | text' '.params/SUMMARY'
  wfc_bind WFC_1 "${wfc_1}"
  wfc_jq 2 '([$v1 | select(. != null) | into("skipped")] | if length == 0 then error("no value for ${SUMMARY.skipped}" + lost($v1; "SUMMARY")) else .[0] end) | text' '.params/SUMMARY'
  wfc_bind WFC_2 "${wfc_2}"
}

# ==== The run time: what this workflow needs of it ====
wfc_1='' wfc_2='' wfc_3=''
# ---- values: each is a file of the run folder
wfc_fail() { printf 'wfc: %s\n' "$wfc_who$*" >&2; exit 1; }
wfc_whose='' wfc_who='' # of what it is that something fails
wfc_valuing() { wfc_who=$wfc_whose${1:+\`$1\`: }; } # name of a param or a variable, or nothing
wfc_find() { # places -> wfc_file: the file of the first one that has a value
  for wfc_file; do
    case $wfc_file in
      .item) wfc_file=$wfc_run/steps/$wfc_folder/.item ;;
      /*) wfc_file=$wfc_run$wfc_file ;; # of the whole run
      *) wfc_file=$wfc_base/$wfc_file ;;
    esac
    if [ -e "$wfc_file" ]; then return; fi
  done
  return 1
}
wfc_get() { # n, places -> wfc_n, empty when no place has a value
  printf -v "wfc_$1" %s '' # bash 3.2 takes no empty format
  if wfc_find "${@:2}"; then IFS= read -r -d '' "wfc_$1" <"$wfc_file" || :; fi
}
wfc_bind() { printf '%s' "$2" >"$wfc_files.$1"; wfc_bound="$wfc_bound $1"; } # name, value: for the next shell text
wfc_jq() { # n, program, the places of $v1, $v2 ... -> wfc_n: a value as text
  local wfc_n=$1 wfc_program=$2 wfc_i=0 wfc_p wfc_given=(-nj)
  shift 2
  for wfc_p; do
    wfc_i=$((wfc_i + 1))
    # shellcheck disable=SC2086  # a list of places
    if wfc_find ${wfc_p//,/ }; then
      case $wfc_file in */.item) # keeps its type
        wfc_given=("${wfc_given[@]}" --slurpfile "i$wfc_i" "${wfc_file%.item}.json")
        wfc_program="\$i${wfc_i}[0] as \$v$wfc_i | $wfc_program"
        continue ;;
      esac
      wfc_given=("${wfc_given[@]}" --rawfile "v$wfc_i" "$wfc_file")
      if [ "$wfc_old_jq" ]; then
        IFS= read -r -d '' wfc_p <"$wfc_file" || :
        if [[ $wfc_p =~ [0-9]{16} ]]; then printf 'wfc: this jq rounds integers beyond 2^53, jq 1.7 does not\n' >&2; fi
      fi
    else wfc_given=("${wfc_given[@]}" --argjson "v$wfc_i" null); fi
  done
  jq "${wfc_given[@]}" 'def num: tojson as $t | if $t == "-0" then "0" elif ($t | test("^-?[0-9]+$")) then $t else
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
  def parsed: if . == "" then error("not JSON: an empty text")
    elif test("\\A(?>(?:[^\"0-9.+-]+|\"(?:[^\"\\\\]+|\\\\.)*\"|-?(?:0|[1-9][0-9]*)(?:\\.[0-9]+)?(?:[eE][+-]?[0-9]+)?(?![0-9.eE+-]))*)\\z") then fromjson
    else error("not JSON: a text or a number that is none") end
    | if any(.. | numbers; isnan or isinfinite) then error("not JSON: a number that is none") else . end;
  def lost($value; $name): if ($value | type) != "string" then "" else [$value | try (parsed | "") catch (": the value of `" + $name + "` is not JSON")] | .[0] end;
  def into($k): if type == "string" then (try parsed catch empty) | into($k)
    elif type == "object" and ($k | type) == "string" then if has($k) then .[$k] else empty end
    elif type == "array" and ($k | type) == "number" and $k < length then .[$k] else empty end;
  '"$wfc_program" >"$wfc_files.value$wfc_n" 2>"$wfc_files.why" || wfc_fail "$(sed '1s/^jq: error (at [^)]*): //' "$wfc_files.why")"
  IFS= read -r -d '' "wfc_$wfc_n" <"$wfc_files.value$wfc_n" || :
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
  for wfc_e in $wfc_bound; do wfc_give "$wfc_e" "$wfc_files.$wfc_e"; done
  export DAG_NAME="$wfc_dag" DAG_RUN_ID="${wfc_run##*/}" DAG_RUN_LOG_FILE="$wfc_run/events.jsonl"
  if [ "$wfc_folder" ]; then export DAG_RUN_STEP_NAME="$wfc_name" DAG_RUN_STEP_STDOUT_FILE="$wfc_run/steps/$wfc_folder/$wfc_try.out" DAG_RUN_STEP_STDERR_FILE="$wfc_run/steps/$wfc_folder/$wfc_try.err"; fi
}
param() { # name, default: what the run sets wins
  if [ ! -e "$wfc_base/.params/$1" ]; then printf '%s' "$2" >"$wfc_base/.params/$1"; fi
}

# ---- a worker: a small shell of its own that does one attempt after another
wfc_test() { # text: does this command of a condition end with 0?
  (wfc_environment) || exit 1
  (wfc_environment; exec "$wfc_bash" -c "$wfc_load$1" "$wfc_name" "${wfc_args[@]}")
}
wfc_attempt() { # becomes the process of the step
  if [ "$wfc_setup" ]; then "$wfc_setup"; fi
  if [ "$wfc_kind" = call ]; then wfc_open; return; fi
  if [ "$wfc_kind" = map ]; then wfc_deal; return; fi
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
wfc_pass() { wfc_given[${#wfc_given[@]}]="$1=$2"; } # name, value: a param for the called workflow
wfc_open() { # folders, params and env of the called workflow: says `ready`, its number, and `failed` when they could not be valued
  local wfc_flow=${wfc_callee:-$wfc_run_of} wfc_in=$wfc_run/steps/$wfc_folder wfc_ready=$wfc_files.ready wfc_p wfc_values wfc_n
  if ((wfc_try > 1)); then rm -f "$wfc_in/.output" "$wfc_in/.record"; wfc_in=$wfc_in.$wfc_try; fi
  if ((${#wfc_in} - ${#wfc_run} - 7 > 1000)); then wfc_in=$wfc_run/steps/$wfc_serial.deep; fi
  {
    IFS= read -r -d '' wfc_dag; IFS= read -r -d '' wfc_values
    set --
    while IFS= read -r -d '' wfc_p; do if [ "$wfc_p" ]; then set -- "$@" "$wfc_in/$wfc_p"; fi; done
  } <"$wfc_run/.flows/$wfc_flow"
  mkdir -p "$wfc_in/.params" "$wfc_in/.env" "$@"
  for wfc_p in "${wfc_given[@]}"; do
    wfc_n=${wfc_p%%=*}
    printf '%s' "${wfc_p#*=}" >"$wfc_in/.params/$wfc_n"
  done
  wfc_base=$wfc_in wfc_files=$wfc_in/.inputs wfc_folder='' wfc_name='' wfc_uses='' wfc_args=()
  if [ "$wfc_values" ]; then
    echo "ready $wfc_flow failed" >"$wfc_ready"
    wfc_whose="workflow \`$wfc_dag\`: "; wfc_valuing ''
    "$wfc_values"
    wfc_who=''
  fi
  for ((wfc_p = 1; ; wfc_p++)); do
    if [ ! -e "$wfc_in/.params/$wfc_p" ]; then break; fi
    IFS= read -r -d '' wfc_value <"$wfc_in/.params/$wfc_p" || :
    printf '%s\0' "$wfc_value" >>"$wfc_in/.args"
  done
  echo "ready $wfc_flow" >"$wfc_ready"
}
wfc_add() { wfc_texts[wfc_many]=$1 wfc_items[wfc_many]=$2 wfc_many=$((wfc_many + 1)); } # text, JSON: one more item
wfc_deal() { # the items, each in a folder: says `items`, how many, how many at a time
  local wfc_j wfc_at=$wfc_run/steps/$wfc_folder
  wfc_many=${wfc_many:-0}
  if ! [[ $wfc_width =~ ^[1-9][0-9]*$ ]]; then wfc_fail "\`maxConcurrent\` must be a whole number of at least 1, but is \`${wfc_width:0:40}\`"; fi
  if ((${#wfc_width} > 6)); then wfc_width=999999; fi
  if ((wfc_many)); then
    for ((wfc_j = 0; wfc_j < wfc_many; wfc_j++)); do printf '%s\0' "${wfc_at}[$wfc_j]"; done | xargs -0 mkdir -p
    for ((wfc_j = 0; wfc_j < wfc_many; wfc_j++)); do printf '%s' "${wfc_texts[wfc_j]}" >"${wfc_at}[$wfc_j]/.item"; done
    for ((wfc_j = 0; wfc_j < wfc_many; wfc_j++)); do printf '%s' "${wfc_items[wfc_j]}" >"${wfc_at}[$wfc_j]/.json"; done
    printf '%s\0' "${wfc_items[@]}" >"$wfc_at/.items"
  else : >"$wfc_at/.items"; fi
  echo "items $wfc_many $wfc_width" >"$wfc_files.ready"
}
wfc_split() { # text: a JSON list, or lines, or words
  local wfc_v=$1 wfc_line wfc_n=0 wfc_lines=()
  wfc_v=${wfc_v#"${wfc_v%%[!$' \t\n\v\f\r']*}"}
  case $wfc_v in '['*) if wfc_list "$wfc_v"; then return; fi ;; esac
  while IFS= read -r wfc_line || [ "$wfc_line" ]; do
    wfc_line=${wfc_line#"${wfc_line%%[!$' \t\v\f\r']*}"}; wfc_line=${wfc_line%"${wfc_line##*[!$' \t\v\f\r']}"}
    if [ "$wfc_line" ]; then wfc_lines[wfc_n]=$wfc_line wfc_n=$((wfc_n + 1)); fi
  done <<<"$wfc_v"
  if ((wfc_n == 1)); then IFS=$' \t\v\f\r' read -r -a wfc_lines <<<"${wfc_lines[0]}"; fi
  for wfc_line in "${wfc_lines[@]}"; do if [ "$wfc_line" ]; then wfc_json "$wfc_line"; wfc_add "$wfc_line" "$wfc_r"; fi; done
}
wfc_list() { # text: the items of a JSON list; false when it is none
  local wfc_n wfc_e wfc_line
  printf '%s' "$1" >"$wfc_files.list"
  if [ "$wfc_old_jq" ] && [[ $1 =~ [0-9]{16} ]]; then printf 'wfc: this jq rounds integers beyond 2^53, jq 1.7 does not\n' >&2; fi
  jq -nj --rawfile list "$wfc_files.list" 'def num: tojson as $t | if $t == "-0" then "0" elif ($t | test("^-?[0-9]+$")) then $t else
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
  def parsed: if . == "" then error("not JSON: an empty text")
    elif test("\\A(?>(?:[^\"0-9.+-]+|\"(?:[^\"\\\\]+|\\\\.)*\"|-?(?:0|[1-9][0-9]*)(?:\\.[0-9]+)?(?:[eE][+-]?[0-9]+)?(?![0-9.eE+-]))*)\\z") then fromjson
    else error("not JSON: a text or a number that is none") end
    | if any(.. | numbers; isnan or isinfinite) then error("not JSON: a number that is none") else . end;
  ($list | try parsed catch null) as $list | if ($list | type) == "array" then "\u0000", ($list[] | text + "\u0000" + json + "\u0000") else empty end' >"$wfc_files.items" || exit 1
  {
    IFS= read -r -d '' wfc_e || return 1
    while IFS= read -r -d '' wfc_line && IFS= read -r -d '' wfc_r; do
      wfc_add "$wfc_line" "$wfc_r"
    done
  } <"$wfc_files.items"
}
wfc_serve() { # step: one attempt; true when it goes on, which it never does
  {
    IFS= read -r -d '' wfc_flags
    IFS= read -r -d '' wfc_uses
    IFS= read -r -d '' wfc_setup
    IFS= read -r -d '' wfc_when
    IFS= read -r -d '' wfc_run_of
    IFS= read -r -d '' wfc_dag
    IFS= read -r -d '' wfc_name
    IFS= read -r -d '' wfc_text
  } <"$wfc_run/.specs/$1"
  wfc_shell=("$wfc_bash" -e)
  case $wfc_flags in *call*) wfc_kind=call ;; *map*) wfc_kind=map ;; *) wfc_kind='' ;; esac
wfc_base=$wfc_run/steps wfc_args=("${wfc_words[@]}")
  case $wfc_folder in */*)
    wfc_base=$wfc_base/${wfc_folder%/*} wfc_args=()
    if [ -e "$wfc_base/.args" ]; then while IFS= read -r -d '' wfc_value; do wfc_args[${#wfc_args[@]}]=$wfc_value; done <"$wfc_base/.args"; fi ;;
  esac
  if [ "$wfc_when" ] && ((wfc_try == 1)); then
    wfc_files=$wfc_run/steps/$wfc_folder/conditions
    ("$wfc_when") >>"$wfc_files.err" 2>&1 </dev/null 5>&- 6>&- 9>&- &
    wfc_watch "$!" ''
    if ((wfc_rc)); then echo unmet >"$wfc_run/steps/$wfc_folder/0.rc"; echo "$wfc_slot $wfc_serial unmet" >&9; return 1; fi
    echo "$wfc_slot $wfc_serial met" >&9
  fi
  wfc_files=$wfc_run/steps/$wfc_folder/$wfc_try
  (wfc_attempt) >"$wfc_files.out" 2>"$wfc_files.err" </dev/null 5>&- 6>&- 9>&- &
  wfc_watch "$!"
  if [ "$wfc_kind" ]; then
    if [ -e "$wfc_files.ready" ]; then read -r wfc_rc <"$wfc_files.ready"; fi
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
  echo "$wfc_rc" >"$wfc_files.rc"
  echo "$wfc_slot $wfc_serial $wfc_rc" >&9
  return 1
}
wfc_worker() { # slot, run folder, work folder, bash, positional words; reads "serial attempt step folder", reports "slot serial exit-code" through fd 9
  local wfc_slot=$1 wfc_serial wfc_try wfc_words wfc_kind wfc_step
  wfc_run=$2 wfc_dir=$3 wfc_bash=$4; shift 4; wfc_words=("$@")
  set -m # each attempt is a process group
  while read -r -u 5 wfc_serial wfc_try wfc_step wfc_folder && [ "$wfc_serial" != quit ]; do wfc_serve "$wfc_step"; done
}

# ---- scheduling; a step is an index into arrays
wfc_say() { printf '%s\n' "$*" >&2; }
wfc_die() { wfc_say 'fan-out.sh'": $*"; exit 2; }
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
      runs=*) wfc_runs[wfc_k]=${wfc_a#*=} ;;
      uses=*) wfc_use[wfc_k]=${wfc_a#*=} ;;
      output=*) wfc_flag[wfc_k]=captured wfc_output[wfc_k]=${wfc_a#*=} ;;
      setup=*) wfc_setups[wfc_k]=${wfc_a#*=} ;;
      when=*) wfc_whens[wfc_k]=${wfc_a#*=} ;;
      retry=*) wfc_retry[wfc_k]=${wfc_a#*=} ;; # how often
      pauses=*) wfc_pauses[wfc_k]=${wfc_a#*=} ;; # before each; the last one again and again
      retry_on=*) wfc_retry_on[wfc_k]=" ${wfc_a#*=} " ;;
    esac
  done
  if [ -z "${wfc_texts[wfc_k]+x}" ]; then IFS= read -r -d '' "wfc_texts[wfc_k]"; wfc_texts[wfc_k]=${wfc_texts[wfc_k]%$'\n'}; fi
}
flow() { # id, attributes: the workflow of the steps that follow
  local wfc_a
  wfc_w=$wfc_ws wfc_ws=$((wfc_ws + 1))
  wfc_at wfc_w_ "$1"; printf -v "$wfc_r" %s "$wfc_w"
wfc_flows[wfc_w]=$1 wfc_first[wfc_w]=$wfc_ds wfc_last[wfc_w]=$wfc_ds
  shift
  for wfc_a; do
    case $wfc_a in
      name=*) wfc_flows[wfc_w]=${wfc_a#*=} ;;
      uses=*) wfc_common[wfc_w]=${wfc_a#*=} ;;
      params=*) wfc_params[wfc_w]=${wfc_a#*=} ;;
      values=*) wfc_values[wfc_w]=${wfc_a#*=} ;;
    esac
  done
}
call() { step "$@" </dev/null; wfc_kind[wfc_ds - 1]=call; } # as step: it runs another workflow
fan_out() { step "$@" </dev/null; wfc_kind[wfc_ds - 1]=map; } # as step: it does what follows for each item
each() { step '' "name=${wfc_names[wfc_ds - 1]}" "$@"; wfc_is_each[wfc_ds - 1]=1; }
each_call() { each "$@" </dev/null; wfc_kind[wfc_ds - 1]=call; }
wfc_at() { wfc_r=${2//_/_u}; wfc_r=${wfc_r//./_d}; wfc_r=$1${wfc_r//-/_h}; } # prefix, name -> wfc_r: a variable
wfc_link() { # from names to numbers; a name may be that of a later step
  local wfc_k wfc_d
  for ((wfc_k = 0; wfc_k < wfc_ds; wfc_k++)); do
    for wfc_d in ${wfc_waits[wfc_k]}; do # with ? when its skip is accepted
      wfc_at "wfc_i${wfc_of[wfc_k]}_" "${wfc_d%\?}"; wfc_r=${!wfc_r}
      wfc_after[wfc_r]="${wfc_after[wfc_r]} $wfc_k${wfc_d#"${wfc_d%\?}"}"; wfc_needs[wfc_k]=$((wfc_needs[wfc_k] + 1))
    done
    if [ "${wfc_runs[wfc_k]}" ]; then wfc_at wfc_w_ "${wfc_runs[wfc_k]}"; wfc_runs[wfc_k]=${!wfc_r}; fi
  done
}
wfc_write() { # what the workers need to know of each step
  local wfc_k
  wfc_enter 0 ''
  mkdir -p "$wfc_run/.specs" "$wfc_run/.flows" && (
    cd "$wfc_run/steps" && for ((wfc_k = 0; wfc_k < wfc_n; wfc_k += 500)); do mkdir -p -- "${wfc_folders[@]:wfc_k:500}" || exit; done
  ) || return 1
  for ((wfc_k = 0; wfc_k < wfc_ds; wfc_k++)); do
    printf '%s\0%s\0%s\0%s\0%s\0%s\0%s\0%s\0' "${wfc_kind[wfc_k]} ${wfc_flag[wfc_k]}" "${wfc_common[wfc_of[wfc_k]]} ${wfc_use[wfc_k]}" "${wfc_setups[wfc_k]}" "${wfc_whens[wfc_k]}" "${wfc_runs[wfc_k]}" "${wfc_flows[wfc_of[wfc_k]]}" "${wfc_names[wfc_k]}" "${wfc_texts[wfc_k]}" >"$wfc_run/.specs/$wfc_k" || return 1 # half a text is another one
  done
  for ((wfc_k = 0; wfc_k < wfc_ws; wfc_k++)); do
    printf '%s\0' "${wfc_flows[wfc_k]}" "${wfc_values[wfc_k]}" >"$wfc_run/.flows/$wfc_k"
    printf '%s\0' "${wfc_places[@]:wfc_first[wfc_k]:wfc_last[wfc_k]-wfc_first[wfc_k]}" >>"$wfc_run/.flows/$wfc_k"
  done
  echo "wfc_old_jq=$wfc_old_jq" >"$wfc_run/.worker"
  declare -f wfc_fail wfc_valuing wfc_find wfc_get wfc_bind wfc_jq wfc_capture wfc_size wfc_give wfc_environment param wfc_test wfc_attempt wfc_processes wfc_end wfc_watch wfc_pass wfc_open wfc_add wfc_deal wfc_split wfc_list wfc_serve wfc_worker wfc_json "${wfc_setups[@]}" "${wfc_whens[@]}" "${wfc_values[@]}" >>"$wfc_run/.worker" && echo 'wfc_worker "$@"' >>"$wfc_run/.worker"
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
    wfc_event start "$1"
  fi
}
wfc_launch() { # step: hand it to a free worker, or to a new one
  local wfc_s wfc_k=$1
  if ((wfc_idle)); then wfc_idle=$((wfc_idle - 1)); wfc_s=${wfc_free[wfc_idle]}; else wfc_s=$wfc_slots wfc_slots=$((wfc_slots + 1)); fi
  wfc_running=$((wfc_running + 1)) wfc_serial=$((wfc_serial + 1)) wfc_job[wfc_s]=$wfc_serial wfc_busy[wfc_s]=$wfc_k wfc_served[wfc_k]=$wfc_serial
  if [ -z "${wfc_pid[wfc_s]}" ] || ! kill -0 "${wfc_pid[wfc_s]}" 2>/dev/null; then
    rm -f "$wfc_run/.slot$wfc_s"; mkfifo "$wfc_run/.slot$wfc_s"; exec 5<>"$wfc_run/.slot$wfc_s"
    "$wfc_bash" "$wfc_run/.worker" "$wfc_s" "$wfc_run" "$wfc_dir" "$wfc_bash" "${wfc_args[@]}" </dev/null >/dev/null 2>&1 7>&- 8>&- &
    wfc_pid[wfc_s]=$!
    exec 5>&-
    disown "$!"
  fi
  if [ -z "${wfc_whens[wfc_def[wfc_k]]}" ] || ((wfc_tries[wfc_k])); then wfc_started "$wfc_k"; fi
  echo "$wfc_serial $((wfc_tries[wfc_k] ? wfc_tries[wfc_k] : 1)) ${wfc_def[wfc_k]} ${wfc_folders[wfc_k]}" 1<>"$wfc_run/.slot$wfc_s"
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
  if ((wfc_tries[wfc_k])); then wfc_event end "$wfc_k"; fi
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
wfc_ended() { # slot, serial, exit code: an attempt has ended; or "met", "unmet": of its conditions
  local wfc_k=${wfc_busy[$1]} wfc_code_k=$3
  if [ "${wfc_job[$1]}" != "$2" ]; then return; fi # the tick was faster
  if [ "$3" = met ]; then wfc_started "$wfc_k"; return; fi
  wfc_job[$1]='' wfc_free[wfc_idle]=$1 wfc_idle=$((wfc_idle + 1)) wfc_running=$((wfc_running - 1))
  if [ "$3" = unmet ]; then
    if [ "$wfc_ending" ]; then wfc_settle "$wfc_k" aborted; else wfc_settle "$wfc_k" skipped; fi
    return
  fi
  if ((wfc_tries[wfc_k] == 0)); then wfc_started "$wfc_k"; fi # `met` was lost
  case "$3$wfc_ending" in
    ready) wfc_called "$wfc_k" "$4" "$5"; return ;;
    items) wfc_spread "$wfc_k" "$4" "$5"; return ;;
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
  if wfc_again "$wfc_k" "$wfc_code_k"; then return; fi
  wfc_settle "$wfc_k" failed
}
wfc_again() { # step, exit code: another attempt, if there is one
  local wfc_d=wfc_def[$1] wfc_l wfc_i=$((wfc_tries[$1]))
  wfc_l=${wfc_retry[wfc_d]:-0}
  if ((wfc_i > wfc_l)); then return 1; fi
  case ${wfc_retry_on[wfc_d]} in *" $2 "*) ;; ?*) return 1 ;; *) if [ -e "$wfc_run/steps/${wfc_folders[$1]}/${wfc_tries[$1]}.timeout" ]; then return 1; fi ;; esac
  wfc_pause_of "$1" "${wfc_pauses[wfc_d]}" "$wfc_i"
  wfc_say "${wfc_label[$1]}: exit $2, try $((wfc_i + 1)) of $((wfc_l + 1)) in $wfc_r s"
  wfc_pause "$1" "$wfc_r"
}
wfc_pause() { # step, seconds
  wfc_timer "$2" "again $1 x"; wfc_pause_pid[$1]=$!
  wfc_pausing=$((wfc_pausing + 1))
}
wfc_pause_of() { # step, pauses, which -> wfc_r: seconds
  local wfc_n=0
  for wfc_r in $2; do wfc_n=$((wfc_n + 1)); if ((wfc_n == $3)); then return; fi; done
}
wfc_paused() { # step: its pause is over
  if [ "$wfc_ending" ] || [ -z "${wfc_pause_pid[$1]}" ]; then return; fi
  echo "-${wfc_pause_pid[$1]}" >&6
  unset "wfc_pause_pid[$1]"
  wfc_pausing=$((wfc_pausing - 1)); wfc_ready "$1"
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
  wfc_ending=1 wfc_pausing=0 wfc_pause_pid=()
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
    for wfc_f in "$wfc_f/${wfc_tries[wfc_busy[wfc_s]]}.rc" "$wfc_f/$((wfc_tries[wfc_busy[wfc_s]] + 1)).rc"; do
      if [ -e "$wfc_f" ]; then read -r wfc_c wfc_m wfc_o <"$wfc_f"; fi
    done
    wfc_ended "$wfc_s" "${wfc_job[wfc_s]}" "${wfc_c:-137}" "$wfc_m" "$wfc_o"
  done
  for wfc_s in "${!wfc_pause_pid[@]}"; do if ! kill -0 "${wfc_pause_pid[wfc_s]}" 2>/dev/null; then wfc_paused "$wfc_s"; fi; done
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
      wfc_launch "$wfc_a"
      if ((BASH_VERSINFO[0] > 3)) && read -r -t 0 -u 9; then break; fi # use a worker that is free again
    done
    if ((wfc_running + wfc_pausing == 0)) && { ((wfc_head >= wfc_tail)) || [ "$wfc_ending" ]; }; then break; fi
    wfc_waiting=1
    read -r -u 9 wfc_a wfc_b wfc_c wfc_d wfc_e; wfc_waiting=''
    case $wfc_a in
      again) wfc_paused "$wfc_b" ;;
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

# ---- frames: one for each run of a workflow. A step of it is a node: its definition, and what has become of it
wfc_node() { # node, definition, frame, folder, path in JSON, label
  wfc_def[$1]=$2 wfc_frame[$1]=$3 wfc_folders[$1]=$4 wfc_quoted[$1]=$5 wfc_label[$1]=$6
  wfc_need[$1]=${wfc_needs[$2]} wfc_state[$1]='' wfc_tries[$1]=0 wfc_rc[$1]=null
}
wfc_enter() { # workflow, the call that runs it -> wfc_f: a new frame and its nodes
  local wfc_d wfc_k wfc_in='' wfc_path='"' wfc_said=''
  wfc_f=$wfc_frames wfc_frames=$((wfc_frames + 1))
  if [ "$2" ]; then
    wfc_in=${wfc_folders[$2]} wfc_path=${wfc_quoted[$2]%\"}/ wfc_said=${wfc_label[$2]}/
    if ((wfc_tries[$2] > 1)); then wfc_in=$wfc_in.${wfc_tries[$2]}; fi
    if ((${#wfc_in} > 1000)); then wfc_in=${wfc_served[$2]}.deep; fi # no system takes much longer names
    wfc_in=$wfc_in/
  fi
  wfc_flow[wfc_f]=$1
  wfc_owner[wfc_f]=$2 wfc_stage[wfc_f]=0
  wfc_within[wfc_f]=$wfc_in
  wfc_shift[wfc_f]=$((wfc_n - wfc_first[$1])) wfc_left[wfc_f]=0 wfc_from[wfc_f]=$wfc_n wfc_to[wfc_f]=$((wfc_n + wfc_last[$1] - wfc_first[$1]))
  for ((wfc_d = wfc_first[$1]; wfc_d < wfc_last[$1]; wfc_d++)); do
    if [ "${wfc_is_each[wfc_d]}" ]; then continue; fi
    wfc_k=$((wfc_shift[wfc_f] + wfc_d))
    wfc_node "$wfc_k" "$wfc_d" "$wfc_f" "$wfc_in${wfc_places[wfc_d]}" "$wfc_path${wfc_spelled[wfc_d]}\"" "$wfc_said${wfc_names[wfc_d]}"
    wfc_left[wfc_f]=$((wfc_left[wfc_f] + 1))
  done
  wfc_n=${wfc_to[wfc_f]}
}
wfc_begin() { # frame: its first steps are ready
  local wfc_k
  for ((wfc_k = wfc_from[$1]; wfc_k < wfc_to[$1]; wfc_k++)); do
    if [ "${wfc_need[wfc_k]}" = 0 ]; then wfc_ready "$wfc_k"; fi
  done
}
wfc_count() { # node: it has ended; was it the last one of its frame or its fan-out?
  local wfc_f=${wfc_frame[$1]} wfc_m=${wfc_up[$1]}
  if [ "$wfc_m" ]; then
    wfc_open[wfc_m]=$((wfc_open[wfc_m] - 1))
    if ((wfc_next[wfc_m] < wfc_items[wfc_m])) && [ -z "$wfc_ending" ]; then wfc_next_item "$wfc_m"; wfc_ready "$wfc_r"; fi
    if ((wfc_open[wfc_m] == 0)); then wfc_lost[${#wfc_lost[@]}]=m$wfc_m; fi
    return
  fi
  wfc_left[wfc_f]=$((wfc_left[wfc_f] - 1))
  if ((wfc_left[wfc_f] == 0 && wfc_f > 0)); then wfc_lost[${#wfc_lost[@]}]=f$wfc_f; fi
}
wfc_step_on() { # a node that will never run, a frame, a fan-out: what comes next of it
  case $1 in
    m*) if [ -z "$wfc_ending" ]; then wfc_gather "${1#m}"; fi ;;
    f*) if [ -z "$wfc_ending" ]; then wfc_close "${1#f}"; fi ;;
    *) if [ -z "${wfc_state[$1]}" ]; then wfc_settle "$1" "${wfc_never[$1]}"; fi ;;
  esac
}
wfc_status_of() { # frame -> wfc_r: its status, from how its steps ended
  local wfc_k wfc_ok='' wfc_part=''
  for ((wfc_k = wfc_from[$1]; wfc_k < wfc_to[$1]; wfc_k++)); do
    case ${wfc_state[wfc_k]} in
      succeeded) wfc_ok=1; if [ "${wfc_part_of[wfc_k]}" ]; then wfc_part=1; fi ;;
      failed) wfc_r=failed; return ;;
    esac
  done
  case $wfc_part$wfc_ok in 11) wfc_r=partially_succeeded ;; 1) if [ "$wfc_part" ]; then wfc_r=failed; else wfc_r=succeeded; fi ;; *) wfc_r=succeeded ;; esac
}
wfc_called() { # call, workflow, "failed" when its params and env could not be valued: it begins
  local wfc_k wfc_f
  wfc_enter "$2" "$1"; wfc_child[$1]=$wfc_f
  if ((wfc_left[wfc_f] == 0)); then wfc_lost[${#wfc_lost[@]}]=f$wfc_f; fi
  if [ -z "$3" ]; then wfc_begin "$wfc_f"; return; fi
  wfc_result[wfc_f]=failed wfc_unvalued[wfc_f]=1
  wfc_stop_nodes "$wfc_f"
}
wfc_close() { # frame: its steps have ended, or one of its handlers
  local wfc_f=$1
  if [ "${wfc_gone[wfc_f]}" ]; then return; fi
  if ((wfc_stage[wfc_f] == 0)); then
    if [ -z "${wfc_result[wfc_f]}" ]; then wfc_status_of "$wfc_f"; wfc_result[wfc_f]=$wfc_r; fi
    wfc_stage[wfc_f]=1
  fi
  wfc_return "$wfc_f"
}
wfc_return() { # frame: its call has come to its end
  local wfc_k=${wfc_owner[$1]} wfc_c=1
  if [ "${wfc_state[wfc_k]}" ]; then return; fi
  wfc_stage[$1]=3
  if [ "${wfc_flag[wfc_def[wfc_k]]}" ]; then wfc_record "$1"; fi
  case ${wfc_result[$1]} in succeeded) wfc_c=0 ;; partially_succeeded) wfc_c=0 wfc_part_of[wfc_k]=1 ;; esac
  echo "$wfc_c" >"$wfc_run/steps/${wfc_folders[wfc_k]}/${wfc_tries[wfc_k]}.rc"
  if ((wfc_c)) && [ -z "${wfc_unvalued[$1]}$wfc_ending" ]; then # else it is said, or nobody's fault
echo "wfc: workflow \`${wfc_flows[wfc_flow[$1]]}\`: ${wfc_result[$1]}" >>"$wfc_run/steps/${wfc_folders[wfc_k]}/${wfc_tries[wfc_k]}.err"
  fi
  wfc_came "$wfc_k" "$wfc_c" ''
}
wfc_read() { # file in the steps folder -> wfc_value; false when there is none
  if [ ! -e "$wfc_run/steps/$1" ]; then return 1; fi
  IFS= read -r -d '' wfc_value <"$wfc_run/steps/$1" || :
}
wfc_record() { # frame: the result of its leaves, and its record, into the folder of its call
  local wfc_f=$1 wfc_k wfc_d wfc_p wfc_w=${wfc_flow[$1]} wfc_named='' wfc_leaves=0 wfc_many='' wfc_dest wfc_in=${wfc_within[$1]} wfc_one='' wfc_some=''
  for ((wfc_d = wfc_first[wfc_w]; wfc_d < wfc_last[wfc_w]; wfc_d++)); do
    wfc_k=$((wfc_shift[wfc_f] + wfc_d))
    if [ -z "${wfc_def[wfc_k]}" ]; then continue; fi
    if [ -z "${wfc_after[wfc_d]}" ]; then
      wfc_leaves=$((wfc_leaves + 1))
      if wfc_read "${wfc_folders[wfc_k]}/.output"; then wfc_some=1 wfc_one=$wfc_value; wfc_json "$wfc_value"; wfc_many="$wfc_many,\"${wfc_spelled[wfc_d]}\":$wfc_r"; fi
    fi
    wfc_p=.output
    if [ "${wfc_kind[wfc_d]}" = call ]; then wfc_p=.record; fi
    if [ "${wfc_output[wfc_d]}" ] && wfc_read "${wfc_folders[wfc_k]}/$wfc_p"; then
      wfc_json "$wfc_value"; printf -v "wfc_o_${wfc_output[wfc_d]}" %s "$wfc_r"
      case " $wfc_named " in *" ${wfc_output[wfc_d]} "*) ;; *) wfc_named="$wfc_named ${wfc_output[wfc_d]}" ;; esac
    fi
  done
  wfc_dest=$wfc_run/steps/${wfc_folders[wfc_owner[wfc_f]]}
  if ((wfc_leaves != 1)); then printf '{%s}' "${wfc_many#,}" >"$wfc_dest/.output"
  elif [ "$wfc_some" ]; then printf '%s' "$wfc_one" >"$wfc_dest/.output"; fi
  wfc_json "${wfc_flows[wfc_w]}"; wfc_many="{\"name\":$wfc_r,\"params\":{" wfc_one=''
  for wfc_p in ${wfc_params[wfc_w]}; do if wfc_read "$wfc_in.params/$wfc_p"; then wfc_json "$wfc_value"; wfc_one="$wfc_one,\"$wfc_p\":$wfc_r"; fi; done
  wfc_many="$wfc_many${wfc_one#,}},\"status\":\"${wfc_result[wfc_f]}\",\"outputs\":{" wfc_one=''
  for wfc_p in $wfc_named; do wfc_r=wfc_o_$wfc_p; wfc_one="$wfc_one,\"$wfc_p\":${!wfc_r}"; done
  wfc_outs[wfc_owner[wfc_f]]="{${wfc_one#,}}"
  printf '%s%s}}' "$wfc_many" "${wfc_one#,}" >"$wfc_dest/.record"
}
wfc_stop_nodes() { # frame: its steps that have not ended are aborted
  local wfc_k wfc_m
  for ((wfc_k = wfc_from[$1]; wfc_k < wfc_to[$1]; wfc_k++)); do
    if [ -z "${wfc_def[wfc_k]}" ]; then continue; fi
    if [ "${wfc_items[wfc_k]}" ]; then
      while ((wfc_next[wfc_k] < wfc_items[wfc_k])); do wfc_next_item "$wfc_k"; done
      for ((wfc_m = wfc_item_at[wfc_k]; wfc_m < wfc_item_at[wfc_k] + wfc_items[wfc_k]; wfc_m++)); do wfc_stop_node "$wfc_m"; done
    fi
    wfc_stop_node "$wfc_k"
  done
}
wfc_stop_node() { # node: aborted, unless it has ended or something of it runs: then it ends after that
  if [ "${wfc_state[$1]}" ] || [ "${wfc_at_work[$1]}" ]; then return; fi
  if [ "${wfc_pause_pid[$1]}" ]; then kill -KILL -- "-${wfc_pause_pid[$1]}" 2>/dev/null; echo "-${wfc_pause_pid[$1]}" >&6; unset "wfc_pause_pid[$1]"; wfc_pausing=$((wfc_pausing - 1)); fi
  wfc_settle "$1" aborted
}
wfc_abandon() { # the run is stopped: all frames that have not ended are aborted, and their handlers run, inner ones first
  local wfc_f wfc_todo=()
  for ((wfc_f = wfc_frames - 1; wfc_f > 0; wfc_f--)); do
    if ((wfc_stage[wfc_f] < 3)) && [ -z "${wfc_gone[wfc_f]}" ]; then
      wfc_gone[wfc_f]=1 wfc_todo[${#wfc_todo[@]}]=$wfc_f wfc_result[wfc_f]=aborted
    fi
  done
  for wfc_f in "${wfc_todo[@]}"; do wfc_stop_nodes "$wfc_f"; done
  wfc_stop_nodes 0
  for wfc_f in "${wfc_todo[@]}"; do
    wfc_collect_all "$wfc_f"
    if [ "${wfc_flag[wfc_def[wfc_owner[wfc_f]]]}" ]; then wfc_record "$wfc_f"; fi
  done
  wfc_collect_all 0
}

# ---- fan-outs: an item becomes a node when its turn comes
wfc_spread() { # fan-out, how many items, how many at a time
  local wfc_k=$1 wfc_j
  wfc_items[wfc_k]=$2 wfc_open[wfc_k]=$2 wfc_next[wfc_k]=0 wfc_item_at[wfc_k]=$wfc_n
  wfc_n=$((wfc_n + $2))
  for ((wfc_j = 0; wfc_j < $3 && wfc_j < $2; wfc_j++)); do wfc_next_item "$wfc_k"; wfc_ready "$wfc_r"; done
  if (($2 == 0)); then wfc_lost[${#wfc_lost[@]}]=m$wfc_k; fi
}
wfc_next_item() { # fan-out -> wfc_r: the node of its next item
  local wfc_j=${wfc_next[$1]}
  wfc_r=$((wfc_item_at[$1] + wfc_j)) wfc_next[$1]=$((wfc_j + 1)) wfc_up[wfc_r]=$1
  wfc_node "$wfc_r" "$((wfc_def[$1] + 1))" "${wfc_frame[$1]}" "${wfc_folders[$1]}[$wfc_j]" "${wfc_quoted[$1]%\"}[$wfc_j]\"" "${wfc_label[$1]}[$wfc_j]"
}
wfc_gather() { # fan-out: all of its items have ended
  local wfc_k=$1 wfc_ok wfc_bad wfc_no wfc_gone_by
  if [ "${wfc_state[wfc_k]}" ]; then return; fi
  wfc_tally "$wfc_k"
  if [ "${wfc_flag[wfc_def[wfc_k]]}" ]; then wfc_collect "$wfc_k"; fi
  if ((wfc_bad + wfc_gone_by)); then echo "wfc: $((wfc_bad + wfc_gone_by)) of ${wfc_items[wfc_k]} item$( ((wfc_items[wfc_k] == 1)) || echo s) failed" >>"$wfc_run/steps/${wfc_folders[wfc_k]}/1.err"; fi
  wfc_came "$wfc_k" $((wfc_bad + wfc_gone_by > 0)) ''
}
wfc_tally() { # fan-out -> wfc_ok, wfc_bad, wfc_no, wfc_gone_by: how many items succeeded, failed, were skipped, aborted
  local wfc_m
  wfc_ok=0 wfc_bad=0 wfc_no=0 wfc_gone_by=0
  for ((wfc_m = wfc_item_at[$1]; wfc_m < wfc_item_at[$1] + wfc_items[$1]; wfc_m++)); do
    case ${wfc_state[wfc_m]} in
      succeeded) wfc_ok=$((wfc_ok + 1)); if [ "${wfc_part_of[wfc_m]}" ]; then wfc_part_of[$1]=1; fi ;;
      failed) wfc_bad=$((wfc_bad + 1)) ;;
      skipped) wfc_no=$((wfc_no + 1)) ;;
      *) wfc_gone_by=$((wfc_gone_by + 1)) ;;
    esac
  done
}
wfc_collect_all() { # frame of a run that is stopped: the records of its fan-outs that had not ended
  local wfc_k wfc_ok wfc_bad wfc_no wfc_gone_by
  for ((wfc_k = wfc_from[$1]; wfc_k < wfc_to[$1]; wfc_k++)); do
    if [ "${wfc_items[wfc_k]}" ] && [ "${wfc_state[wfc_k]}" = aborted ] && [ "${wfc_flag[wfc_def[wfc_k]]}" ]; then wfc_tally "$wfc_k"; wfc_collect "$wfc_k"; fi
  done
}
wfc_collect() { # fan-out: its record, in the order of its items
  local wfc_m wfc_row='' wfc_item_json wfc_p=output wfc_many=() wfc_j=0
  if [ "${wfc_kind[wfc_def[$1] + 1]}" = call ]; then wfc_p=outputs; fi
  {
    printf '{"summary":{"total":%d,"succeeded":%d,"failed":%d,"skipped":%d},"results":[' "${wfc_items[$1]}" "$wfc_ok" "$wfc_bad" "$wfc_no"
    for ((wfc_m = wfc_item_at[$1]; wfc_m < wfc_item_at[$1] + wfc_items[$1]; wfc_m++)); do
      IFS= read -r -d '' wfc_item_json <&4
      printf '%s{"item":%s,"status":"%s"' "$wfc_row" "$wfc_item_json" "${wfc_state[wfc_m]}"; wfc_row=,
      if [ "${wfc_state[wfc_m]}" != skipped ]; then
        wfc_output_of "$wfc_m"; printf ',"%s":%s' "$wfc_p" "$wfc_r"
        if [ "${wfc_state[wfc_m]}" = succeeded ]; then wfc_many[wfc_j]=$wfc_r wfc_j=$((wfc_j + 1)); fi
      fi
      printf '}'
    done
    printf '],"outputs":[%s' "${wfc_many[0]}"
    if ((wfc_j > 1)); then printf ',%s' "${wfc_many[@]:1}"; fi
    printf ']}'
  } >"$wfc_run/steps/${wfc_folders[$1]}/.output" 4<"$wfc_run/steps/${wfc_folders[$1]}/.items"
}
wfc_output_of() { # item -> wfc_r: what it gave, as JSON
  if [ "${wfc_kind[wfc_def[$1]]}" = call ]; then
    wfc_r=${wfc_outs[$1]:-'{}'}; return
  fi
  wfc_value=''
  if [ -e "$wfc_run/steps/${wfc_folders[$1]}/.output" ]; then IFS= read -r -d '' wfc_value <"$wfc_run/steps/${wfc_folders[$1]}/.output" || :; fi
  wfc_json "$wfc_value"
}

# ---- the report
wfc_walk() { # -> wfc_rows: all nodes, those of a call or a fan-out behind it
  local wfc_k wfc_at_k=() wfc_end_k=() wfc_top=0 wfc_f wfc_map_of=()
  wfc_rows=() wfc_at_k[0]=${wfc_from[0]} wfc_end_k[0]=${wfc_to[0]}
  while ((wfc_top >= 0)); do
    wfc_k=${wfc_at_k[wfc_top]}
    if ((wfc_k >= wfc_end_k[wfc_top])); then wfc_top=$((wfc_top - 1)); continue; fi
    wfc_at_k[wfc_top]=$((wfc_k + 1))
    if [ -z "${wfc_def[wfc_k]}" ]; then continue; fi
    wfc_rows[${#wfc_rows[@]}]=$wfc_k
    wfc_in_map[wfc_k]=${wfc_map_of[wfc_top]} # the outermost fan-out around it
    if ((${wfc_items[wfc_k]:-0})); then wfc_top=$((wfc_top + 1)) wfc_map_of[wfc_top]=${wfc_in_map[wfc_k]:-$wfc_k} wfc_at_k[wfc_top]=${wfc_item_at[wfc_k]} wfc_end_k[wfc_top]=$((wfc_item_at[wfc_k] + wfc_items[wfc_k])); fi
    if [ "${wfc_kind[wfc_def[wfc_k]]}" = call ]; then
      wfc_f=${wfc_child[wfc_k]}
      if [ -z "$wfc_f" ]; then
        if [ -z "${wfc_runs[wfc_def[wfc_k]]}" ]; then continue; fi
        wfc_unbegun "$wfc_k"
      fi
      wfc_top=$((wfc_top + 1)) wfc_map_of[wfc_top]=${wfc_in_map[wfc_k]} wfc_at_k[wfc_top]=$((wfc_from[wfc_f])) wfc_end_k[wfc_top]=$((wfc_to[wfc_f]))
    fi
  done
}
wfc_unbegun() { # call -> wfc_f: the steps that it would have run have its state
  local wfc_m
  wfc_enter "${wfc_runs[wfc_def[$1]]}" "$1"; wfc_child[$1]=$wfc_f
  for ((wfc_m = wfc_from[wfc_f]; wfc_m < wfc_n; wfc_m++)); do if [ "${wfc_def[wfc_m]}" ]; then wfc_state[wfc_m]=${wfc_state[$1]}; fi; done
}
wfc_outcome() { # the JSON form of the outcome
  local wfc_k wfc_row wfc_sep='' wfc_hs='' wfc_os='' wfc_s
  printf '{"version": 1, "workflow": %s, "status": "%s", "exit_code": %d,\n "steps": {' '"fan-out"' "$wfc_status" "$wfc_code"
  for wfc_k in "${wfc_rows[@]}"; do
    wfc_row="${wfc_quoted[wfc_k]}: {\"status\": \"${wfc_state[wfc_k]}\", \"attempts\": ${wfc_tries[wfc_k]}, \"exit_code\": ${wfc_rc[wfc_k]}"
    if [ "${wfc_flag[wfc_def[wfc_k]]}" ] && [ -e "$wfc_run/steps/${wfc_folders[wfc_k]}/.output" ]; then
      IFS= read -r -d '' wfc_s <"$wfc_run/steps/${wfc_folders[wfc_k]}/.output"; wfc_json "$wfc_s"; wfc_row="$wfc_row, \"output\": $wfc_r"
    fi
    if [ "${wfc_output[wfc_def[wfc_k]]}" ] && ((wfc_frame[wfc_k] == 0)) && [ -z "${wfc_up[wfc_k]}" ]; then
      wfc_s=$wfc_run/steps/${wfc_folders[wfc_k]}/.output
      if [ "${wfc_kind[wfc_def[wfc_k]]}" = call ]; then wfc_s=${wfc_s%.output}.record; fi
      if [ -e "$wfc_s" ]; then IFS= read -r -d '' wfc_s <"$wfc_s"; wfc_json "$wfc_s"; wfc_os="$wfc_os, \"${wfc_output[wfc_def[wfc_k]]}\": $wfc_r"; fi
    fi
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
  for wfc_k in "${wfc_rows[@]}"; do
    wfc_json "$wfc_path/steps/${wfc_folders[wfc_k]}"
    printf '%s\n  %s: {"seconds": %d, "log": %s}' "$wfc_sep" "${wfc_quoted[wfc_k]}" "${wfc_took[wfc_k]:-0}" "$wfc_r"; wfc_sep=,
  done
}
wfc_table() { # what became of each step
  local wfc_k wfc_wide=4 wfc_name
  for wfc_name in "${wfc_label[@]}"; do if ((${#wfc_name} > wfc_wide)); then wfc_wide=${#wfc_name}; fi; done
  if ((wfc_wide > 80)); then wfc_wide=80; fi # a longer one stands out of line
  printf "%-${wfc_wide}s  %-9s  %-8s  %-4s  %s\n" STEP STATUS ATTEMPTS EXIT SECONDS
  wfc_table_rows ''
  printf '%s: %s in %d s\nrun folder: %s\n' 'fan-out' "$wfc_status" $((SECONDS - wfc_s0)) "$wfc_run"
}
wfc_more() { if ((wfc_shown > 20)); then printf '… and %d more\n' $((wfc_shown - 20)); fi; wfc_shown=0; }
wfc_table_rows() { # "" or 1: those of steps, or of handlers
  local wfc_m='' wfc_shown=0
  for wfc_k in "${wfc_rows[@]}"; do
    if [ "${wfc_in_map[wfc_k]}" != "$wfc_m" ]; then wfc_more; wfc_m=${wfc_in_map[wfc_k]}; fi
    if [ "$wfc_m" ]; then # of what a fan-out ran only what did not succeed
      if [ "${wfc_state[wfc_k]}" = succeeded ]; then continue; fi
      wfc_shown=$((wfc_shown + 1))
      if ((wfc_shown > 20)); then continue; fi
    fi
    case ${wfc_items[wfc_k]} in '') wfc_name='' ;; 1) wfc_name='  1 item' ;; *) wfc_name="  ${wfc_items[wfc_k]} items" ;; esac
    printf "%-${wfc_wide}s  %-9s  %-8d  %-4s  %s\n" "${wfc_label[wfc_k]}" "${wfc_state[wfc_k]}" "${wfc_tries[wfc_k]}" "${wfc_rc[wfc_k]/null/-}" "${wfc_took[wfc_k]:-0}$wfc_name"
  done
  wfc_more
}
wfc_help() {
  printf '%s\n' 'usage: bash fan-out.sh [K=V ...] [--params-json FILE] [--work-dir DIR] [--report FILE] [--max-active-steps N] [--] [WORD ...]'
  printf '%s\n' 'params:'
  printf '%s\n' '  FILES=a.txt b.txt c.txt'
  printf '%s\n' '  AT_ONCE=2'
}
wfc_aside() { # function, file: in a process of its own, so that a signal can end it
  local wfc_p wfc_c
  wfc_files=$wfc_run/$2 wfc_base=$wfc_run/steps wfc_folder='' wfc_name=''
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
  local wfc_p wfc_i wfc_known='FILES AT_ONCE'
  for wfc_p in $wfc_known; do
    if [ "$(tr -d _ <<<"$1" | tr '[:upper:]' '[:lower:]')" = "$(tr -d _ <<<"$wfc_p" | tr '[:upper:]' '[:lower:]')" ]; then echo "did you mean \`$wfc_p\`?"; return; fi
    for ((wfc_i = 0; wfc_i <= ${#1}; wfc_i++)); do
      case $wfc_p in "${1:0:wfc_i}${1:wfc_i+1}" | "${1:0:wfc_i}"?"${1:wfc_i+1}" | "${1:0:wfc_i}"?"${1:wfc_i}") echo "did you mean \`$wfc_p\`?"; return ;; esac
    done
  done
  echo 'known are: `FILES`, `AT_ONCE`'
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
    case ${wfc_k%%=*} in FILES | AT_ONCE) ;; *) wfc_say 'fan-out.sh'": unknown param \`${wfc_k%%=*}\`: $(wfc_meant "${wfc_k%%=*}")"; wfc_bad=1 ;; esac
  done
  wfc_old_jq=''
  if ! command -v jq >/dev/null; then wfc_say 'fan-out.sh'': needs jq: https://jqlang.org'; wfc_bad=1
  else case $(jq --version 2>&1) in
    jq-1.[0-5] | jq-1.[0-5][!0-9]*) wfc_say 'fan-out.sh'': needs jq 1.6 or newer: https://jqlang.org'; wfc_bad=1 ;;
    jq-1.6 | jq-1.6[!0-9]*) wfc_old_jq=1 ;;
  esac; fi
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
  wfc_run=$wfc_home/runs/'fan-out'/$wfc_clock-$$-$RANDOM
  wfc_n=0 wfc_head=0 wfc_tail=0 wfc_running=0 wfc_slots=0 wfc_idle=0 wfc_serial=0 wfc_code=0 wfc_s0=$SECONDS
  wfc_ds=0 wfc_ws=0 wfc_frames=0
  wfc_ending='' wfc_signal='' wfc_waiting='' wfc_reason='' wfc_status='' wfc_killer='' wfc_events=() wfc_happened=0 wfc_lost=() wfc_label=() wfc_pausing=0
  mkdir -p "${wfc_run%/*}" && mkdir -m 700 "$wfc_run" && mkdir "$wfc_run/steps" "$wfc_run/steps/.params" "$wfc_run/process" && mkfifo "$wfc_run/.done" "$wfc_run/.alive" || exit 2
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
  case $(declare -p COUNTS 2>/dev/null) in "declare -"*x*" COUNTS="*) printf '%s' "${COUNTS}" >"$wfc_run/process/COUNTS" ;; esac
  case $(declare -p LINES 2>/dev/null) in "declare -"*x*" LINES="*) printf '%s' "${LINES}" >"$wfc_run/process/LINES" ;; esac
  workflow; wfc_link
  wfc_write || exit 2
  for wfc_k in "${wfc_set[@]}"; do printf '%s' "${wfc_k#*=}" >"$wfc_run/steps/.params/${wfc_k%%=*}"; done
  if wfc_value && [ -z "$wfc_ending" ]; then
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
  if [ "$wfc_reason" != signal ]; then if [ "$wfc_status" = failed ]; then wfc_code=1; else wfc_code=0; fi; fi
  for ((wfc_k = 0; wfc_k < wfc_slots; wfc_k++)); do echo quit 1<>"$wfc_run/.slot$wfc_k"; done
  kill -KILL -- "-$wfc_ticker" 2>/dev/null
  echo bye >&8
  wfc_walk
  if ! { wfc_outcome >"$wfc_run/.outcome" && mv "$wfc_run/.outcome" "$wfc_run/outcome.json"; }; then wfc_code=$((wfc_code ? wfc_code : 2)); fi
  if [ "$wfc_report_to" ]; then wfc_report "$wfc_started_at" >"$wfc_report_to" || wfc_code=$((wfc_code ? wfc_code : 2)); fi
  wfc_table
  rm -rf "$wfc_run"/.[a-z]*
  exit "$wfc_code"
}
wfc_main "$@"
