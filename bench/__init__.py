"""What it costs, each beside the naive way or a peer in the same run. Ratios of CPU time are what counts; the machine may be busy."""
