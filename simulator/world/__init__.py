"""The nouns: frozen values, no physics."""
