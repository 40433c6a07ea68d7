"""Exposures of an import: rows that fit the catalogue and the time, as records of the log."""

from collections.abc import Collection

from app.catalogue.live import LiveCatalogue, LiveTitle
from app.learning.examples import words_of
from app.operations.exposure_import.past_row import PastRow, RowFaultError, quote
from app.operations.exposure_import.row_files import Read
from app.operations.exposure_import.viewers_so_far import ViewersSoFar
from app.records import Decision, Imported
from app.store.protocol import Log
from app.viewers.local_time import QUARTER_MS, local_hour
from app.viewers.pseudonym import Identity
from app.viewers.viewer import decode_profile
from bandit.reward import RewardRules

SKEW_MS = 60_000
"""How far in the future a time may be, because clocks differ."""


class LineFaultError(RowFaultError):
    """The fault of a line that is not a row."""

    def __init__(self, fault: str):
        ValueError.__init__(self, f"{fault}; correct the line, or leave it out.")


class PastExposures:
    """Checks rows, and turns them into records, in the order of the file."""

    def __init__(
        self,
        log: Log,
        live_catalogue: LiveCatalogue,
        identity: Identity,
        *,
        retention: int,
        unused: Collection[str] = (),
    ):
        """Take the retention in milliseconds, and the names of attributes that no policy may see."""
        self._log, self._live_catalogue, self._identity = log, live_catalogue, identity
        self._now, self._retention, self._unused = log.now(), retention, unused
        self._viewers = ViewersSoFar()

    @staticmethod
    def row(read: Read) -> PastRow:
        """Return a row. Raises `RowFaultError` if it is not valid. Time and catalogue play no part in it."""
        if read.fault:
            raise LineFaultError(read.fault)
        return PastRow.of(read.row)

    def demand_fit(self, row: PastRow, read: Read) -> None:
        """Raise `RowFaultError` if a row does not fit the time now or the catalogue."""
        if row.at > self._now + SKEW_MS:
            raise RowFaultError("time", read.row.get("time"), "it is in the future: correct it")
        if row.at < self._now - self._retention:
            raise RowFaultError(
                "time", read.row.get("time"), "it is older than KEYART_RETENTION_DAYS: leave the row out"
            )
        self._titled(row)

    def _titled(self, row: PastRow) -> LiveTitle:
        """Return the title. Raises `RowFaultError` if the catalogue lacks it or one of the artworks."""
        live_title = self._live_catalogue.get(row.title)
        if live_title is None:
            raise RowFaultError(
                "title", row.title, "the catalogue has no such title: import its pictures, or correct the id"
            )
        for artwork in (row.artwork, *(row.candidates or ())):
            if artwork not in live_title.artworks:
                where = "artwork" if artwork == row.artwork else "candidates"
                remedy = f"title {quote(row.title)} has no such artwork: import the picture, or correct the id"
                raise RowFaultError(where, artwork, remedy)
        if row.candidates and row.artwork not in row.candidates:
            raise RowFaultError("artwork", row.artwork, "the candidates lack it: add it to them")
        return live_title

    async def record(self, row: PastRow, nonce: bytes, rules: RewardRules) -> Imported:
        """Return the record of the next row, with the taste and the showings that the viewer had before it."""
        live_title = self._titled(row)
        candidates = row.candidates or tuple(live_title.artworks)
        viewer = await self._viewer(row.profile)
        pictures = [live_title.actions[each].id for each in candidates]
        taste, showings = self._viewers.before(viewer, pictures)
        attributes, audit, zone = self._context(row, named=viewer is not None)
        decision = Decision(
            nonce=nonce,
            title=row.title,
            revision=live_title.revision,
            candidates=candidates,
            chosen=candidates.index(row.artwork),
            probabilities=(),
            profile=viewer,
            attributes=attributes,
            taste=taste,
            timezone=zone,
            audit=audit,
            showings=showings,
        )
        reward = rules.of_outcome(row.seconds, clicked=row.clicked)
        picture = live_title.actions[row.artwork].id
        self._viewers.take(viewer, words_of(decision, live_title), picture, reward, row.at)
        return Imported(decision, row.at, row.clicked, row.seconds, row.propensity)

    async def _viewer(self, profile: str | None) -> str | None:
        """Return the pseudonym of a profile; None if it has opted out of personalization."""
        if profile is None:
            return None
        pseudonym = self._identity.pseudonym(profile)
        body = await self._log.profile(pseudonym)
        return None if body and not decode_profile(body).personalize else pseudonym

    def _context(
        self, row: PastRow, *, named: bool
    ) -> tuple[dict[str, str | float], dict[str, bool | float | str], str | None]:
        """Return the attributes that a policy may see, those that only an audit may see, and the time zone."""
        attributes = dict(row.attributes)
        country = attributes.get("country")
        hour, zone = local_hour(row.timezone, country if isinstance(country, str) else None, row.at // QUARTER_MS)
        attributes.setdefault("placement", "row")
        attributes.setdefault("hour", hour)
        withheld = {name: attributes.pop(name) for name in self._unused if name in attributes}
        audit: dict[str, bool | float | str] = {**withheld} if named else {}
        return attributes, audit, zone
