"""What it costs, each beside the naive way or a peer in the same run. Ratios of CPU time count; the machine may be busy."""
