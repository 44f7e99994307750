"""What is kept after a run."""
