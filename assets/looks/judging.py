"""The bounds by which a picture's looks are judged; nothing here needs the picture itself."""

from typing import Final

ALIKE: Final = 10
"""Two pictures whose distance is at most this look alike.

Measured on the samples: at quality 30, scaled to 320 pixels or by 1.5, 15 % darker, or in grey they are at most 6
apart. Cropped by 2 % on each side they are 8 apart. Two pictures of one title are 14 or more apart.
"""
BLURRED: Final = 0.12
"""A sharpness below this counts as blur.

One of the 83 samples is that soft by nature. With a Gaussian blur of 0.4 % of their width all are; enlarged from
160 pixels, nineteen in twenty are.
"""


def distance(one: str, other: str) -> int:
    return (int(one, 16) ^ int(other, 16)).bit_count()
