"""Conclusions from the comparison of a candidate with the incumbent, in a sentence."""

from bandit.paired_difference import ENOUGH, PairedDifference

PER = 1000


def conclusion(paired: PairedDifference) -> str:
    interval, mean = paired.interval(), paired.mean
    if interval is None or mean is None:
        return (
            f"Nothing can be concluded yet: a conclusion needs decisions of {ENOUGH} viewers, and decisions of "
            f"{paired.buckets} were compared."
        )
    ends = f"by {interval.low * PER:+.2f} to {interval.high * PER:+.2f} in 1,000 decisions"
    if interval.low > 0:
        return f"The candidate earns more reward than the incumbent, {ends}."
    if interval.high < 0:
        return f"The candidate earns less reward than the incumbent, {ends}."
    return f"It is not known yet which one earns more reward: the candidate differs {ends}."
