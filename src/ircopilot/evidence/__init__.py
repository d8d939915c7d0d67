"""Bytes become artifacts, artifacts records, records events: the collector, decoders, mappings, clocks and loading."""
