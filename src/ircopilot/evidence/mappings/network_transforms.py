"""Transforms for network, cloud and Linux records; merged into `transforms.TRANSFORMS`. `m` is the record's map."""

from __future__ import annotations

# A list that the layout left as JSON text; plain text passes through.
_ITEMS = "JSONExtract({v}, 'Array(String)')"
_IS_LIST = "startsWith({v}, '[')"
_PORT = "if(m['id.resp_p'] IN ('', '80', '0'), '', concat(':', m['id.resp_p']))"
_HOST = "if(m['host'] != '', m['host'], if(position(m['id.resp_h'], ':') > 0, concat('[', m['id.resp_h'], ']'), m['id.resp_h']))"

NETWORK: dict[str, str] = {
    "list": f"if({_IS_LIST}, arrayStringConcat({_ITEMS}, ','), {{v}})",
    "list_first": f"if({_IS_LIST}, {_ITEMS}[1], {{v}})",
    "before_slash": "splitByChar('/', {v})[1]",
    "after_slash": "if(position({v}, '/') > 0, substring({v}, position({v}, '/') + 1), '')",
    "last_slash": "splitByChar('/', {v})[-1]",
    "no_error": "if({v} = 'NOERROR', '', {v})",
    "angle": "replaceRegexpOne({v}, '^.*<([^<>]*)>.*$', '\\\\1')",
    "outcome": "transform(lower({v}), ['t', 'true', 'yes', 'success', '1', 'f', 'false', 'no', 'failed', 'failure', '0'], "
    "['success', 'success', 'success', 'success', 'success', 'failure', 'failure', 'failure', 'failure', 'failure', 'failure'], '')",
    # The Host header without its port (Zeek drops it), the port of the connection, and the request's own text.
    "zeek_url": f"if({{v}} = '' OR {{v}} ILIKE 'http%://%', {{v}}, concat('http://', if(position({_HOST}, ':') > 0 AND "
    f"NOT startsWith({_HOST}, '['), {_HOST}, concat({_HOST}, {_PORT})), {{v}}))",
    "zeek_smb_path": "if({v} = '' OR m['name'] = '', concat({v}, m['name']), concat({v}, '\\\\', m['name']))",
    "web_url": "if(m['method'] = '', '', {v})",
    "spaces": "replaceRegexpAll({v}, '\\\\s+', ' ')",
    # `DOMAIN\\user`, `user@domain` and `uid=0` forms stay; what auditd writes for "never set" is no id
    "audit_id": "if({v} IN ('4294967295', '-1', 'unset'), '', {v})",
    "after_colon": "splitByChar(':', {v})[-1]",
    "only_ip": "if(isIPv4String({v}) OR isIPv6String({v}), {v}, '')",
    "w3c_url": "if({v} = '' OR m['cs-uri-query'] = '', {v}, concat({v}, '?', m['cs-uri-query']))",
    "plus_blanks": "replaceAll({v}, '+', ' ')",
    # `192.0.2.7:5123` and `[2001:db8::7]:5123` are addresses with a port.
    "address": "replaceRegexpOne({v}, '^\\[?([0-9.]+|[0-9a-fA-F:.]*:[0-9a-fA-F:.]*:[0-9a-fA-F.]*)\\]?(?::[0-9]+)?$', '\\1')",
    "only_url": "if(match({v}, '^https?://'), {v}, '')",
    # An address as CloudTrail has it; dotted numbers that anonymising made no address are still where the calls came from.
    "call_source": "if(isIPv4String({v}) OR isIPv6String({v}) OR match({v}, '^[0-9]{{1,3}}([.][0-9]{{1,3}}){{3}}$'), {v}, '')",
    "bucket_key": "if({v} = '' OR m['requestParameters.key'] = '', {v}, concat({v}, '/', m['requestParameters.key']))",
    "instances": "if(startsWith({v}, '['), arrayStringConcat(extractAll({v}, '\"(?:instanceId|imageId)\":\\s?\"([^\"]+)\"'), ','), {v})",
    "plain_list": f"if({_IS_LIST}, arrayStringConcat(arraySlice({_ITEMS}, 1, 5), ','), {{v}})",
    "first_arn": 'extract({v}, \'"(?:ARN|arn)":\\s?"([^"]+)"\')',
}
