"""How tissue and tools answer, one phenomenon a module."""
