"""Numbers as people wrote them. Pure."""


def plain(number: float) -> str:
    """Return a number with every digit that somebody wrote: a limit, an interval or a meter's reading, 1234567.8.

    >>> plain(80.0), plain(1234567.8), plain(-0.05)
    ('80', '1234567.8', '-0.05')
    """
    return f"{number:.12g}"
