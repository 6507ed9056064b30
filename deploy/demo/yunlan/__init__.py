"""The data office of Yunlan province: it issues nothing, it asks others with the visitor's permission."""
