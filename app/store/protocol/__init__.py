"""The contracts of a store with the rest of Keyart.

Every implementation passes `tests/contract/`. Times are in milliseconds of the store's clock.
"""

from app.store.protocol.decisions import Draft, Event, Hold
from app.store.protocol.drift import PARTS, DriftChange, DriftHour, DriftSums, GroupSums, ShownDays, StoredDrift
from app.store.protocol.edits import KEPT_EDITS, Author, Edit, EditDraft, Edits, Intervening
from app.store.protocol.engine import Engine, Log, State, Store
from app.store.protocol.errors import (
    FullLogError,
    LostLeaseError,
    LostStoreError,
    StoreTimeoutError,
    UnknownVersionError,
    UnusableStoreError,
    UnwritableStoreError,
)
from app.store.protocol.examined import Examined, File
from app.store.protocol.lease import Lease
from app.store.protocol.lift import OVER, Entered, Experiment, LiftChange, LiftKey, Measure, StoredLift
from app.store.protocol.passes import SPENT_MS, Passes
from app.store.protocol.progress import OF_THE_HOUR, CapChange, FoldState, Progress
from app.store.protocol.records import Begun, Head, Size
from app.store.protocol.series import (
    DAY_MS,
    HOUR_MS,
    Dimension,
    Period,
    SeriesChange,
    SeriesChanges,
    SeriesKey,
    SeriesState,
    Step,
    StepSums,
    StoredSeries,
    Sums,
)
from app.store.protocol.snapshots import Base, NewBase, Snapshot
from app.store.protocol.totals import StoredTastes, TallyKey, TasteRow

__all__ = [
    "DAY_MS",
    "HOUR_MS",
    "KEPT_EDITS",
    "OF_THE_HOUR",
    "OVER",
    "PARTS",
    "SPENT_MS",
    "Author",
    "Base",
    "Begun",
    "CapChange",
    "Dimension",
    "Draft",
    "DriftChange",
    "DriftHour",
    "DriftSums",
    "Edit",
    "EditDraft",
    "Edits",
    "Engine",
    "Entered",
    "Event",
    "Examined",
    "Experiment",
    "File",
    "FoldState",
    "FullLogError",
    "GroupSums",
    "Head",
    "Hold",
    "Intervening",
    "Lease",
    "LiftChange",
    "LiftKey",
    "Log",
    "LostLeaseError",
    "LostStoreError",
    "Measure",
    "NewBase",
    "Passes",
    "Period",
    "Progress",
    "SeriesChange",
    "SeriesChanges",
    "SeriesKey",
    "SeriesState",
    "ShownDays",
    "Size",
    "Snapshot",
    "State",
    "Step",
    "StepSums",
    "Store",
    "StoreTimeoutError",
    "StoredDrift",
    "StoredLift",
    "StoredSeries",
    "StoredTastes",
    "Sums",
    "TallyKey",
    "TasteRow",
    "UnknownVersionError",
    "UnusableStoreError",
    "UnwritableStoreError",
]
