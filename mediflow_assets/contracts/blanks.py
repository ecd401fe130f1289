"""What is blank: every character of Unicode that shows nothing. At the ends of a cell or a header it says nothing.

White space (property White_Space), format characters (category Cf: zero-width marks, directions, byte order marks,
soft hyphens, tags) and the fillers that are drawn as nothing. A closed list, so that no engine and no version of
Unicode reads a cell otherwise.
"""

ASCII_BLANKS = "\t\n\x0b\x0c\r\x1c\x1d\x1e\x1f "

_BEYOND_ASCII = (
    (0x85, 0x85), (0xA0, 0xA0), (0xAD, 0xAD), (0x34F, 0x34F), (0x600, 0x605), (0x61C, 0x61C), (0x6DD, 0x6DD),
    (0x70F, 0x70F), (0x890, 0x891), (0x8E2, 0x8E2), (0x115F, 0x1160), (0x1680, 0x1680), (0x180E, 0x180E),
    (0x2000, 0x200F), (0x2028, 0x202F), (0x205F, 0x206F), (0x2800, 0x2800), (0x3000, 0x3000),
    (0x3164, 0x3164), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF9, 0xFFFB), (0x110BD, 0x110BD),
    (0x110CD, 0x110CD), (0x13430, 0x1343F), (0x1BCA0, 0x1BCA3), (0x1D173, 0x1D17A), (0xE0001, 0xE0001),
    (0xE0020, 0xE007F),
)  # fmt: skip
BLANKS = ASCII_BLANKS + "".join(chr(code) for first, last in _BEYOND_ASCII for code in range(first, last + 1))
"""To be stripped from both ends of every text that is delivered."""
