"""How the X-ray system answers."""
