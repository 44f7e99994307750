"""Compiled loops: arrays and floats in, arrays and floats out."""
