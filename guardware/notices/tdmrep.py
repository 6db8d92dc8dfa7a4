"""TDMRep's /.well-known/tdmrep.json (W3C Community Group Final Report of 10 May 2024)."""

import json

from guardware.config.schema import Notices

PATH = "/.well-known/tdmrep.json"


def tdmrep_json(config: Notices) -> bytes:
    """All rights to mine this site are reserved: an array, because a bare object is not read."""
    rule: dict[str, str | int] = {"location": "/", "tdm-reservation": 1}
    if config.tdm_policy is not None:
        rule["tdm-policy"] = str(config.tdm_policy)
    return json.dumps([rule]).encode() + b"\n"


def accepts_own(own: bytes) -> bool:
    """Whether the app's own file states anything a TDMRep reader understands."""
    try:
        rules = json.loads(own)
    except (ValueError, RecursionError):
        return False
    return isinstance(rules, list) and any(isinstance(r, dict) and "tdm-reservation" in r for r in rules)
