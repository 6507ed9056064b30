"""The site of the civil affairs bureau of Xicheng, a city in another province."""
