"""A shell text -> the places of references in it, and the names that it sets.

One pass over the text with a stack of contexts of its own: nesting has no limit, and
what a shell would refuse is passed over without complaint.
"""

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace

from compiler.diagnostics import Diagnostic
from compiler.expressions import Locate, Parsed, parse_at
from compiler.ir import HereDocument, Place, Quoting, Reference, Template
from compiler.shelltext import commands
from compiler.shelltext.embedded import Embedded, Layer, backticks, program
from compiler.shelltext.frames import Frame, Kind, PendingHere, Site
from compiler.source import Span

# How many programs within programs are followed (`sh -c 'sh -c "..."'`).
_MAX_PROGRAMS = 6
# How many `((` may turn out to be two subshells before the text is read without care.
_MAX_REREADINGS = 32

# Names and options are found in the beginning of a word; words hold words, without limit.
_ENOUGH = 256
# References hold references as well: longer ones are cut where they are only shown.
_SHOWN = 4096

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_ASSIGNMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)(?:\[[^]]*\])?\+?=")
_ELEMENT = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)\[")
_ORDINARY = re.compile(r"[^ \t\n'\"`$\\;&|()<>]+")
_BLANKS = re.compile(r"[ \t]+")
_FUNCTION = re.compile(r"\([ \t]*\)")
_REDIRECT = re.compile(r"<<<|<<-?|<>|<&|>&|&>>?|>>|>\||<|>")
_IN_DOUBLE = re.compile(r'[^"\\$`]+')
_IN_HERE = re.compile(r"[^\\$`]+")
_IN_WORD = re.compile(r"[^}\\'\"`$]+")
_IN_ARITHMETIC = re.compile(r"[^A-Za-z0-9_$`'\\()\[\]}\n;]+")
_NUMBER = re.compile(r"[0-9][0-9A-Za-z_#@]*")
_SETS = re.compile(r"[ \t]*(?:(=)(?!=)|(?:[-+*/%&|^]|<<|>>)=|\+\+|--)")
_BRACED = re.compile(r"\$\{([#!]?)([A-Za-z_][A-Za-z0-9_]*)")
_SPECIAL = re.compile(r"\$\{[#!]?(?:[0-9]+|[@*#?$!-])?")
_IN_SINGLE = re.compile(r"\\*\$[{<]|'")
_IN_ANSI = re.compile(r"\\[\s\S]|\$[{<]|'")
_IN_QUOTED_HERE = re.compile(r"\\*\$[{<]")
_BACKTICK = re.compile(r"`(?:[^`\\]|\\[\s\S])*`")
_OPERAND = re.compile(r"[$`]|[0-9][0-9A-Za-z_#@]*|[A-Za-z_][A-Za-z0-9_]*")
_DELIMITER = re.compile(r"(?:\\[\s\S]|'[^']*'|\"(?:[^\"\\]|\\[\s\S])*\"|[^\s;&|()<>])+")
_COMPARISONS = {"-eq", "-ne", "-lt", "-le", "-gt", "-ge"}
_BEFORE_COMMAND = {"if", "then", "else", "elif", "do", "while", "until", "!", "{"}
_BEFORE_COMMAND |= {"time", "coproc", "}", "fi", "done"}
_DECLARED = re.compile(r"\b(?:declare|local|typeset)((?:[ \t]+[^\s;&|()]+)+)")


class Scan:
    """`sites` in the order of their starts; `assigned`: name -> where it first holds."""

    def __init__(
        self,
        source: str,
        locate: Locate,
        depth: int = 0,
        embedded: bool = False,
        handed: Sequence[Site] = (),
    ) -> None:
        self.source = source
        self.locate = locate
        self.depth = depth
        self.embedded = embedded
        self.position = 0
        self.limit = len(source)
        self.sites: list[Site] = []
        self.assigned: dict[str, int] = {}
        self.diagnostics: list[Diagnostic] = []
        self.extents: dict[int, int] = {}
        self.frames: list[Frame] = []
        self.subshells: set[int] = set()
        self.associative = _associative(source)
        self.unclosed_angle = False
        self.missing: dict[tuple[str, bool], int] = {}
        # What an outer shell would have read here, by start: it is handed on (R4).
        self.handed = sorted(handed, key=lambda site: site.start)
        self.handed_starts = [site.start for site in self.handed]
        self._push("command", 0)
        self._run()
        self._hand_on(0, len(source), "bare", False)
        self.sites.sort(key=lambda site: (site.start, -site.end))

    # ---- the loop

    def _run(self) -> None:
        while True:
            if self.position >= self.limit:
                if not self._leave_here():
                    break
                continue
            frame = self.frames[-1]
            match frame.kind:
                case "command" | "list":
                    self._command(frame)
                case "double":
                    self._double(frame)
                case "parameter":
                    self._parameter(frame)
                case "arithmetic":
                    self._arithmetic(frame)
                case "here":
                    self._here(frame)
        self._finish()

    def _finish(self) -> None:
        self.position = self.limit  # an escape may have gone beyond it
        unclosed = [f.site for f in self.frames if f.site is not None]
        self.sites = [site for site in self.sites if site.end]
        for site in unclosed[:1]:
            self._unclosed(site.start)
        if len(self.frames) == 1:
            self._end_command(self.frames[0])

    def _push(
        self,
        kind: Kind,
        start: int,
        close: str = "",
        quoting: Quoting | None = None,
        place: Place | None = None,
    ) -> Frame:
        top = self.frames[-1] if self.frames else None
        frame = Frame(kind, start, close)
        frame.first_site = frame.sites = len(self.sites)
        if kind in ("command", "list", "here"):
            frame.owner = frame
        elif top is not None:
            frame.owner = top.owner
            frame.quoting, frame.place = top.quoting, top.place
            frame.nested = top.nested or kind == "parameter"
        if quoting is not None:
            frame.quoting = quoting
        if place is not None:
            frame.place = place
        self.frames.append(frame)
        return frame

    def _pop(self) -> None:
        """Leaves the innermost context; `position` is behind it."""
        frame = self.frames.pop()
        if frame.kind != "parameter":
            self.extents[frame.start] = self.position
        site = frame.site
        if site is None:
            return
        site.end = self.position
        if site.expression is None:
            self._name_site(site, frame)

    def _name_site(self, site: Site, frame: Frame) -> None:
        text = self.source[site.start : min(site.end, site.start + _SHOWN)]
        default = None
        if frame.default >= 0:
            word = self.source[
                frame.default : min(site.end - 1, frame.default + _SHOWN)
            ]
            span = self.locate(frame.default, site.end - 1)
            default = Template(parts=(word,) if word else (), span=span)
        found = _BRACED.match(text)
        assert found is not None
        span = self.locate(site.start, site.end)
        site.expression = Reference(
            text=text, name=found[2], default=default, span=span
        )

    # ---- references

    def _add(self, start: int, end: int, frame: Frame, plain: bool) -> Site:
        place = frame.place
        site = Site(start, end, None, plain, frame.quoting, place, owner=frame.owner)
        site.nested = frame.nested
        self.sites.append(site)
        return site

    def _add_name(self, start: int, end: int, frame: Frame) -> None:
        site = self._add(start, end, frame, True)
        text = self.source[start:end]
        name = text.removeprefix("$")
        site.expression = Reference(text=text, name=name, span=self.locate(start, end))

    def _unclosed(self, start: int) -> None:
        found = _BRACED.match(self.source, start)
        if found is None or self.embedded:
            return
        self.diagnostics.append(
            Diagnostic(
                code="WFC305",
                message=f"`{found[0]}` is never closed",
                span=self.locate(start, found.end()),
                label="begins here",
                help="close it with `}`",
            )
        )

    def _read(self, start: int) -> Parsed | None:
        """The reference of our grammar at `start`, unless it leaves the context."""
        angled = self.source.startswith("$<", start)
        if angled and self.unclosed_angle:
            return None
        parsed = parse_at(self.source, start, self.locate)
        if parsed is None:
            return None
        unclosed = parsed.expression is None and any(
            each.code == "WFC305" for each in parsed.diagnostics
        )
        if angled:
            self.unclosed_angle = unclosed
        if unclosed and self.embedded and not angled:
            return None
        self.diagnostics.extend(parsed.diagnostics)
        if unclosed or parsed.end > self.limit:
            return None
        return parsed

    def _dollar(self, frame: Frame) -> None:
        source, position = self.source, self.position
        following = source[position + 1 : min(position + 2, self.limit)]
        if following == "(":
            self._substitution(frame)
        elif following == "{":
            self._brace(frame)
        elif following == "<":
            self._angle(frame)
        elif following == "[":
            self._push("arithmetic", position, "]", place="arithmetic")
            self.position += 2
        elif following == "'" and frame.quoting == "bare":
            self._single(frame, position + 1, ansi=True)
        elif name := _NAME.match(source, position + 1, self.limit):
            self._add_name(position, name.end(), frame)
            self.position = name.end()
        elif following and following in "0123456789@*#?$!-":
            self.extents[position] = self.position = position + 2
        else:
            self.position += 1

    def _substitution(self, frame: Frame) -> None:
        start = self.position
        if self.source.startswith("((", start + 1) and start not in self.subshells:
            self._push("arithmetic", start, "))", place="arithmetic")
            self.position += 3
        else:
            self._push("command", start, ")")
            self.position += 2

    def _angle(self, frame: Frame) -> None:
        parsed = self._read(self.position)
        if parsed is None:
            self.position += 2
            return
        if parsed.expression is not None:
            site = self._add(self.position, parsed.end, frame, False)
            site.expression = parsed.expression
        self.position = parsed.end

    def _brace(self, frame: Frame) -> None:
        source, start = self.source, self.position
        found = _BRACED.match(source, start, self.limit)
        if found is None:
            special = _SPECIAL.match(source, start, self.limit)
            self.position = special.end() if special else start + 2
            self._push("parameter", start, "}")
            return
        behind = found.end()
        follows = source[behind : min(behind + 1, self.limit)]
        if not found[1] and follows and follows in ".-[":
            parsed = self._read(start)
            if parsed is not None:
                if parsed.expression is not None:
                    site = self._add(start, parsed.end, frame, False)
                    site.expression = parsed.expression
                self.position = parsed.end
                return
        self.position = behind
        if follows == "}" and not found[1]:
            site = self._add(start, behind + 1, frame, True)
            span = self.locate(start, behind + 1)
            text = source[start : behind + 1]
            site.expression = Reference(text=text, name=found[2], span=span)
            self.position += 1
            return
        if follows == ".":
            return
        site = self._add(start, 0, frame, True)
        inner = self._push("parameter", start, "}")
        inner.site, inner.begins, inner.prefix = site, True, found[1]
        site.checkable = found[1] != "#"

    # ---- ${...}

    def _parameter(self, frame: Frame) -> None:
        if frame.begins:
            frame.begins = False
            self._operator(frame)
            return
        source = self.source
        plain = _IN_WORD.match(source, self.position, self.limit)
        if plain is not None:
            self.position = plain.end()
            return
        match source[self.position]:
            case "}":
                self.position += 1
                self._pop()
            case "\\":
                self.position += 2
            case "'" if frame.quoting == "bare" or frame.pattern:
                self._single(frame, self.position)
            case '"':
                self._push("double", self.position, quoting="double")
                self.position += 1
            case "`":
                self._backtick(frame)
            case "$":
                self._dollar(frame)
            case _:
                self.position += 1

    def _operator(self, frame: Frame) -> None:
        """What stands behind the name of `${name`."""
        source, position = self.source, self.position
        character = source[position]
        site = frame.site
        assert site is not None
        name = source[frame.start + 2 + len(frame.prefix) : position]
        if frame.prefix == "!":
            self._indirect(site, frame)
        if character == "[" and not name.endswith("]"):
            quiet = name in self.associative
            self._push(
                "arithmetic", position, "]", place="text" if quiet else "arithmetic"
            )
            frame.begins = True
            self.position += 1
        elif character == ":" and source[position + 1 : position + 2] not in [*"-=?+"]:
            frame.kind, frame.place = "arithmetic", "arithmetic"
            self.position += 1
        elif character == "}":
            return
        elif character in ":-=+?":
            kind = source[position + 1] if character == ":" else character
            self.position += 2 if character == ":" else 1
            site.checkable = site.checkable and kind != "+"
            frame.default = self.position if kind in "-=+" else -1
        elif character in "#%/^,~@*":
            frame.pattern = True
            if source.startswith("@P}", position):
                site.place, site.program = "foreign", "@P"
            self.position += 1
        else:
            self._bad_parameter(frame)

    def _indirect(self, site: Site, frame: Frame) -> None:
        """`${!X}`: bash evaluates the content of X as a name with a subscript."""
        follows = self.source[self.position : self.position + 3]
        if follows[:2] not in ("*}", "@}") and follows not in ("[@]", "[*]"):
            site.place, site.program = "foreign", "${!}"
        frame.prefix = ""

    def _bad_parameter(self, frame: Frame) -> None:
        line_end = self.source.find("\n", self.position, self.limit)
        line_end = self.limit if line_end < 0 else line_end
        self.frames.pop()
        if self.source.find("}", self.position, line_end) < 0:
            self._unclosed(frame.start)

    # ---- quotes

    def _double(self, frame: Frame) -> None:
        plain = _IN_DOUBLE.match(self.source, self.position, self.limit)
        if plain is not None:
            self.position = plain.end()
            return
        match self.source[self.position]:
            case '"':
                self.position += 1
                self._pop()
            case "\\":
                self.position += 2
            case "`":
                self._backtick(frame)
            case _:
                self._dollar(frame)

    def _single(self, frame: Frame, quote: int, ansi: bool = False) -> None:
        """'...' or $'...' whose opening quote is at `quote`."""
        source, limit = self.source, self.limit
        pattern = _IN_ANSI if ansi else _IN_SINGLE
        position = quote + 1
        while (found := pattern.search(source, position, limit)) is not None:
            if found[0] == "'":
                self._hand_on(quote, found.start(), "single", ansi)
                self.position = found.end()
                return
            position = self._quoted(frame, found, "single", limit, None, ansi)
        self._hand_on(quote, limit, "single", ansi)
        self.position = limit

    def _hand_on(self, start: int, end: int, quoting: Quoting, ansi: bool) -> None:
        """Adds the references of the outer shell from `start` to `end` that this text
        takes for something else: in quotes, in comments."""
        first = bisect_left(self.handed_starts, start)
        last = bisect_left(self.handed_starts, end)
        if first == last:
            return
        starts = {site.outer()[0] for site in self.sites}
        bound = [site.outer() for site in self.sites if not site.plain]
        owner = self.frames[-1].owner if self.frames else None
        for site in self.handed[first:last]:
            at = site.start
            if at not in starts and not any(begin < at < to for begin, to in bound):
                found = replace(site, quoting=quoting, ansi=ansi, owner=owner)
                self.sites.append(found)

    def _quoted(
        self,
        frame: Frame,
        found: re.Match[str],
        quoting: Quoting,
        limit: int,
        here: HereDocument | None,
        ansi: bool = False,
    ) -> int:
        """Reads what `found` begins inside '...'; the offset to go on from."""
        backslashes = len(found[0]) - 2
        if (found[0][0] == "\\" and backslashes % 2) or found[0][-1] not in "{<":
            return found.end()
        start = found.end() - 2
        if found[0][-1] == "<":
            parsed = self._read(start)
        else:
            parsed = self._read_within(start, quoting, limit)
        if parsed is None:
            return found.end()
        if parsed.expression is not None:
            site = Site(start, parsed.end, parsed.expression, False, quoting)
            site.place, site.owner = frame.place, frame.owner
            site.here, site.ansi = here, ansi
            self.sites.append(site)
        return parsed.end

    def _read_within(self, start: int, quoting: Quoting, limit: int) -> Parsed | None:
        """A `${...}` in quotes: what is not a whole reference there is text (R1)."""
        end = self.source.find("}", start, limit)
        if end < 0:
            return None
        parsed = parse_at(self.source, start, self.locate)
        if parsed is None or parsed.expression is None or parsed.end > limit:
            return None
        if quoting == "single" and "'" in self.source[start : parsed.end]:
            return None
        self.diagnostics.extend(parsed.diagnostics)
        return parsed

    def _backtick(self, frame: Frame) -> None:
        start = self.position
        found = _BACKTICK.match(self.source, start, self.limit)
        if found is None:
            self.position = self.limit
            return
        end = found.end()
        quoted = frame.kind == "double" or (
            frame.kind == "parameter" and frame.quoting == "double"
        )
        inner = backticks(self.source, start + 1, end - 1, quoted)
        self._embed(inner, self.depth)
        self.extents[start] = self.position = end

    # ---- a text within the text

    def _embed(
        self,
        inner: Embedded,
        depth: int,
        reader: str = "",
        handed: Sequence[Site] = (),
    ) -> "Scan":
        def locate(start: int, end: int) -> Span:
            return self.locate(*inner.outer(start, end))

        scan = Scan(inner.text, locate, depth, True, handed)
        for site in scan.sites:
            if reader:
                site.plain = site.plain or _reads_as_variable(site)
                site.program = site.program or reader
                site.inner = site.inner if site.through else site.quoting
                if site.place == "text":
                    site.place = "shell"
            if not site.through:
                site.text = inner.text
            site.through = (*site.through, inner)
            site.owner = None
        self.diagnostics.extend(scan.diagnostics)
        if not reader:
            self._take(scan, inner)
        return scan

    def _take(self, scan: "Scan", inner: Embedded) -> None:
        self.sites.extend(scan.sites)
        for name, place in scan.assigned.items():
            self.assigned.setdefault(name, inner.outer(place, place)[0])

    def _program(
        self, ranges: list[tuple[int, int]], layer: Layer, owner: object, first: int
    ) -> tuple[Embedded, list[Site]]:
        """The program text in `ranges`, and the references that its reader shall read."""
        sites = [
            site
            for site in self.sites[first:]
            if site.owner is owner
            and site.quoting not in ("single", "quoted_here")
            and not site.through
            and site.place == "text"
            and any(start <= site.start < end for start, end in ranges)
        ]
        taken = {}
        for site in sites:
            found = _BRACED.match(self.source, site.start)
            name = found if site.plain else None
            taken[site.start] = name.end() if name else site.end
        return program(self.source, ranges, layer, taken, self.extents), sites

    def _shell_program(
        self,
        ranges: list[tuple[int, int]],
        layer: Layer,
        owner: object,
        first: int,
        head: str,
    ) -> None:
        inner, taken = self._program(ranges, layer, owner, first)
        if self.depth >= _MAX_PROGRAMS:
            for site in taken:
                site.place, site.program = "foreign", head
            return
        # What stands in '...' is read anew as well, by the rules of the inner shell.
        quoted = [
            site
            for site in self.sites[first:]
            if site.owner is owner
            and site.quoting in ("single", "quoted_here")
            and any(start <= site.start < end for start, end in ranges)
        ]
        outermost = set(self.handed_starts)
        handed = [
            Site(
                bisect_left(inner.starts, site.start),
                bisect_left(inner.starts, site.end),
                site.expression,
                site.plain,
                "bare",
            )
            for site in (
                *taken,
                *(each for each in quoted if each.start in outermost),
            )
        ]
        scan = self._embed(inner, self.depth + 1, head, handed)
        self._refuse_nested(scan, taken, head)
        gone = {id(site) for site in (*taken, *quoted)}
        kept = [site for site in self.sites[first:] if id(site) not in gone]
        known = {site.start for site in kept if site.place == "foreign"}
        self.sites[first:] = kept + [
            site
            for site in scan.sites
            if not _own_of_inner(site, scan, inner) and site.outer()[0] not in known
        ]

    def _refuse_nested(self, scan: "Scan", taken: list[Site], head: str) -> None:
        """In the word of an expansion of the outer shell (`"${1:-$X}"`) the quoting of
        several readers cannot be told: there is no way to hand the reference on."""
        nested = {site.start for site in taken if site.nested}
        for site in scan.sites if nested else ():
            start = site.outer()[0]
            if start in nested and (
                site.quoting == "single"
                or len(site.through) > 1
                or self.source[start - 1] == "\\"
            ):
                site.place, site.program = "foreign", head

    # ---- commands

    def _command(self, frame: Frame) -> None:
        if frame.bodies and self._next_body(frame):
            return
        source, position = self.source, self.position
        plain = _ORDINARY.match(source, position, self.limit)
        if plain is not None:
            self._ordinary(frame, plain.end())
            return
        match source[position]:
            case " " | "\t":
                self._end_word(frame)
                blanks = _BLANKS.match(source, position, self.limit)
                self.position = blanks.end() if blanks else position + 1
            case "\n":
                self._newline(frame)
            case "\\":
                if not source.startswith("\n", position + 1):
                    self._begin_word(frame)
                self.position += 2
            case "'":
                self._begin_word(frame)
                self._single(frame, position)
            case '"':
                self._begin_word(frame)
                self._push("double", position, quoting="double")
                self.position += 1
            case "`":
                self._begin_word(frame)
                self._backtick(frame)
            case "$":
                self._begin_word(frame)
                if source.startswith('$"', position):
                    self.position += 1
                else:
                    self._dollar(frame)
            case _:
                self._operator_token(frame, source[position])

    def _begin_word(self, frame: Frame) -> None:
        if frame.word < 0:
            frame.word = self.position

    def _ordinary(self, frame: Frame, end: int) -> None:
        source, position = self.source, self.position
        if frame.word < 0:
            if source[position] == "#":
                line_end = source.find("\n", position, self.limit)
                self.position = self.limit if line_end < 0 else line_end
                return
            frame.word = position
            if not frame.words and not frame.test and frame.kind == "command":
                element = _ELEMENT.match(source, position, end)
                if element is not None:
                    quiet = element[1] in self.associative
                    self._element(element.end() - 1, quiet)
                    return
            if frame.kind == "list" and source[position] == "[":
                self._element(position, frame.prefix in self.associative)
                return
        self.position = end

    def _element(self, bracket: int, quiet: bool) -> None:
        frame = self._push(
            "arithmetic", bracket, "]", place="text" if quiet else "arithmetic"
        )
        frame.prefix = "="
        self.position = bracket + 1

    def _operator_token(self, frame: Frame, character: str) -> None:
        source, position = self.source, self.position
        if frame.test and character in "()<>|&;":
            self._end_word(frame)
            self.position += 1
            return
        if character in "<>" or source.startswith("&>", position):
            self._redirect(frame, character)
        elif character == "(":
            self._open(frame)
        elif character == ")":
            self._close(frame)
        elif frame.cases and frame.cases[-1] == "pattern":
            self._end_word(frame)
            self.position += 1
        else:
            self._end_command(frame)
            ends_item = character == ";" and source[position + 1 : position + 2] in (
                ";",
                "&",
            )
            if ends_item and frame.cases and frame.cases[-1] == "body":
                frame.cases[-1] = "pattern"
                self.position += 1
            self.position += 1

    def _open(self, frame: Frame) -> None:
        source, position = self.source, self.position
        in_pattern = bool(frame.cases) and frame.cases[-1] == "pattern"
        if frame.word >= 0 or frame.redirect or frame.kind == "list":
            function = _FUNCTION.match(source, position, self.limit)
            if function is not None and frame.word >= 0:
                frame.word = -1
                self._reset(frame)
                self.position = function.end()
                return
            raw = source[frame.word : position] if frame.word >= 0 else ""
            inner = self._push("list", position, ")")
            assignment = _ASSIGNMENT.match(raw)
            inner.prefix = assignment[1] if assignment else ""
            self.position += 1
        elif in_pattern:
            self.position += 1
        elif function := _FUNCTION.match(source, position, self.limit):
            self._reset(frame)
            self.position = function.end()
        elif source.startswith("((", position) and position not in self.subshells:
            self._push("arithmetic", position, "))", place="arithmetic")
            self.position += 2
        else:
            self._push("command", position, ")")
            self.position += 1

    def _close(self, frame: Frame) -> None:
        if frame.cases and frame.cases[-1] == "pattern":
            self._end_word(frame)
            if frame.cases and frame.cases[-1] == "pattern":
                frame.cases[-1] = "body"
                self._reset(frame)
                self.position += 1
                return
        self._end_command(frame)
        self.position += 1
        if frame.close == ")":
            self._pop()
            waiting = next(
                (f for f in reversed(self.frames) if f.kind in ("command", "here")),
                None,
            )
            if waiting is not None and waiting.kind == "command":
                waiting.heres.extend(frame.heres)

    def _redirect(self, frame: Frame, character: str) -> None:
        source, position = self.source, self.position
        if source.startswith("(", position + 1):
            self._begin_word(frame)
            self._push("command", position, ")")
            self.position += 2
            return
        if frame.word >= 0 and source[frame.word : position].isdigit():
            frame.word = -1
        self._end_word(frame)
        found = _REDIRECT.match(source, position, self.limit)
        assert found is not None
        self.position = found.end()
        if found[0] in ("<<", "<<-"):
            blanks = _BLANKS.match(source, self.position, self.limit)
            start = blanks.end() if blanks else self.position
            word = _DELIMITER.match(source, start, self.limit)
            if word is not None:
                self.position = word.end()
                raw = word[0]
                delimiter = bare_word(raw)
                quoted = any(each in raw for each in "'\"\\")
                strip = found[0] == "<<-"
                here = PendingHere(word.span(), delimiter, quoted, strip, frame.words)
                frame.heres.append(here)
                return
        frame.redirect = True

    def _newline(self, frame: Frame) -> None:
        if frame.test or (frame.cases and frame.cases[-1] != "body"):
            self._end_word(frame)
        else:
            self._end_command(frame)
        frame.bodies = bool(frame.heres)
        self.position += 1

    def _end_word(self, frame: Frame) -> None:
        if frame.word < 0:
            return
        start, end = frame.word, self.position
        frame.word = -1
        if frame.redirect:
            frame.redirect = False
            return
        if frame.kind == "list":
            return
        raw = self.source[start : min(end, start + _ENOUGH)]
        if frame.cases and frame.cases[-1] == "pattern":
            if raw == "esac":
                frame.cases.pop()
            return
        if frame.test:
            self._test_word(frame, raw, start, end)
            return
        if frame.words:
            self._argument(frame, raw, start, end)
            return
        assignment = _ASSIGNMENT.match(raw)
        if assignment is not None:
            frame.assignments.append((assignment[1], end))
        elif raw in _BEFORE_COMMAND:
            pass
        elif raw == "esac" and frame.cases:
            frame.cases.pop()
        elif raw == "[[":
            frame.test = True
            frame.operand = None
        else:
            frame.words.append((start, end))
            if raw == "case":
                frame.cases.append("subject")

    def _argument(self, frame: Frame, raw: str, start: int, end: int) -> None:
        start_of_first, end_of_first = frame.words[0]
        first = self.source[start_of_first : min(end_of_first, start_of_first + 9)]
        if first == "case" and raw == "in" and len(frame.words) > 1:
            if frame.cases:
                frame.cases[-1] = "pattern"
            self._reset(frame)
        elif first == "function" and len(frame.words) == 1:
            self._reset(frame)
        else:
            frame.words.append((start, end))

    def _test_word(self, frame: Frame, raw: str, start: int, end: int) -> None:
        if raw == "]]":
            frame.test = frame.comparing = False
            return
        if raw in _COMPARISONS and frame.operand is not None:
            self._operand(frame, *frame.operand)
            frame.comparing = True
            return
        if frame.comparing:
            self._operand(frame, start, end)
            frame.comparing = False
        frame.operand = (start, end)

    def _reset(self, frame: Frame) -> None:
        frame.words = []
        frame.assignments = []
        frame.redirect = False
        frame.first_site = len(self.sites)

    def _end_command(self, frame: Frame) -> None:
        self._end_word(frame)
        if frame.kind == "command" and frame.words:
            first = self._bare(frame.words[0])
            if commands.is_interesting(first):
                self._use(frame)
        else:
            for name, place in frame.assignments:
                self.assigned.setdefault(name, place)
        frame.test = False
        self._reset(frame)

    def _bare(self, word: tuple[int, int]) -> str:
        start, end = word
        return bare_word(self.source[start : min(end, start + _ENOUGH)])

    def _use(self, frame: Frame) -> None:
        words = [self._bare(each) for each in frame.words]
        found = commands.use(words)
        for index in found.arithmetic:
            self._operand(frame, *frame.words[index])
        for name in found.names:
            self.assigned.setdefault(name, self.position)
        if found.stdin and found.reader in ("shell", "foreign"):
            for here in frame.heres:
                if here.owner is frame.words:
                    here.reader = "shell" if found.reader == "shell" else "foreign"
                    here.program = found.head
        ranges = [frame.words[index] for index in found.programs]
        if not ranges or found.reader is None:
            return
        if found.reader == "shell":
            self._shell_program(ranges, "bare", frame, frame.first_site, found.head)
            return
        for site in self.sites[frame.first_site :]:
            inside = any(start <= site.start < end for start, end in ranges)
            if not inside or site.owner is not frame or site.place != "text":
                continue
            if found.reader == "foreign" or site.quoting != "bare":
                site.place, site.program = found.reader, found.head

    def _operand(self, frame: Frame, start: int, end: int) -> None:
        """A word that bash evaluates as arithmetic."""
        behind = {}
        for site in self.sites[frame.first_site :]:
            if site.owner is frame and start <= site.start < end:
                behind[site.start] = site.end
                if site.checkable and site.place == "text":
                    site.place = "arithmetic"
        position = start
        while found := _OPERAND.search(self.source, position, end):
            at = found.start()
            position = behind.get(at) or self.extents.get(at) or found.end()
            if found[0][0] not in "$`" and not found[0][0].isdigit():
                self._arithmetic_name(frame, at, found.end())

    # ---- arithmetic

    def _arithmetic(self, frame: Frame) -> None:
        source, position = self.source, self.position
        plain = _IN_ARITHMETIC.match(source, position, self.limit)
        if plain is not None:
            self.position = plain.end()
            return
        character = source[position]
        if character == "$":
            self._dollar(frame)
        elif character == "`":
            self._backtick(frame)
        elif character == "\\":
            self.position += 2
        elif name := _NAME.match(source, position, self.limit):
            self.position = name.end()
            if frame.place == "arithmetic":
                self._arithmetic_name(frame, position, name.end())
            if name[0] in self.associative and source.startswith("[", name.end()):
                self._push("arithmetic", name.end(), "]", place="text")
                self.position += 1
        elif number := _NUMBER.match(source, position, self.limit):
            self.position = number.end()
        elif character == "'":
            self._arithmetic_quote(frame)
        else:
            self._bracket(frame, character)

    def _arithmetic_quote(self, frame: Frame) -> None:
        if frame.close == "]" and frame.quoting == "bare":
            self._single(frame, self.position)
        else:
            self.position += 1

    def _arithmetic_name(self, frame: Frame, start: int, end: int) -> None:
        sets = _SETS.match(self.source, end)
        name = self.source[start:end]
        before = self.source[max(0, start - 2) : start]
        if sets is None or not sets[1]:
            site = self._add(start, end, frame, True)
            span = self.locate(start, end)
            site.place = "arithmetic"
            site.expression = Reference(text=name, name=name, span=span)
        if sets is not None or before in ("++", "--"):
            self.assigned.setdefault(name, end)

    def _bracket(self, frame: Frame, character: str) -> None:
        self.position += 1
        if character in "([":
            frame.brackets.append(character)
        elif character in ")]" and frame.brackets:
            frame.brackets.pop()
        elif character == ")" and frame.close == "))":
            if self.source.startswith(")", self.position):
                self.position += 1
                self._pop()
            else:
                self._not_arithmetic(frame)
        elif character == frame.close:
            self._pop()
            if frame.prefix == "=" and not _ends_element(self.source, self.position):
                self._forget_names(frame)
        elif character == "\n" and frame.close == "]" and frame.prefix == "=":
            self.position -= 1
            self.frames.pop()
            self._forget_names(frame)

    def _forget_names(self, frame: Frame) -> None:
        """It was a pattern (`file[ab]`), no subscript."""
        kept = []
        for site in self.sites[frame.sites :]:
            if self.source[site.start] == "$" or site.through:
                site.place = "text" if site.place == "arithmetic" else site.place
                kept.append(site)
        self.sites[frame.sites :] = kept

    def _not_arithmetic(self, frame: Frame) -> None:
        """`((` was two subshells, as in `((a); b)`: it is read once more."""
        if len(self.subshells) >= _MAX_REREADINGS:
            self._pop()
            return
        self.subshells.add(frame.start)
        del self.sites[frame.sites :]
        self.frames.pop()
        self.position = frame.start

    # ---- here-documents

    def _next_body(self, frame: Frame) -> bool:
        """Begins the next here-document of `frame`, at the start of its body."""
        if not frame.heres:
            frame.bodies = False
            return False
        pending = frame.heres.pop(0)
        start = self.position
        body_end, line_end, line_start = self._body(pending, start)
        resume = min(line_end + 1, self.limit)
        here = HereDocument(
            word=pending.word,
            body=(start, body_end),
            end=(line_start, line_end),
            delimiter=pending.delimiter,
        )
        if pending.quoted:
            self._quoted_body(pending, here)
            self.position = resume
            return True
        inner = self._push("here", start, quoting="here")
        inner.outer_limit, inner.resume = self.limit, resume
        inner.pending = pending
        self.limit = body_end
        return True

    def _body(self, pending: PendingHere, start: int) -> tuple[int, int, int]:
        """Where the body ends, and end and start of the delimiter in the closing line."""
        key = (pending.delimiter, pending.strip)
        if self.missing.get(key, self.limit + 1) <= start:
            return self.limit, self.limit, self.limit
        tabs = r"\t*" if pending.strip else ""
        line = re.compile(rf"^{tabs}({re.escape(pending.delimiter)})$", re.MULTILINE)
        found = line.search(self.source, start, self.limit)
        if found is None:
            self.missing[key] = start
            return self.limit, self.limit, self.limit
        return found.start(), found.end(), found.start(1)

    def _quoted_body(self, pending: PendingHere, here: HereDocument) -> None:
        frame = Frame("here", here.body[0], quoting="quoted_here")
        frame.owner = frame
        first = len(self.sites)
        position, end = here.body
        while found := _IN_QUOTED_HERE.search(self.source, position, end):
            position = self._quoted(frame, found, "quoted_here", end, here)
        self._read_body(pending, here.body, "quoted_here", frame, first)

    def _here(self, frame: Frame) -> None:
        plain = _IN_HERE.match(self.source, self.position, self.limit)
        if plain is not None:
            self.position = plain.end()
            return
        match self.source[self.position]:
            case "\\":
                self.position += 2
            case "`":
                self._backtick(frame)
            case _:
                self._dollar(frame)

    def _leave_here(self) -> bool:
        """At the limit: leaves the innermost here-document, if there is one."""
        found = next(
            (k for k in range(len(self.frames) - 1, -1, -1) if self._is_here(k)), None
        )
        if found is None:
            return False
        frame = self.frames[found]
        for each in self.frames[found + 1 :]:
            if each.site is not None:
                self._unclosed(each.site.start)
                self.sites.remove(each.site)
        del self.frames[found:]
        body = (frame.start, self.limit)
        self.limit, self.position = frame.outer_limit, frame.resume
        if frame.pending is not None:
            self._read_body(frame.pending, body, "here", frame, frame.first_site)
        return True

    def _is_here(self, index: int) -> bool:
        return self.frames[index].kind == "here"

    def _read_body(
        self,
        pending: PendingHere,
        body: tuple[int, int],
        layer: Layer,
        owner: Frame,
        first: int,
    ) -> None:
        """A body that is the program of a shell or an interpreter."""
        if pending.reader == "shell":
            self._shell_program([body], layer, owner, first, pending.program)
        elif pending.reader == "foreign":
            for site in self.sites[first:]:
                if site.owner is owner and site.place == "text":
                    site.place, site.program = "foreign", pending.program


def _ends_element(source: str, position: int) -> bool:
    return source.startswith(("=", "+="), position)


def _reads_as_variable(site: Site) -> bool:
    """Whether `"${X}"` can stand for this `${X}` in the quotes of an inner shell."""
    expression = site.expression
    return (
        isinstance(expression, Reference)
        and site.quoting == "single"
        and expression.text == f"${{{expression.name}}}"
        and "-" not in expression.name
    )


def _own_of_inner(site: Site, scan: Scan, inner: Embedded) -> bool:
    """Whether the inner shell alone reads this, and its program sets the name itself."""
    if len(site.through) != 1 or not site.plain:
        return False
    expression = site.expression
    name = expression.name if isinstance(expression, Reference) else ""
    place = scan.assigned.get(name)
    if place is None or place > site.start:
        return False
    start, end = inner.outer(site.start, site.start + 1)
    return inner.layers[site.start] in ("single", "quoted_here") or end - start > 1


def bare_word(raw: str) -> str:
    """A word without its quotes."""
    if not any(each in raw for each in "'\"\\"):
        return raw
    return re.sub(
        r"'([^']*)'|\"((?:[^\"\\]|\\[\s\S])*)\"|\\([\s\S])",
        lambda found: found[1] or found[2] or found[3] or "",
        raw,
    )


def _associative(source: str) -> frozenset[str]:
    """Names that the text declares with -A: their subscripts are texts."""
    if "A" not in source or "-" not in source:
        return frozenset()
    names: set[str] = set()
    for found in _DECLARED.finditer(source):
        words = found[1].split()
        if any(word[0] == "-" and "A" in word for word in words):
            names.update(
                each.group()
                for word in words
                if word[0] != "-" and (each := _NAME.match(word))
            )
    return frozenset(names)
