"""The sample incident: an invented attack, from a mail's link to data taken from a cloud, with its truth."""

from ircopilot.sample.incident import build_sample, write_sample
from ircopilot.sample.truth import truth

__all__ = ["build_sample", "truth", "write_sample"]
