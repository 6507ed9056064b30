"""The nouns of identity: frozen values and their rules. No storage, no clock."""
