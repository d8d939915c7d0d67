"""Sigma rules: compiled once, evaluated on the distinct values of each field instead of on every event."""

from ircopilot.analysis.sigma.cache import load_rules
from ircopilot.analysis.sigma.fetch import RunQuery
from ircopilot.analysis.sigma.match import RuleMatches, match_rules
from ircopilot.analysis.sigma.rules import CompiledRule, RuleSet, UnusableRule

__all__ = ["CompiledRule", "RuleMatches", "RuleSet", "RunQuery", "UnusableRule", "load_rules", "match_rules"]
