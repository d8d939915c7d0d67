"""Tests of the embedded stack: real children, killed for real."""
