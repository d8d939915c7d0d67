"""Sigma YAML to compiled rules, through pySigma; what cannot be used is returned with its reason."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml
from sigma.conditions import (
    ConditionAND,
    ConditionFieldEqualsValueExpression,
    ConditionItem,
    ConditionNOT,
    ConditionOR,
    ConditionValueExpression,
)
from sigma.exceptions import SigmaError
from sigma.rule import SigmaRule
from sigma.types import SigmaExpansion, SigmaType

from ircopilot.analysis.attack import current_id
from ircopilot.analysis.attack.techniques import is_technique_id
from ircopilot.analysis.sigma.atoms import UnsupportedValue, atom_of
from ircopilot.analysis.sigma.codes import required_codes
from ircopilot.analysis.sigma.rules import KEYWORDS, Atom, CompiledRule, Condition, Logsource, UnusableRule
from ircopilot.domain.findings import Level
from ircopilot.domain.ids import stable_uuid

LEVELS: dict[str, Level] = {
    "informational": "informational",
    "low": "low",
    "medium": "medium",
    "high": "high",
    "critical": "critical",
}
MAX_RULE_BYTES = 1 << 20
MAX_DEPTH = 60


def compile_file(path: Path, name: str) -> list[CompiledRule | UnusableRule]:
    """Every document of one YAML file; `name` is how messages call the file."""
    if path.stat().st_size > MAX_RULE_BYTES:
        return [UnusableRule(name, "", "too large", f"the file is larger than {MAX_RULE_BYTES} bytes")]
    try:
        documents = list(yaml.load_all(path.read_bytes(), yaml.CSafeLoader))
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        return [UnusableRule(name, "", "not YAML", " ".join(str(error).split())[:300])]
    return [_compile_document(d, name) for d in documents if d is not None]


def _compile_document(document: Any, name: str) -> CompiledRule | UnusableRule:
    title = str(document.get("title", ""))[:200] if isinstance(document, dict) else ""
    if not isinstance(document, dict) or not ({"detection", "correlation", "filter", "action"} & document.keys()):
        return UnusableRule(name, title, "not a rule", "the document has no detection")
    for key, kind in (("correlation", "correlation rule"), ("filter", "filter rule"), ("action", "rule collection")):
        if key in document:
            return UnusableRule(name, title, kind, f"documents with `{key}` are not evaluated by this engine")
    try:
        return compile_rule(document, name)
    except UnsupportedValue as error:
        return UnusableRule(name, title, error.kind, str(error))
    except SigmaError as error:
        kind = type(error).__name__.removeprefix("Sigma").removesuffix("Error").lower() or "invalid"
        kind = "regex not linear-time (RE2)" if "regular" in kind else f"invalid {kind}"
        return UnusableRule(name, title, kind, str(error)[:300])
    except (ValueError, TypeError, AttributeError, KeyError, RecursionError, NotImplementedError) as error:
        # pySigma lets these through for malformed documents; the rule is named and left out.
        return UnusableRule(name, title, "invalid", f"{type(error).__name__}: {error}"[:300])


def compile_rule(document: dict[str, Any], name: str) -> CompiledRule:
    """One rule. Raises `UnsupportedValue` or pySigma's errors."""
    rule = SigmaRule.from_dict(document)
    builder = _Builder()
    parts = [builder.condition(c.parsed) for c in rule.detection.parsed_condition]
    if not parts:
        raise UnsupportedValue("invalid condition", "the rule has no condition")
    condition: Condition = parts[0] if len(parts) == 1 else ["or", *parts]
    source = Logsource(*((part or "").lower() for part in (
        rule.logsource.product, rule.logsource.category, rule.logsource.service)))  # fmt: skip
    atoms = tuple(builder.atoms)
    return CompiledRule(
        rule_id=str(rule.id) if rule.id else stable_uuid("sigma", name, rule.title),
        title=rule.title,
        level=LEVELS.get(str(document.get("level", "")).lower(), "medium"),
        techniques=_techniques(rule),
        description=" ".join((rule.description or "").split()),
        logsource=source,
        condition=condition,
        codes=required_codes(condition, atoms),
        path=name,
        atoms=atoms,
    )


def _techniques(rule: SigmaRule) -> tuple[str, ...]:
    tagged = (t.name for t in rule.tags if t.namespace == "attack" and is_technique_id(t.name))
    return tuple(dict.fromkeys(current_id(t) for t in tagged))


class _Builder:
    """Collects the distinct atoms of one rule while its condition tree is walked."""

    def __init__(self) -> None:
        self.atoms: dict[Atom, int] = {}

    def condition(self, node: Any, depth: int = 0) -> Condition:
        if depth > MAX_DEPTH:
            raise UnsupportedValue("invalid condition", f"nested deeper than {MAX_DEPTH}")
        if isinstance(node, ConditionFieldEqualsValueExpression):
            return self._comparison(node.field, node.value)
        if isinstance(node, ConditionValueExpression):
            return self._index(_keyword(atom_of(KEYWORDS, node.value)))
        if isinstance(node, ConditionNOT):
            return ["not", self.condition(node.args[0], depth + 1)]
        if isinstance(node, ConditionItem) and isinstance(node, ConditionAND | ConditionOR):
            parts = [self.condition(a, depth + 1) for a in node.args]
            return parts[0] if len(parts) == 1 else ["and" if isinstance(node, ConditionAND) else "or", *parts]
        raise UnsupportedValue("invalid condition", f"{type(node).__name__} in a condition")

    def _comparison(self, field: str, value: SigmaType) -> Condition:
        """One comparison; the values that a modifier (windash, base64offset) made of one are alternatives."""
        if isinstance(value, SigmaExpansion):
            return ["or", *(self._comparison(field, v) for v in value.values)]
        return self._index(atom_of(field, value))

    def _index(self, atom: Atom) -> int:
        return self.atoms.setdefault(atom, len(self.atoms))


def _keyword(atom: Atom) -> Atom:
    """A keyword is looked for anywhere in the record, so a literal becomes a substring."""
    if atom.op in ("eq", "starts", "ends", "number"):
        return Atom(KEYWORDS, "contains", atom.args, atom.cased)
    if atom.op == "glob":
        return Atom(KEYWORDS, "glob", ("\0*", *atom.args, "\0*"), atom.cased)
    return atom


def rule_files(root: Path) -> list[Path]:
    """The rule files of a folder, or the file itself, in a fixed order; links leading elsewhere are not followed."""
    if root.is_file():
        return [root]
    wanted = re.compile(r"\.ya?ml$", re.IGNORECASE)
    found = (p for p in root.rglob("*") if wanted.search(p.name) and p.is_file() and not p.is_symlink())
    hidden = (p for p in found if not any(part.startswith(".") for part in p.relative_to(root).parts))
    return sorted(hidden, key=lambda p: p.relative_to(root).as_posix())
