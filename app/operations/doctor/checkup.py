"""All checks, group by group; one that fails is told as a finding, and the others go on."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path

from app.catalogue.live import SETTING
from app.clock import now_ms
from app.data_folder import DataFolder
from app.learning.trusted_clock import SETTING as TRUSTED
from app.learning.trusted_clock import trusted_in
from app.operations.doctor import catalogue, clock, folder, log, machine, model, service, settings
from app.operations.doctor.finding import Finding, Group, note, wrong
from app.operations.in_force import in_force, in_use
from app.records import Record
from app.settings import DAY_MS, Settings
from app.store.protocol import Examined, FoldState, Head, Lease, Snapshot, Store
from assets.revisions import Revisions

TAIL = 2_000
"""Records at the log's end that are looked at one by one."""
SNAPSHOTS = 5


@dataclass(frozen=True, slots=True)
class Doors:
    """How to come at what the data folder holds; none of it changes anything."""

    examine: Callable[[Settings], Examined]
    open_store: Callable[[Settings], Store]
    revisions: Callable[[Settings], Revisions]
    images: Callable[[Settings], Path]


@dataclass(frozen=True, slots=True)
class Contents:
    """What stands in a store, as far as its files are whole; a damaged log may still tell the catalogue."""

    catalogue: bytes | None
    head: Head | None = None
    tail: tuple[Record, ...] = ()
    lease: Lease | None = None
    counted: FoldState | None = None
    trusted: int | None = None
    snapshots: tuple[Snapshot, ...] = ()


async def check(environment: Mapping[str, str], doors: Doors, url: str | None = None) -> list[Group]:
    """Look at everything that can be looked at, whatever is wrong with the rest."""
    here, faults = settings.read()
    running, told = in_use(here.data), in_force(here.data)
    used = told.settings if told else here
    judged = settings.judged(here, told, environment, running=running)
    groups = [
        _group("Machine", machine.findings(used, running=running)),
        _group("Settings", [*judged, *settings.findings(used, faults, environment)]),
    ]
    data, examined, contents = await _data(used, doors)
    groups.append(data)
    if examined and contents:
        groups.append(_group("Pictures", _pictures(used, doors, contents)))
        groups.append(_group("Model", _model(used, examined, contents, running=running)))
    groups.append(_group("Clock", _clock(contents)))
    groups.append(_group("Service", service.findings(used, version("keyart"), running=running, url=url)))
    return groups


async def _data(used: Settings, doors: Doors) -> tuple[Group, Examined | None, Contents | None]:
    found = list(_guarded(folder.findings(used.data)))
    if not DataFolder(used.data).log.exists():
        return Group("Data", tuple(found)), None, None
    examined = contents = None
    try:
        examined = doors.examine(used)
        found += log.of_files(examined)
        contents = await _contents(doors.open_store(used), *(file.fault is None for file in examined.files))
        if contents.head:
            over = min(contents.head.stamp, now_ms(), contents.trusted or now_ms())  # as the trainer counts it
            found += log.findings(examined, contents.head, used, over)
            found += folder.growth(*_pace(used, examined, contents.head), folder.left(used.data))
    except Exception as error:  # noqa: BLE001  whatever keeps us from looking is what there is to tell
        found.append(_failed(error))
    return Group("Data", tuple(found)), examined, contents


def _pace(used: Settings, examined: Examined, head: Head) -> tuple[int, float, float]:
    oldest = examined.oldest.stamp if examined.oldest else head.stamp
    return examined.files[0].size, (head.stamp - oldest) / 1000, used.retention_days * DAY_MS / 1000


async def _contents(store: Store, log_is_whole: bool, state_is_whole: bool) -> Contents:  # noqa: FBT001
    try:
        found = Contents(await _catalogue(store))
        if log_is_whole:
            head = await store.log.head()
            trusted = await store.log.setting(TRUSTED)
            found = replace(found, head=head, trusted=trusted_in(trusted) if trusted else None)
            found = replace(found, tail=tuple(await store.log.read(head.position - TAIL, TAIL)))
        if state_is_whole:
            snapshots = tuple(await store.state.snapshots(limit=SNAPSHOTS))
            counted, lease = await store.state.fold_state(), await store.state.lease()
            found = replace(found, lease=lease, counted=counted, snapshots=snapshots)
        return found
    finally:
        await store.close()


async def _catalogue(store: Store) -> bytes | None:
    try:
        return await store.log.setting(SETTING)
    except Exception:  # noqa: BLE001  why it can't be read is told of the file
        return None


def _pictures(used: Settings, doors: Doors, contents: Contents) -> Iterator[Finding]:
    if contents.catalogue is None:
        yield catalogue.none()
        return
    stock = catalogue.read(doors.revisions(used), contents.catalogue.decode())
    yield from catalogue.findings(stock, doors.images(used), now_ms() / 1000)


def _model(used: Settings, examined: Examined, contents: Contents, *, running: bool) -> Iterator[Finding]:
    if contents.counted is None or contents.head is None:
        yield note("model", "It can't be judged while log or state can't be used.", "Mend those first.")
        return
    learning = model.Learning(
        settings=used,
        examined=examined,
        lease=contents.lease,
        counted=contents.counted,
        snapshots=contents.snapshots,
        tail=contents.tail,
        now=now_ms(),
        running=running,
    )
    yield from model.findings(learning)


def _clock(contents: Contents | None) -> Iterator[Finding]:
    yield from clock.kept_right()
    if contents and contents.head and contents.head.position:
        yield clock.stamps(contents.head.stamp, now_ms())


def _group(name: str, findings: Iterable[Finding]) -> Group:
    return Group(name, tuple(_guarded(findings)))


def _guarded(findings: Iterable[Finding]) -> Iterator[Finding]:
    try:
        yield from findings
    except Exception as error:  # noqa: BLE001  a doctor that falls over is of no use where things are broken
        yield _failed(error)


def _failed(error: Exception) -> Finding:
    return wrong(
        "check",
        f"A check could not be made: {type(error).__name__}: {error}.",
        "Mend what is named above first, and run `keyart doctor` again.",
    )
