"""The public face: what outsiders may import. `yinxin.verify` checks a license from a trust folder alone."""
