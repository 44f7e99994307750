"""Time: the one step, operators, running and recording."""
