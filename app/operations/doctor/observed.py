"""Everything that the checks look at, read once. Nothing is changed by reading it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from app.catalogue.setting import SETTING
from app.clock import now_ms, passed_ms
from app.data_folder import LOG, STATE, DataFolder
from app.learning.candidate_file import CandidateFile
from app.learning.drift_signs import Signs, outcomes, predicts, signs
from app.learning.trusted_clock import SETTING as TRUSTED
from app.learning.trusted_clock import trusted_in
from app.operations.candidate_standing import Standing, standing_of
from app.operations.in_force import InForce, in_force, in_use
from app.records import Record
from app.settings import Settings
from app.store.protocol import Engine, Examined, FoldState, Head, Lease, Snapshot, Store

TAIL = 2_000
"""Records at the log's end that are looked at one by one."""
SNAPSHOTS = 5
NOT_EXAMINED, NO_HEAD, NO_FOLD = Examined(()), Head(0, 0), FoldState(0, None, {})


@dataclass(frozen=True, slots=True)
class Observed:
    """The data that were read. Data of a damaged or missing file have their defaults.

    `here` are this shell's settings; `tail` are the log's last records; `now` is in milliseconds.
    """

    here: Settings
    told: InForce | None
    running: bool
    now: int
    examined: Examined = NOT_EXAMINED
    failed: Exception | None = None
    catalogue: str | None = None
    head: Head = NO_HEAD
    tail: Sequence[Record] = ()
    trusted: int | None = None
    lease: Lease | None = None
    fold: FoldState = NO_FOLD
    snapshots: Sequence[Snapshot] = ()
    signs: Signs = field(default_factory=dict)
    predicts: bool = True
    candidate: Standing | None = None

    @property
    def settings(self) -> Settings:
        """The settings that are judged: those of the running service, if it tells them."""
        return self.told.settings if self.told else self.here

    @property
    def folder(self) -> DataFolder:
        return DataFolder(self.settings.data)

    def usable(self, *names: str) -> bool:
        return {file.name for file in self.examined.files if not file.fault}.issuperset(names)


async def observe(here: Settings, engine_of: Callable[[Settings], Engine], seconds: float) -> Observed:
    """Read all readable data, although other parts may be faulty; look about `seconds` through each file."""
    seen = Observed(here, in_force(here.data), in_use(here.data), now_ms())
    if not seen.folder.log.exists():
        return seen
    try:
        engine = engine_of(seen.settings)
        seen = replace(seen, examined=engine.examine(seconds=seconds))
        if seen.examined.later:
            return seen
        store = engine.open(now_ms, passed_ms, read_only=True, scan=False)
        try:
            return await _in_store(seen, store)
        finally:
            await store.close()
    except Exception as error:  # noqa: BLE001  whatever keeps us from looking is what there is to tell
        return replace(seen, failed=error)


async def _in_store(seen: Observed, store: Store) -> Observed:
    seen = replace(seen, catalogue=await _catalogue(store))
    if seen.usable(LOG):
        head, trusted = await store.log.head(), await store.log.setting(TRUSTED)
        tail = await store.log.read(head.position - TAIL, TAIL)
        seen = replace(seen, head=head, tail=tail, trusted=trusted_in(trusted) if trusted else None)
    if seen.usable(LOG, STATE):
        seen = replace(seen, candidate=await standing_of(store, CandidateFile(seen.folder.candidate)))
    if seen.usable(STATE):
        fold, lease = await store.state.fold_state(), await store.state.lease()
        seen = replace(seen, fold=fold, lease=lease, snapshots=await store.state.snapshots(limit=SNAPSHOTS))
        if fold.series.began and seen.head.stamp:  # a file of an earlier version may lack the tables
            found = await signs(store.state, seen.head.stamp, seen.settings.even_floor)
            counted = await outcomes(store.state, seen.head.stamp)
            seen = replace(seen, signs=found, predicts=counted is None or predicts(counted))
    return seen


async def _catalogue(store: Store) -> str | None:
    """Return the name of the current catalogue, which even a damaged log may still tell."""
    try:
        name = await store.log.setting(SETTING)
    except Exception:  # noqa: BLE001  why it cannot be read is told of the file
        return None
    return name.decode() if name else None
