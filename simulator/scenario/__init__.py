"""Authored files: their schema and their reading."""
