"""Texts that a format may take for something else."""

from hypothesis import strategies as st

NASTY = [
    " |I other",
    "a b:3 |",
    "x\n0:-1:1 |A y",
    "tab\tand\r\nmore",
    "'quoted' \"twice\"",
    "🎬🍿",
    "\ud800",
    "\udfff tail",
    "\x00",
    "50%",
    "a=b~other",
    "country=DE",
    "~other",
    "007",
    "",
    " ",
    "İstanbul ß ﬁ",
    "x" * 5000,
]

texts = st.text(st.characters(exclude_categories=[]), max_size=20) | st.sampled_from(NASTY) | st.from_regex(r"\d+")
