"""What a badge's picture costs, drawn when somebody asks: CPU milliseconds of each format.

python -m tests.bench.bench_pictures
"""

import time
from collections.abc import Callable
from dataclasses import replace

from integrations.documents import pdf
from models.badge_picture import Card, Code, Letters, Style, draw, png
from tests.bench.figures import Figure, keep
from tests.channel.test_pictures import CARD, LINK


def cost(rounds: int, drawn: Callable[[Card], object]) -> float:
    """Milliseconds for a badge that was not drawn before."""
    links = [f"{LINK[:-6]}{n:06d}" for n in range(rounds)]
    cards = [replace(CARD, code=Code(link), agent_no=f"A-{link[-6:]}") for link in links]
    drawn(CARD)
    begun = time.process_time()
    for card in cards:
        drawn(card)
    return (time.process_time() - begun) / rounds * 1000


def printed(card: Card) -> bytes:
    drawing = draw(card, Style.CARD, Letters.TEXT)
    facts = {"title": "x", "svg": drawing.svg.decode(), "width": 148, "height": 92.9}
    return pdf("badge", facts)


def main() -> None:
    formats: dict[str, tuple[Callable[[Card], object], int, float]] = {
        "SVG in outlines": (lambda card: draw(card, Style.CARD, Letters.OUTLINE), 300, 3),
        "SVG with text": (lambda card: draw(card, Style.CARD, Letters.TEXT), 300, 3),
        "PNG of 720 pixels": (lambda card: png(draw(card), 720), 20, 100),
        "PDF": (printed, 40, 50),
    }
    figures: list[Figure] = []
    for name, (drawn, rounds, most) in formats.items():
        spent = cost(rounds, drawn)
        target = f"≤ {most} ms CPU"
        figures.append(
            Figure("pictures", f"badge card, {name}", f"{spent:.1f} ms", target, spent <= most)
        )
    keep("pictures", figures)


if __name__ == "__main__":
    main()
