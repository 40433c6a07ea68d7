"""The sample pictures as jobs, with the faces and focal points that their catalogue gives."""

from functools import cache

from PIL import Image

from assets import SAMPLES
from assets.importing.manifest import manifest_of
from assets.importing.survey import survey
from assets.picture import Job
from assets.rendering.developing import glanced


@cache
def sample_jobs() -> tuple[Job, ...]:
    manifest = manifest_of(SAMPLES)
    jobs = []
    for original in survey(SAMPLES).originals:
        entry = manifest.title(original.title).artwork(original.artwork)
        jobs.append(Job(str(original.path), original.name, entry.focus, entry.faces or ()))
    return tuple(jobs)


def sample(name: str) -> Image.Image:
    with Image.open(SAMPLES / name) as image:
        return image.convert("RGB")


def glance_of(job: Job) -> Image.Image:
    return glanced(sample(job.name))
