"""The kernel: settings, storage, keys, the ledger, the one gate, the web.

Something enters only if two rooms use it and it names no room's noun.
"""
