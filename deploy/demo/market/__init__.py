"""The site of the market regulator of Qiyun, a city in one province."""
