"""A request -> what curl reads, and the shell text that tells what came of it."""

from collections.abc import Iterator

from compiler.ir import Entry, Http
from compiler.services.forms import in_form
from compiler.services.plan import Form, Hole, PathOf, Piece, Plan, ProgramOf, Text

# Reads its configuration from stdin, so that nothing of the request is on a command line.
# $1 and $2 are files for the answer's headers and body, $3 says what is printed, $4 and
# $5 are curl and jq. Of several answers (redirects) the last one counts.
_REQUEST = r"""umask 077
: >"$1" && : >"$2" || exit 1
code=$("$4" --disable --config - --dump-header "$1" --output "$2" --write-out '%{http_code}') || exit
last() {
  LC_ALL=C sed -n 'H; /^HTTP\//h; ${x; p;}' "$1" | LC_ALL=C tr -d '\r'
}
case $3 in
text) last "$1" && cat "$2" ;;
body) cat "$2" ;;
*) last "$1" | "$5" --raw-input --slurp --rawfile body "$2" --argjson code "$code" "$6" ;;
esac || exit
case $code in
2??) ;;
*) printf 'wfc: the answer has the status %s\n' "$code" >&2; exit 1 ;;
esac
"""
_BODY = """def body: if $body == "" then "" else ($body | try fromjson catch $body) end;
"""
_ALL = (
    _BODY
    + """def headers: reduce (split("\\n")[1:][] | select(contains(":")) | split(":")) as $line
  ({}; .[$line[0]] += [$line[1:] | join(":") | ltrimstr(" ")]);
{status_code: $code, headers: headers, body: body}"""
)
_SILENT = f"{_BODY}{{body: body}}"

# One answer after at most so many redirects, over these protocols only; no patterns in
# URLs, no configuration of the user's.
_ALWAYS = """silent
show-error
globoff
location
max-redirs = 10
proto = "=http,https"
proto-redir = "=http,https"
"""


def http_plan(http: Http) -> Plan:
    """curl, and jq where the answer is to be JSON."""
    shown = "json" if http.json else "text" if http.verbose else "body"
    words: list[Text] = [("sh",), ("-c",), (_REQUEST,), ("http",)]
    words += [(PathOf("headers"),), (PathOf("body"),), (shown,), (ProgramOf("curl"),)]
    if http.json:
        words += [(ProgramOf("jq"),), (_ALL if http.verbose else _SILENT,)]
    return Plan(
        words=tuple(words),
        stdin=(_ALWAYS, *_request(http)),
        files=(("headers", None), ("body", None)),
    )


def _request(http: Http) -> Iterator[Piece]:
    """The lines of the configuration."""
    yield from _url(http)
    named = {header.name.lower() for header in http.headers}
    if http.body is None:
        yield Hole(template=http.method, form="method", what="the method")
    else:
        yield Hole(template=http.method, form="method_with_body", what="the method")
        yield 'data-raw = "'
        yield Hole(template=http.body, form="quoted", what="the body")
        yield '"\n'
        if "content-type" not in named:  # else curl calls it a form
            yield 'header = "Content-Type: text/plain; charset=utf-8"\n'
        if "expect" not in named:  # which many servers leave unanswered
            yield 'header = "Expect:"\n'
    for header in http.headers:
        yield from _header(header)
    if http.timeout is not None:
        yield f"max-time = {http.timeout}\n"
    if http.insecure:
        yield "insecure\n"


def _url(http: Http) -> Iterator[Piece]:
    form: Form = "url_with_query" if http.query else "url"
    yield 'url = "'
    yield Hole(template=http.url, form=form, what="the URL")
    for place, pair in enumerate(http.query):
        if place:
            yield "&"
        yield in_form("encoded", pair.name, pair.name)
        yield "="
        yield Hole(template=pair.value, form="encoded", what=f"`{pair.name}`")
    yield '"\n'


def _header(header: Entry) -> Iterator[Piece]:
    what = f"the header `{header.name}`"
    yield f'header = "{header.name}'
    yield Hole(template=header.value, form="empty_header", what=what)
    yield Hole(template=header.value, form="header", what=what)
    yield '"\n'
