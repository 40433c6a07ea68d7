"""The catalogue and its pictures: whether the named files exist, and may be shown."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from app.operations.doctor.finding import Finding, every, finding, first, listed, number, size, span
from app.operations.doctor.observed import Observed
from app.settings import Settings
from assets.catalogue import Title
from assets.provenance import Made
from assets.rendering.originals import files_in
from assets.revisions import Revisions

SOON_SECONDS = 30 * 86_400
MOST_LOOKED_AT = 20_000
"""Pictures whose size is asked for; whether they are there is looked up for all."""
UNREADABLE = (LookupError, ValueError, OSError)


@dataclass(frozen=True, slots=True)
class Readable:
    """The part of the current catalogue that could be read; `faults` says why the rest could not."""

    titles: Sequence[Title] = ()
    barred: tuple[Made, ...] = ()
    faults: Sequence[str] = ()


def read(revisions: Revisions, name: str) -> Readable:
    titles: list[Title] = []
    faults: list[str] = []
    try:
        catalogue = revisions.catalogue(name)
    except UNREADABLE as error:
        return Readable(faults=[str(error)])
    for id_, revision in sorted(catalogue.titles.items()):
        try:
            titles.append(revisions.title(revision))
        except UNREADABLE as error:
            faults.append(f"{id_}: {error}")
    return Readable(titles, catalogue.barred, faults)


def findings(seen: Observed) -> Iterator[Finding]:
    if seen.catalogue is None:
        yield finding("catalogue-none")
        return
    readable, now = read(Revisions(seen.folder.catalogue), seen.catalogue), seen.now / 1000
    yield whole(readable)
    yield from choices(readable, now)
    yield from demands(readable.titles, seen.settings)
    yield from consents(readable.titles, now)
    yield from files(readable.titles, seen.folder.images)
    yield from originals(readable.titles, seen.folder.originals, seen.settings)


def whole(readable: Readable) -> Finding:
    faults, artworks = readable.faults, sum(len(title.artworks) for title in readable.titles)
    return first(
        {"catalogue-unreadable": faults, "catalogue-readable": True},
        documents=number(len(faults), "document"),
        fault=faults[0].rstrip(".") if faults else "",
        titles=number(len(readable.titles), "title"),
        artworks=number(artworks, "artwork"),
    )


def choices(readable: Readable, now: float) -> Iterator[Finding]:
    """Find titles with fewer than two pictures, and titles without a picture that a viewer may see."""
    bare, single, hidden = [], [], []
    for title in readable.titles:
        allowed = [artwork for artwork in title.artworks if artwork.allowed(now=now, barred=readable.barred)]
        if not title.artworks:
            bare.append(title.id)
        elif not allowed:
            hidden.append(title.id)
        elif sum(artwork.status == "active" for artwork in allowed) == 1:
            single.append(title.id)
    conditions = {"titles-bare": bare, "titles-single": single, "titles-not-shown": hidden}
    yield from every(conditions, bare=listed(bare), single=listed(single), hidden=listed(hidden))


def demands(titles: Sequence[Title], settings: Settings) -> Iterator[Finding]:
    """Find tags that KEYART_LEAST_SHARES demands and no picture has: most often they are misspelt."""
    tags = {tag for title in titles for artwork in title.artworks for tag in artwork.tags}
    missing = [tag for tag, _ in settings.demands if tag not in tags]
    yield from every({"demand-without-pictures": titles and missing}, missing=listed(missing))


def consents(titles: Sequence[Title], now: float) -> Iterator[Finding]:
    ends: list[tuple[float, str]] = []
    for title in titles:
        for artwork in title.artworks:
            consent = artwork.provenance.consent
            if artwork.status != "withdrawn" and consent and not consent.withdrawn and consent.until is not None:
                ends.append((consent.until, f"{title.id}/{artwork.id}"))
    over = [name for until, name in sorted(ends) if until <= now]
    soon = [f"{name} in {span(until - now)}" for until, name in sorted(ends) if now < until <= now + SOON_SECONDS]
    yield from every({"consent-over": over, "consent-soon": soon}, over=listed(over), soon=listed(soon))


def files(titles: Sequence[Title], images: Path) -> Iterator[Finding]:
    """Look whether each rendition that is named is on the disk, and not empty."""
    wanted = [
        (name, f"{title.id}/{artwork.id}", artwork.id == title.default)
        for title in titles
        for artwork in title.artworks
        for crop in artwork.crops
        for name in crop.names()
    ]
    there = {path.name for path in images.iterdir()} if images.is_dir() else set()
    looked_at = there.intersection(name for name, *_ in wanted[:MOST_LOOKED_AT])
    there -= {name for name in looked_at if not (images / name).stat().st_size}
    bad = [(artwork, default) for name, artwork, default in wanted if name not in there]
    artworks = list(dict.fromkeys(artwork for artwork, _ in bad))
    defaults = list(dict.fromkeys(artwork for artwork, default in bad if default))
    more = f" Default pictures are among them: {listed(defaults)}." if defaults else ""
    if bad:
        yield finding("renditions-missing", count=len(bad), artworks=listed(artworks), defaults=more)
    elif wanted:
        yield finding("renditions-there", count=len(wanted))


def originals(titles: Sequence[Title], folder: Path, settings: Settings) -> Iterator[Finding]:
    """Look whether the originals that are named are there, private, and within their limit."""
    artworks = [(f"{title.id}/{each.id}", each.kept_original) for title in titles for each in title.artworks]
    kept = [(artwork, name) for artwork, name in artworks if name]
    there = files_in(folder)
    missing = [artwork for artwork, name in kept if name not in there]
    used, most = sum(file.st_size for file in there.values()), settings.originals_bytes
    opened = [file for file in there.values() if file.st_mode & 0o077]
    conditions = {
        "originals-off": settings.originals == "off",
        "originals-missing": missing,
        "originals-open": opened or (folder.is_dir() and folder.stat().st_mode & 0o077),
        "originals-full": most and used >= most,
        "originals-there": kept and not missing,
    }
    yield from every(
        conditions,
        count=len(kept),
        of=len(artworks),
        artworks=listed(missing),
        used=size(used),
        most=size(most),
        folder=folder,
    )
