"""The picture of the comparison: a bar for each peer, on a logarithmic scale."""

import math
from typing import Any

_WIDTH, _LEFT, _ROW = 720, 120, 24
_BAR, _OURS = "#9db4c8", "#d9480f"
_DECADES = 4


def drawn(peers: dict[str, Any]) -> str:
    """Return an SVG of the times of one table, the fastest on top.

    Args:
        peers: by name, a dict with ``dict.get``: the time as a multiple of one lookup in a dict.
    """
    rows = sorted(
        ((row["dict.get"], name) for name, row in peers.items() if name != "dict.get"),
    )
    height = _ROW * (len(rows) + 2)
    title = "Finding one of GitHub's 813 routes, in lookups of a dict (logarithmic)"
    size = f'viewBox="0 0 {_WIDTH} {height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="13">',
        f'<rect width="{_WIDTH}" height="{height}" fill="white"/>',
        f'<text x="{_LEFT}" y="16">{title}</text>',
    ]
    for number, (multiple, name) in enumerate(rows, 1):
        top = number * _ROW
        length = math.log10(max(multiple, 1)) / _DECADES * (_WIDTH - _LEFT - 70)
        bar = f'y="{top + 4}" width="{length:.0f}" height="{_ROW - 8}"'
        color = _OURS if name == "asgi_routes" else _BAR
        parts += [
            f'<text x="{_LEFT - 8}" y="{top + 16}" text-anchor="end">{name}</text>',
            f'<rect x="{_LEFT}" {bar} fill="{color}"/>',
            f'<text x="{_LEFT + length + 6:.0f}" y="{top + 16}">{multiple:,.1f}</text>',
        ]
    return "\n".join([*parts, "</svg>"]) + "\n"
