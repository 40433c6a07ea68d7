"""The catalogue and its pictures: whether what is named is there, and may be shown."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.operations.doctor.finding import Finding, counted, listed, note, ok, span, wrong
from assets.catalogue import Title
from assets.checks import CatalogueError
from assets.provenance import Made
from assets.revisions import Catalogue, Revisions

SOON_SECONDS = 30 * 86_400
MOST_LOOKED_AT = 20_000
"""Pictures whose size is asked for; whether they are there is looked up for all."""


@dataclass(frozen=True, slots=True)
class Stock:
    """What of the current catalogue could be read; `faults` says why the rest could not."""

    titles: tuple[Title, ...] = ()
    barred: tuple[Made, ...] = ()
    faults: tuple[str, ...] = ()


def read(revisions: Revisions, name: str) -> Stock:
    try:
        catalogue = revisions.catalogue(name)
    except (LookupError, CatalogueError, ValueError, OSError) as error:
        return Stock(faults=(str(error),))
    return _read_titles(revisions, catalogue)


def _read_titles(revisions: Revisions, catalogue: Catalogue) -> Stock:
    titles: list[Title] = []
    faults: list[str] = []
    for id_, revision in sorted(catalogue.titles.items()):
        try:
            titles.append(revisions.title(revision))
        except (LookupError, CatalogueError, ValueError, OSError) as error:
            faults.append(f"{id_}: {error}")
    return Stock(tuple(titles), catalogue.barred, tuple(faults))


def findings(stock: Stock, images: Path, now: float) -> Iterator[Finding]:
    """Look at what the current catalogue names, at that Unix time."""
    yield whole(stock)
    yield from choices(stock, now)
    yield from showable(stock, now)
    yield from consents(stock, now)
    yield from files(stock, images)


def none() -> Finding:
    return note(
        "catalogue", "There is no catalogue yet.", "Run `keyart import FOLDER`, or `keyart serve` for the samples."
    )


def whole(stock: Stock) -> Finding:
    if stock.faults:
        return wrong(
            "catalogue",
            f"{counted(len(stock.faults), 'document')} of the catalogue can't be read, the first for this reason: "
            f"{stock.faults[0].rstrip('.')}.",
            "Import the folder of originals again, or bring the catalogue folder back from a backup.",
        )
    count = sum(len(title.artworks) for title in stock.titles)
    titles, artworks = counted(len(stock.titles), "title"), counted(count, "artwork")
    return ok("catalogue", f"{titles} with {artworks} can be read.")


def choices(stock: Stock, now: float) -> Iterator[Finding]:
    """Find titles that leave nothing to choose."""
    without = [title.id for title in stock.titles if not title.artworks]
    single = [title.id for title in stock.titles if _shown(title, stock, now) == 1]
    if without:
        yield note(
            "titles", f"Without any artwork: {listed(without)}.", "Send them pictures; until then they answer 404."
        )
    if single:
        yield note(
            "titles",
            f"With one artwork to show only, so that there is nothing to choose: {listed(single)}.",
            "Give them a second picture.",
        )


def _shown(title: Title, stock: Stock, now: float) -> int:
    allowed = [artwork for artwork in title.artworks if artwork.allowed(now=now, barred=stock.barred)]
    return sum(artwork.status == "active" for artwork in allowed)


def showable(stock: Stock, now: float) -> Iterator[Finding]:
    """Find titles of which nobody may see any picture."""
    found = [
        title.id
        for title in stock.titles
        if title.artworks and not any(each.allowed(now=now, barred=stock.barred) for each in title.artworks)
    ]
    if found:
        yield wrong(
            "titles",
            f"No picture may be shown of {listed(found)}: withdrawn, barred, or without consent.",
            "Add a picture that may be shown, or renew the consent.",
        )


def consents(stock: Stock, now: float) -> Iterator[Finding]:
    ends: list[tuple[float, str]] = []
    for title in stock.titles:
        for artwork in title.artworks:
            consent = artwork.provenance.consent
            if artwork.status != "withdrawn" and consent and not consent.withdrawn and consent.until is not None:
                ends.append((consent.until, f"{title.id}/{artwork.id}"))
    over = [name for until, name in sorted(ends) if until <= now]
    soon = [f"{name} in {span(until - now)}" for until, name in sorted(ends) if now < until <= now + SOON_SECONDS]
    if over:
        yield note(
            "consent", f"It has ended, and these are not shown: {listed(over)}.", "Renew it, or withdraw them."
        )
    if soon:
        yield note(
            "consent", f"It ends within 30 days: {listed(soon)}.", "Renew it, or have other pictures ready."
        )


def files(stock: Stock, images: Path) -> Iterator[Finding]:
    """Look whether each rendition that is named is on the disk, and not empty."""
    there = _names(images)
    wanted = [
        (f"{title.id}/{artwork.id}", artwork.id == title.default, name)
        for title in stock.titles
        for artwork in title.artworks
        for crop in artwork.crops
        for name in crop.names()
    ]
    looked_at = wanted[:MOST_LOOKED_AT]
    empty = {name for _, _, name in looked_at if name in there and not (images / name).stat().st_size}
    bad = [(artwork, default) for artwork, default, name in wanted if name not in there or name in empty]
    if not bad:
        if wanted:
            yield ok("pictures", f"All {len(wanted)} renditions that the catalogue names are there.")
        return
    artworks = list(dict.fromkeys(artwork for artwork, _ in bad))
    defaults = list(dict.fromkeys(artwork for artwork, default in bad if default))
    yield _missing(len(bad), artworks, defaults)


def _missing(count: int, artworks: Sequence[str], defaults: Sequence[str]) -> Finding:
    sentence = f"{count} renditions are missing or empty, of {listed(list(artworks))}."
    if defaults:
        sentence += f" Default pictures are among them: {listed(list(defaults))}."
    return wrong(
        "pictures",
        sentence,
        "Import the folder of originals again, or upload the pictures again: what is missing is made anew.",
    )


def _names(folder: Path) -> set[str]:
    try:
        with os.scandir(folder) as entries:
            return {entry.name for entry in entries}
    except FileNotFoundError:
        return set()
