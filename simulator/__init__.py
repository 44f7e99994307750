"""Kyphosim: an open simulator of percutaneous vertebral augmentation."""
