"""The words in a snapshot, stored beside the weights so that reading them does not need Vowpal Wabbit."""

from collections.abc import Iterable

from bandit.sealing import seal, unseal, unusable
from bandit.vocabulary import Vocabulary
from bandit.vowpal.bins import Bins


def forgotten(snapshot: bytes, profiles: Iterable[int]) -> bytes:
    """Return the snapshot without the words that only these profiles have used."""
    head, body = unseal(snapshot)
    try:
        vocabulary = Vocabulary.restore(head["vocabulary"], Bins)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise unusable(snapshot, error) from error
    for profile in profiles:
        vocabulary.forget(profile)
    return seal({**head, "vocabulary": vocabulary.state()}, body)
