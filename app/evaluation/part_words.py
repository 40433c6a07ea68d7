"""The parts of a score in sentences that an editor reads."""

from bandit.explaining import Part, PictureFeature, ViewerFeature


def sentence(part: Part) -> str:
    """Say what raises or lowers a score, without a number that only statisticians read."""
    if part.viewer.kind == "showings":
        often = "once" if part.viewer.value == 1 else f"{part.viewer.value} times"
        effect = "raises" if part.log_odds > 0 else "lowers"
        return f"The viewer was shown this picture {often} before, which {effect} its score."
    better = "better" if part.log_odds > 0 else "worse"
    return f"{_viewers(part.viewer)} react {better} to {_picture(part.picture)}."


def _viewers(feature: ViewerFeature) -> str:
    if feature.kind == "everyone":
        return "Viewers in general"
    if feature.kind == "taste":
        return f"Viewers who like “{feature.name}” {'more' if _positive(feature) else 'less'} than most"
    if feature.value is None:
        return f"If {feature.name} has a rare value, viewers"
    if isinstance(feature.value, str):
        return f"If {feature.name} is “{feature.value}”, viewers"
    return f"If {feature.name} is {'above' if _positive(feature) else 'below'} its mean, viewers"


def _positive(feature: ViewerFeature) -> bool:
    return not isinstance(feature.value, str) and (feature.value or 0.0) >= 0


def _picture(feature: PictureFeature) -> str:
    if feature.kind == "artwork":
        return "this picture"
    if feature.kind == "tag":
        return f"pictures with the tag “{feature.name}”"
    return f"pictures whose {feature.name} is {feature.value:.2f} of 1"
