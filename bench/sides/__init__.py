"""The providers that `bench.oidc` measures side by side, and the browser that drives them alike."""
