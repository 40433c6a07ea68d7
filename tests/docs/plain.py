"""The phrases that Keyart's English gives up, and how to find them in a text."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

LONGEST = 40
"""Words in a sentence: a longer one becomes two."""
BECAUSE = 'write "because", or leave out the comma if it is not a reason'
ANYONE = 'write "anyone who", "any" or "everything that"'
NAME_IT = "name the thing: “the fault” instead of “what is wrong”"
OLD = "write the everyday word"

PHRASES = {
    r"\b(?:can't|cannot) be\b": 'write "is not valid" of a value; else name who fails: “nobody can guess it”',
    r", for (?!example\b|instance\b)": BECAUSE,
    r"[;:(] ?for (?:it|they|he|we|there|nothing|nobody|none|no|only)\b": BECAUSE,
    r"\b(?:it|there|this|that|they|these) being\b": 'write "because it is"',
    r"\bh[au]ngs? (?:on|upon)\b|\bhanging on\b": 'write "depends on"',
    r"\bnothing of (?:it|them|this|that|a|an|the|what)\b": "write a sentence with “not”: “it does not …”",
    r"\bnone of (?:it|this|that|what)\b": "write a sentence with “not”: “it does not …”",
    r"\b(?:so it is with|such as (?:it|they)\b)": 'write "the same holds for", or name the thing',
    r"\b(?:who|what|which|wher|whom)ever\b": ANYONE,
    r"\bthat which\b": NAME_IT,
    r"\bwhat (?:is|are|was|were|has|had|comes|came|goes|stands|lies|belongs)\b": NAME_IT,
    r"\bwhom\b": 'write "who", or turn the sentence round',
    r"\banew\b": 'write "again" or "from the beginning"',
    r"\b(?:oftener|thereof|therein|thereby|therefrom|whereby|whence|hence|whilst|amongst|upon|lest|albeit)\b": OLD,
    r"\bbut for\b|\bsave for\b": 'write "except"',
    r"\ball the same\b": 'write "nevertheless", or leave it out',
    r"\bnothing but\b": 'write "only"',
    r"\btold of\b": 'write "described", "named" or "informed"',
    r"\b(?:stands?|stood)\b(?! by\b)": 'write "is", "is written" or "represents"',
    r"(?<!there )\b(?:is|are|was|were) no(?:ne)?\b(?! (?:longer|more|less|later|lower|shorter|larger)\b)": (
        'write "is not a", "has no" or "there is no"'
    ),
    r"\bneed not\b": 'write "does not have to"',
    r"\bin the place of\b": 'write "instead of", or "replaces"',
    r"\bby (?:itself|themselves)\b": 'write "automatically" or "alone"',
    r"\bat once\b": 'write "immediately" or "at the same time"',
    r"\bof (?:its|their|his|her|your|our) own\b": 'write "its own …" or "a separate …"',
    r"\bgo(?:es)? by\b": 'write "uses" or "follows"',
    r"\bkeeps? (?:its|their) word\b|\bsees? to it\b": "say it without a figure of speech",
    r"\bas much again\b": "give the number",
}
STARTS = {
    "Of": "begin with the subject",
    "What": NAME_IT,
    "Who": 'write "Anyone who", or name the role',
    "Where": 'write "If" or "On …"',
    "So": "join it to its reason with “so”, or begin with the subject",
    "Nor": 'write "Also, … not"',
    "Whom": 'write "who", or turn the sentence round',
}
_FOUND = {re.compile(pattern, re.IGNORECASE): remedy for pattern, remedy in PHRASES.items()}
_END = re.compile(r"""(?<=[.!?:])["'”)*]*\s+(?=["'“(*]*[A-Z0-9±])""")
_WORD = re.compile(r"[^\W_][\w'’.,-]*")


@dataclass(frozen=True, slots=True)
class Passage:
    """A text that people read, and where it is."""

    file: str
    line: int
    text: str


def faults(passage: Passage) -> Iterator[str]:
    """Yield the place, the phrase and the remedy of each fault of a passage."""
    for pattern, remedy in _FOUND.items():
        for match in pattern.finditer(passage.text):
            yield _told(passage, match.start(), match[0].strip(), remedy)
    for start, sentence in sentences(passage.text):
        first = _WORD.search(sentence)
        if first and first[0] in STARTS and not sentence.rstrip("\"'”)* ").endswith("?"):
            yield _told(passage, start, f"{first[0]} …", STARTS[first[0]])
        if (length := len(_WORD.findall(sentence))) > LONGEST:
            beginning = " ".join(sentence.split()[:6])
            yield _told(passage, start, f"{beginning} …", f"has {length} words; make two sentences of it")


def sentences(text: str) -> Iterator[tuple[int, str]]:
    """Yield each sentence with its position; a capital letter after a colon begins one as well."""
    start = 0
    for end in _END.finditer(text):
        yield start, text[start : end.start()]
        start = end.end()
    yield start, text[start:]


def _told(passage: Passage, position: int, phrase: str, remedy: str) -> str:
    line = passage.line + passage.text.count("\n", 0, position)
    return f"{passage.file}:{line}: {phrase!r}: {remedy}."
