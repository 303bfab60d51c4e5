"""Summarizes by the opening: the first words of an article, and no more."""

from dataclasses import dataclass, field

from feeder.model import Article, Summary

FEEDER_INTERFACE = 1


@dataclass(frozen=True)
class Opening:
    """The first `words` words of the first paragraph."""

    words: int = field(default=25, metadata={"help": "how many words it takes"})

    def __post_init__(self) -> None:
        if self.words < 1:
            raise ValueError("words must be at least 1")

    def __call__(self, article: Article) -> Summary:
        first = next((block.text for block in article.blocks if block.kind == "paragraph"), article.title)
        said = first.split()
        return Summary(" ".join(said[: self.words]) + ("…" if len(said) > self.words else ""), "opening")
