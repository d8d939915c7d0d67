"""Named transforms of a field's text, as SQL templates over `{v}` (a String expression).

`compile.py` applies them left to right. `extract:REGEX` takes the first group (or the whole match) of a
RE2 regex, `line_after:TEXT` the rest of the line behind a text, `escaped_line_after:TEXT` the same in JSON text.
"""

from __future__ import annotations

from ircopilot.evidence.mappings.network_transforms import NETWORK


def quote(text: str) -> str:
    """A ClickHouse string literal."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


_NO_DASH = "if({v} IN ('-', '(null)', 'N/A'), '', {v})"
_SLASHED = "splitByChar('\\\\', replaceAll({v}, '/', '\\\\'))[-1]"
_HEX = "reinterpretAsUInt64(reverse(unhex(substring({v}, 3))))"

TRANSFORMS: dict[str, str] = {
    "lower": "lower({v})",
    "upper": "upper({v})",
    "trim": "trimBoth({v})",
    "dash": _NO_DASH,  # "-" stands for "none" in Windows, Zeek and web logs
    "guid": "lower(replaceAll(replaceAll({v}, '{{', ''), '}}', ''))",
    "number": f"if(startsWith(lower({{v}}), '0x'), toString({_HEX}), {{v}})",  # 0x1f4 and 500 are one process
    "hex": "if(startsWith({v}, '0x') OR {v} = '', lower({v}), concat('0x', lower(hex(toUInt64OrZero({v})))))",
    "basename": _SLASHED,
    "after_backslash": "splitByChar('\\\\', {v})[-1]",
    "before_backslash": "if(position({v}, '\\\\') > 0, splitByChar('\\\\', {v})[1], '')",
    "user_of": "if(position({v}, '\\\\') > 0, splitByChar('\\\\', {v})[-1], splitByChar('@', {v})[1])",
    "domain_of": "if(position({v}, '\\\\') > 0, splitByChar('\\\\', {v})[1], if(position({v}, '@') > 0, "
    "splitByChar('@', {v})[2], ''))",
    "ip": "if({v} IN ('-', 'LOCAL'), '', replaceRegexpOne(splitByChar('%', {v})[1], '^(?i)::ffff:(\\\\d)', '\\\\1'))",
    "first_line": "splitByChar('\\n', replaceAll({v}, '\\r', ''))[1]",
    "host": "splitByChar(',', {v})[1]",
    "unc": "if(startsWith({v}, '\\\\??\\\\'), substring({v}, 5), {v})",
    "md5": "lower(extract({v}, '(?i)(?:^|,)MD5=([0-9a-f]{{32}})'))",
    "sha1": "lower(extract({v}, '(?i)(?:^|,)SHA1=([0-9a-f]{{40}})'))",
    "sha256": "lower(extract({v}, '(?i)(?:^|,)SHA256=([0-9a-f]{{64}})'))",
    # IANA protocol numbers, and names in any case
    "transport": "transform(lower({v}), ['6', '17', '1', '58'], ['tcp', 'udp', 'icmp', 'ipv6-icmp'], lower({v}))",
    "direction": "transform({v}, ['%%14592', '%%14593', 'Inbound', 'Outbound', 'true', 'false'], "
    "['inbound', 'outbound', 'inbound', 'outbound', 'outbound', 'inbound'], lower({v}))",
    # the text of XML elements, parted by blanks
    "untagged": "trimBoth(replaceRegexpAll(decodeXMLComponent(replaceRegexpAll({v}, '<[^<>]*>', ' ')), '\\\\s+', ' '))",
    "milliseconds": "toString(toFloat64OrZero({v}) / 1000)",
    **NETWORK,
}


_LONGEST_LINE = 8192


def _line_after(value: str, label: str, escaped: bool) -> str:
    """The rest of the line behind `label`; a search for plain text, much faster than a regex over long messages.

    `escaped`: the value is JSON text (a list, as EVTX gives unnamed data), in which lines end with an escape.
    """
    at = f"position({value}, {quote(label)})"
    rest = f"substring({value}, {at} + {len(label.encode())}, {_LONGEST_LINE})"
    line = f"splitByChar('\\n', replaceAll({rest}, '\\r', ''))[1]"
    if escaped:
        line = f"replaceAll(splitByString('\\\\r\\\\n', {rest})[1], '\\\\\\\\', '\\\\')"
    return f"if({at} > 0, trimBoth({line}), '')"


def apply(names: tuple[str, ...], value: str) -> str:
    """The SQL of `value` sent through the transforms `names`. Raises KeyError on an unknown name."""
    for name in names:
        if name.startswith("line_after:"):
            value = _line_after(value, name.removeprefix("line_after:"), escaped=False)
        elif name.startswith("escaped_line_after:"):
            value = _line_after(value, name.removeprefix("escaped_line_after:"), escaped=True)
        elif name.startswith("extract:"):
            value = f"extract({value}, {quote(name.removeprefix('extract:'))})"
        else:
            value = TRANSFORMS[name].format(v=value)
    return value
