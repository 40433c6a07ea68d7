import errno
import os
import select
import signal
import struct
import subprocess
import sys
import textwrap
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageCms

from assets.picture import Job, Picture, PictureError
from assets.rendering import workers
from assets.rendering.workers import Stop, Stopped, develop_all
from assets.rendering.workfolder import Workfolder
from tests.assets.builders import a_picture, encoded, put

TakeOver = Callable[[str], None]
Outcomes = dict[str, Picture | PictureError]

AN_ENDLESS_NAME = (
    b'{"canvas": "1:1", "digest": "%s", "widths": [%s], "placeholder": "data:image/webp;base64,A"}'
    % (
        b"0" * 32,
        b"9" * 300,
    )
)
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="needs pidfd_open")


@pytest.fixture
def images(tmp_path: Path) -> Path:
    return tmp_path / "images"


@pytest.fixture
def originals(tmp_path: Path) -> Path:
    return tmp_path / "originals"


@pytest.fixture
def take_over(monkeypatch: pytest.MonkeyPatch) -> TakeOver:
    """Let rendering processes run other lines, with what a hostile picture would have got hold of."""

    def install(lines: str) -> None:
        script = f"{PREAMBLE}\n{textwrap.dedent(lines)}\nworker.main()"
        monkeypatch.setattr(workers, "_COMMAND", (sys.executable, "-P", "-c", script))

    return install


PREAMBLE = """
import json, os, resource, signal, sys
from pathlib import Path
from assets.rendering import worker
from assets.rendering.messages import Answer
decoded = worker.decoded
"""


def jobs(*paths: Path) -> list[Job]:
    return [Job(str(path), path.stem) for path in paths]


def developed(*paths: Path, images: Path, processes: int = 1) -> Outcomes:
    return {job.name: result for job, result in develop_all(jobs(*paths), images, processes)}


def names(picture: object) -> set[str]:
    assert isinstance(picture, Picture)
    return {name for crop in picture.crops for name in crop.names()}


def listed(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


def fault(outcome: object) -> str:
    assert isinstance(outcome, PictureError)
    return str(outcome)


def test_pictures_are_developed_and_nothing_else_is_left(originals: Path, images: Path) -> None:
    paths = [
        put(originals / f"{colour}.jpg", encoded(a_picture(colour=colour))) for colour in ("red", "lime", "blue")
    ]
    paths.append(put(originals / "bad.jpg", b"nonsense"))

    outcomes = developed(*paths, images=images, processes=2)

    assert fault(outcomes.pop("bad")) == "'bad' is not a JPEG, PNG or WebP picture; export it as one."
    assert set(outcomes) == {"red", "lime", "blue"}
    assert listed(images) == set().union(*map(names, outcomes.values()))


def test_one_process_makes_what_several_make(originals: Path, images: Path) -> None:
    paths = [put(originals / f"{n}.jpg", encoded(a_picture((200 + n, 150)))) for n in range(5)]

    assert developed(*paths, images=images) == developed(*paths, images=images.with_name("others"), processes=3)
    assert developed(images=images) == {}


def test_a_rendition_that_is_there_is_young_again_and_the_same(originals: Path, images: Path) -> None:
    path = put(originals / "x.jpg")
    developed(path, images=images)
    before = {path: path.read_bytes() for path in images.iterdir()}
    for rendition in before:
        os.utime(rendition, (1, 1))

    developed(path, images=images)
    assert {path: path.read_bytes() for path in images.iterdir()} == before
    assert all(path.stat().st_mtime > 1 for path in before)


def test_a_rendition_that_is_swept_at_that_moment_is_there_whole(
    images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = put(images / "there.webp", b"picture")
    exists = Path.exists

    def swept(path: Path, **options: Any) -> bool:
        found = exists(path, **options)
        there.unlink(missing_ok=True)
        return found

    monkeypatch.setattr(Path, "exists", swept)
    with Workfolder(images) as folder:
        put(folder.path / there.name, b"picture")
        folder.adopt([there.name])
    assert there.read_bytes() == b"picture"


def test_processes_are_replaced_in_time(originals: Path, images: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [put(originals / f"{n}.jpg", b"") for n in range(3)]
    started: list[int] = []
    start = subprocess.Popen

    def counted(*arguments: Any, **options: Any) -> subprocess.Popen[bytes]:
        started.append(1)
        return start(*arguments, **options)

    monkeypatch.setattr(subprocess, "Popen", counted)
    monkeypatch.setattr(workers, "LIFETIME", 2)

    assert len(developed(*paths, images=images)) == 3
    assert len(started) == 2


def test_a_name_that_is_not_utf_8_is_refused(originals: Path, images: Path) -> None:
    odd = Job(str(originals / "\udcff.jpg"), "\udcff.jpg")
    good = put(originals / "good.jpg")

    outcomes = dict(develop_all([odd, *jobs(good)], images, 1))
    assert fault(outcomes[odd]) == r"'\udcff.jpg' has a name that is not UTF-8; rename it."
    assert len(outcomes) == 2


# ---------------------------------------------------------------- processes that go astray


def test_a_picture_that_kills_its_process_is_refused_alone(
    originals: Path, images: Path, take_over: TakeOver
) -> None:
    take_over("""
        def dying(content, name):
            if name == "deadly":
                os.kill(os.getpid(), signal.SIGKILL)
            return decoded(content, name)
        worker.decoded = dying
    """)
    paths = [put(originals / f"{name}.jpg") for name in ("alive", "deadly", "well", "fine")]

    outcomes = developed(*paths, images=images, processes=2)
    assert "'deadly' ended the process that read it" in fault(outcomes.pop("deadly"))
    assert listed(images) == set().union(*map(names, outcomes.values()))
    assert len(outcomes) == 3


def test_a_picture_that_takes_too_long_is_refused_alone(
    originals: Path, images: Path, take_over: TakeOver, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Jobs(list[Job]):
        """Give one job little time. The others may wait for a process to start, on a busy machine too."""

        def __iter__(self) -> Iterator[Job]:
            for job in super().__iter__():
                monkeypatch.setattr(workers, "PATIENCE", 0.5 if job.name == "slow" else 100.0)
                yield job

    take_over("""
        def slow(content, name):
            if name == "slow":
                signal.pause()
            return Answer(fault="done")
        worker.answer = lambda order: slow(b"", order.job.name)
    """)
    paths = [put(originals / f"{name}.jpg") for name in ("first", "slow", "last")]
    outcomes = {job.name: outcome for job, outcome in develop_all(Jobs(jobs(*paths)), images, 1)}

    assert "'slow' takes longer than" in fault(outcomes["slow"])
    assert [fault(outcomes[name]) for name in ("first", "last")] == ["done", "done"]


def test_decoding_ends_itself_after_some_seconds_of_computing(
    originals: Path, images: Path, take_over: TakeOver
) -> None:
    take_over("""
        def endless(content, name):
            while True:
                pass
        worker.DECODING_SECONDS = 0.1
        worker.decoded = endless
    """)
    assert "takes too long" in fault(developed(put(originals / "x.jpg"), images=images)["x"])


@pytest.mark.skipif(sys.platform != "linux", reason="macOS does not enforce it")
def test_memory_is_limited(originals: Path, images: Path, take_over: TakeOver) -> None:
    take_over("worker.decoded = lambda content, name: bytes(600_000_000)")
    outcomes = developed(put(originals / "x.jpg"), images=images)
    assert fault(outcomes["x"]) == "'x' takes more than 512 MiB of memory; export it smaller."


@pytest.mark.skipif(sys.platform != "linux", reason="macOS does not enforce it")
def test_the_largest_picture_fits_into_that_memory(originals: Path, images: Path, take_over: TakeOver) -> None:
    path = put(originals / "x.png", a_large_png(8000, 8000))
    take_over("""
        def said(order):
            content = worker.read(Path(order.job.path), "")
            return Answer(fault=str(decoded(content, "").image.size))
        worker.answer = said
    """)
    assert fault(developed(path, images=images)["x"]) == "(4000, 4000)"


def a_large_png(width: int, height: int) -> bytes:
    """See-through, turned on its side and in a colour space of its own, which all take copies."""
    exif = Image.Exif()
    exif[0x0112] = 6
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    small = encoded(Image.new("RGBA", (64, 64)), "PNG")
    pixels = zlib.compressobj(1)
    packed = b"".join(pixels.compress(bytes(1 + 4 * width)) for _ in range(height)) + pixels.flush()
    return small[:8] + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in (
            (b"IHDR", struct.pack(">II", width, height) + small[24:29]),
            (b"iCCP", b"sRGB\0\0" + zlib.compress(profile)),
            (b"eXIf", exif.tobytes()[6:]),
            (b"IDAT", packed),
            (b"IEND", b""),
        )
    )


def test_a_process_has_given_up_what_it_does_not_need(originals: Path, images: Path, take_over: TakeOver) -> None:
    take_over("""
        def said(order):
            limits = [resource.getrlimit(what)[0] for what in (resource.RLIMIT_CORE, resource.RLIMIT_NOFILE)]
            limits.append(resource.getrlimit(resource.RLIMIT_FSIZE)[0] >> 20)
            return Answer(fault=str([*limits, os.nice(0) > 9, os.getpgid(0) == os.getpid()]))
        worker.answer = said
    """)
    assert fault(developed(put(originals / "x.jpg"), images=images)["x"]) == "[0, 64, 64, True, True]"


def test_a_process_knows_no_secrets(
    originals: Path, images: Path, take_over: TakeOver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KEYART_ADMIN_TOKEN", "s3cret")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s3cret")
    take_over("worker.answer = lambda order: Answer(fault=str(sorted(os.environ.items())))")

    said = fault(developed(put(originals / "x.jpg"), images=images)["x"])
    assert "PATH" in said
    assert "s3cret" not in said


def test_no_module_beside_the_pictures_is_run(
    originals: Path, images: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(originals / "x.jpg")
    put(originals / "numpy.py", b"raise SystemExit")
    put(originals / "assets" / "__init__.py", b"raise SystemExit")
    monkeypatch.chdir(originals)
    assert names(developed(path, images=images)["x"])


@pytest.mark.parametrize(
    "line",
    [
        "b'not JSON'",
        """b'{"picture": {"source": "x"}}'""",
        """b'{"run": "rm -rf"}'""",
        """b'{"fault": "\\\\u001b[31mred"}'""",
        "b'{}'",
        repr(
            b'{"picture": {"source": "", "recipe": "", "fingerprint": "", "features": {}, "crops": [%s]}}'
            % AN_ENDLESS_NAME
        ),
        "b'x' * 2_000_000",
    ],
)
def test_an_answer_that_makes_no_sense_is_a_refusal(
    line: str, originals: Path, images: Path, take_over: TakeOver
) -> None:
    take_over(f"worker.canonical = lambda answer: {line}")

    outcomes = developed(put(originals / "x.jpg"), put(originals / "y.jpg"), images=images)
    assert [fault(outcomes[name]).startswith(f"'{name}' ") for name in "xy"] == [True, True]
    assert listed(images) == set()


@pytest.mark.parametrize(
    "trick",
    [
        "path.unlink()",
        "path.unlink(); path.symlink_to('/etc/passwd')",
        "path.unlink(); path.mkdir()",
        "path.unlink(); os.mkfifo(path)",
    ],
)
def test_only_regular_files_become_renditions(
    trick: str, originals: Path, images: Path, take_over: TakeOver
) -> None:
    take_over(f"""
        honest = worker.answer
        def tricked(order):
            answer = honest(order)
            path = Path(order.folder) / list(answer.picture.crops[-1].names())[-1]
            {trick}
            return answer
        worker.answer = tricked
    """)
    assert "caused an answer that is not valid" in fault(developed(put(originals / "x.jpg"), images=images)["x"])
    assert listed(images) == set()


def test_what_a_process_writes_besides_is_not_kept(originals: Path, images: Path, take_over: TakeOver) -> None:
    take_over("""
        honest = worker.answer
        def busy(order):
            (Path(order.folder) / "more.jpg").write_bytes(b"?")
            print("noise", flush=True)
            return honest(order)
        worker.answer = busy
    """)
    outcomes = developed(put(originals / "x.jpg"), images=images)
    assert names(outcomes["x"]) == listed(images)


def test_processes_that_cant_start_are_no_fault_of_the_picture(
    originals: Path, images: Path, take_over: TakeOver
) -> None:
    take_over("sys.exit(3)")
    with pytest.raises(ChildProcessError, match=r"ended with status 3 before it had begun; run `python -m"):
        developed(put(originals / "x.jpg"), images=images)
    assert listed(images) == set()


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO])
def test_a_full_disk_is_no_fault_of_the_picture(
    number: int, originals: Path, images: Path, take_over: TakeOver
) -> None:
    take_over(f"""
        def full(folder, files):
            (folder / "half").write_bytes(b"written")
            raise OSError({number}, "No room")
        worker.write = full
    """)
    with pytest.raises(OSError, match=str(images)) as raised:
        developed(put(originals / "x.jpg"), put(originals / "y.jpg"), images=images, processes=2)
    assert raised.value.errno == number
    assert listed(images) == set()


@pytest.mark.parametrize("line", ["OSError(27, 'File too large')", "OSError('encoder error -2')"])
def test_what_only_this_picture_can_not_write_is_its_own_fault(
    line: str, originals: Path, images: Path, take_over: TakeOver
) -> None:
    take_over(f"""
        def failing(folder, files):
            raise {line}
        worker.write = failing
    """)
    assert "renditions of 'x' (" in fault(developed(put(originals / "x.jpg"), images=images)["x"])


def test_a_process_that_tells_of_no_fault_of_a_disk_talks_nonsense(
    originals: Path, images: Path, take_over: TakeOver
) -> None:
    take_over("worker.answer = lambda order: Answer(disk=1)")
    assert "caused an answer that is not valid" in fault(developed(put(originals / "x.jpg"), images=images)["x"])


# ---------------------------------------------------------------- ends


def gone(handle: int) -> bool:
    return bool(select.select([handle], [], [], 20)[0])


@linux_only
def test_who_stops_early_leaves_no_process_and_no_file(originals: Path, images: Path, take_over: TakeOver) -> None:
    take_over("""
        def said(order):
            if order.job.name == "second":
                signal.pause()
            return Answer(fault=str(os.getpid()))
        worker.answer = said
    """)
    paths = [put(originals / f"{name}.jpg") for name in ("first", "second", "third")]
    results = develop_all(jobs(*paths), images, 1)
    worker = os.pidfd_open(int(fault(next(results)[1])))

    results.close()  # type: ignore[attr-defined]
    assert gone(worker)
    assert listed(images) == set()
    os.close(worker)


@linux_only
def test_who_is_told_to_stop_in_another_thread_leaves_no_process_and_no_file(
    originals: Path, images: Path, take_over: TakeOver
) -> None:
    path, told = put(originals / "x.jpg"), originals / "told"
    os.mkfifo(told)
    take_over(f"""
        def hanging(order):
            (Path(order.folder) / "half").write_bytes(b"written")
            Path({str(told)!r}).write_text(str(os.getpid()))
            signal.pause()
        worker.answer = hanging
    """)
    with Stop() as stop, ThreadPoolExecutor() as threads:
        result = threads.submit(lambda: list(develop_all(jobs(path), images, 1, stop)))
        worker = os.pidfd_open(int(told.read_text()))
        stop.tell()
        with pytest.raises(Stopped):
            result.result()
    assert gone(worker)
    assert listed(images) == set()
    os.close(worker)


def test_who_was_told_to_stop_before_makes_nothing(originals: Path, images: Path) -> None:
    with Stop() as stop:
        stop.tell()
        with pytest.raises(Stopped):
            list(develop_all(jobs(put(originals / "x.jpg")), images, 1, stop))
    assert listed(images) == set()


@linux_only
def test_a_process_ends_with_its_parent_though_it_is_at_work(originals: Path, images: Path) -> None:
    path, told = put(originals / "x.jpg"), originals / "told"
    os.mkfifo(told)
    hanging = f"worker.answer = lambda order: (Path({str(told)!r}).write_text(str(os.getpid())), signal.pause())"
    script = f"""
        import sys
        from assets.rendering import workers
        from assets.picture import Job
        from pathlib import Path
        workers._COMMAND = (sys.executable, "-P", "-c", {PREAMBLE + hanging!r} + chr(10) + "worker.main()")
        list(workers.develop_all([Job({str(path)!r}, "x")], Path({str(images)!r}), 1))
    """
    parent = subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)])
    worker = os.pidfd_open(int(told.read_text()))

    parent.send_signal(signal.SIGKILL)
    parent.wait()
    assert gone(worker)
    assert all(name.startswith(".work-") for name in listed(images))
    os.close(worker)
