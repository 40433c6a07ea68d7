"""A withdrawn consent stays withdrawn in every artwork of the title that is made from the same file."""

from collections.abc import Iterable
from dataclasses import replace

from assets.artwork import Artwork
from assets.catalogue import Title
from assets.provenance import Provenance


def is_withdrawn(artwork: Artwork) -> bool:
    consent = artwork.provenance.consent
    return consent is not None and consent.withdrawn


def still_withdrawn(provenance: Provenance, known: Provenance) -> Provenance:
    consent = provenance.consent or known.consent
    if consent is None or known.consent is None or not known.consent.withdrawn:
        return provenance
    return replace(provenance, consent=replace(consent, withdrawn=True))


def heeding(artworks: Iterable[Artwork], withdrawn: Iterable[Artwork]) -> list[Artwork]:
    """The artworks; those that share a file with one whose consent is withdrawn have it withdrawn as well."""
    by_source = {each.source: each.provenance for each in withdrawn if is_withdrawn(each)}
    return [
        replace(each, provenance=still_withdrawn(each.provenance, by_source.get(each.source, each.provenance)))
        for each in artworks
    ]


def passed_on(title: Title, artwork: Artwork) -> Title:
    """The title with an artwork changed; if that withdraws or gives consent, it does so for all of its file."""
    before = title.artwork(artwork.id)
    artworks = [artwork if each.id == artwork.id else each for each in title.artworks]
    if is_withdrawn(artwork):
        artworks = heeding(artworks, [artwork])
    elif before and is_withdrawn(before):
        artworks = [_given_again(each) if each.source == before.source else each for each in artworks]
    return replace(title, artworks=tuple(artworks))


def _given_again(artwork: Artwork) -> Artwork:
    """The artwork with its consent; its original went when the consent did."""
    consent = artwork.provenance.consent
    given = replace(consent, withdrawn=False) if consent else None
    provenance = replace(artwork.provenance, consent=given)
    return replace(artwork, provenance=provenance, original="", treatment=None)
