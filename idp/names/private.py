"""Private codes: what old systems put where Unicode has no character, and which character each of them was."""

import unicodedata

# GB 18030-2005 put these fourteen at private codes; the 2022 edition gave them their own (FE51 … FEA0).
PRIVATE_2022 = {
    0xE816: 0x20087, 0xE817: 0x20089, 0xE818: 0x200CC, 0xE81E: 0x9FB4, 0xE826: 0x9FB5, 0xE82B: 0x9FB6, 0xE82C: 0x9FB7,
    0xE831: 0x215D7, 0xE832: 0x9FB8, 0xE83B: 0x2298F, 0xE843: 0x9FB9, 0xE854: 0x9FBA, 0xE855: 0x241FE, 0xE864: 0x9FBB,
}  # fmt: skip


def _private() -> dict[int, str]:
    """What each private code of GBK's last row stands for: the row runs without a gap from U+E815 to U+E864.

    The best known of them is U+E863, an old code of U+4DAE: people were turned away at counters because of it.
    """
    row = [byte for byte in range(0x50, 0xA1) if byte != 0x7F]
    now = {0xE815 + at: bytes((0xFE, byte)).decode("gb18030") for at, byte in enumerate(row)}
    now |= {old: chr(new) for old, new in PRIVATE_2022.items()}
    return {old: sign for old, sign in now.items() if not is_private(sign)}


def is_private(sign: str) -> bool:
    """Whether a sign means something only to the system that made it up."""
    return unicodedata.category(sign) == "Co"


PRIVATE = _private()
