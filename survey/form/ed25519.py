"""Whether an Ed25519 signature is its key's (RFC 8032 §5.1.7), for extract-signed().

⇄ static/app/engine/digest.rare.js

In plain Python, because the form layer takes nothing from outside but its readers, and because the phone needs the same
in a place where it cannot wait. It verifies only and holds no secret, so its time may depend on what it is given.
"""

from __future__ import annotations

import hashlib

_P = 2**255 - 19
_ORDER = 2**252 + 27742317777372353535851937790883648493
_D = -121665 * pow(121666, -1, _P) % _P
_Point = tuple[int, int, int, int]  # extended coordinates X, Y, Z, T: x = X/Z, y = Y/Z, xy = T/Z


def _plus(one: _Point, two: _Point) -> _Point:
    (x1, y1, z1, t1), (x2, y2, z2, t2) = one, two
    a, b, c, d = (y1 - x1) * (y2 - x2), (y1 + x1) * (y2 + x2), 2 * t1 * t2 * _D, 2 * z1 * z2
    e, f, g, h = (b - a) % _P, (d - c) % _P, (d + c) % _P, (b + a) % _P
    return e * f % _P, g * h % _P, f * g % _P, e * h % _P


def _times(scalar: int, point: _Point) -> _Point:
    total: _Point = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            total = _plus(total, point)
        point = _plus(point, point)
        scalar >>= 1
    return total


def _point(number: int) -> _Point | None:
    """The point with this y and sign of x (§5.1.3); None when there is none."""
    y, sign = number & ((1 << 255) - 1), number >> 255
    if y >= _P:
        return None
    square = (y * y - 1) * pow(_D * y * y + 1, -1, _P) % _P
    x = pow(square, (_P + 3) // 8, _P)
    if x * x % _P != square:
        x = x * pow(2, (_P - 1) // 4, _P) % _P
    if x * x % _P != square or (x == 0 and sign):
        return None
    x = _P - x if x & 1 != sign else x
    return x, y, 1, x * y % _P


def verifies(key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether `signature` (64 bytes) of `message` was made with the secret that belongs to `key` (32 bytes)."""
    if len(key) != 32 or len(signature) != 64:
        return False
    a, r = _point(int.from_bytes(key, "little")), _point(int.from_bytes(signature[:32], "little"))
    s = int.from_bytes(signature[32:], "little")
    base = _point(4 * pow(5, -1, _P) % _P)
    if a is None or r is None or base is None or s >= _ORDER:
        return False
    hashed = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % _ORDER
    (x1, y1, z1, _), (x2, y2, z2, _) = _times(s, base), _plus(r, _times(hashed, a))
    return (x1 * z2 - x2 * z1) % _P == 0 and (y1 * z2 - y2 * z1) % _P == 0
