"""QR symbols, drawn as SVG. The only door to qrcode."""

import re

QUIET = 4  # modules of white around a symbol (ISO/IEC 18004 6.3.8)
MASK = 0  # all eight are legal; trying each costs eight times as long


def svg(text: str) -> str:
    """The symbol as SVG with its quiet zone: level M, one path; black on white, whatever the page's colours."""
    rows = modules(text)
    side = len(rows) + 2 * QUIET
    runs = []
    for y, row in enumerate(rows):
        for run in re.finditer("1+", row):
            length = run.end() - run.start()
            runs.append(f"M{run.start()} {y}h{length}v1h-{length}z")
    box = f"{-QUIET} {-QUIET} {side} {side}"
    white = f'<path fill="#fff" d="M{-QUIET} {-QUIET}h{side}v{side}h-{side}z"/>'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}" shape-rendering="crispEdges">'
    return f'{head}{white}<path d="{"".join(runs)}"/></svg>'


def modules(text: str) -> list[str]:
    """The rows of the symbol, dark as 1. A fragment in capitals is a segment of its own, and takes less room."""
    import qrcode
    from qrcode.util import MODE_8BIT_BYTE, MODE_ALPHA_NUM, QRData

    cut = text.find("#") + 1 or len(text)
    symbol = qrcode.QRCode(error_correction=qrcode.ERROR_CORRECT_M, mask_pattern=MASK)
    symbol.add_data(QRData(text[:cut].encode(), mode=MODE_8BIT_BYTE), optimize=0)
    if text[cut:]:
        symbol.add_data(QRData(text[cut:].encode(), mode=MODE_ALPHA_NUM), optimize=0)
    symbol.make(fit=True)
    return ["".join("1" if dark else "0" for dark in row) for row in symbol.modules]
