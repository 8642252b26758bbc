"""A number that remembers how it was made and sends gradients back.

Each `Value` keeps its operands with the local slope of each, stored while the forward pass runs. So the backward pass
is a loop that can be read aloud, and a drawing can print the slopes on its arrows. The operators are those of
micrograd's `Value`, which this follows.
"""

from __future__ import annotations

import math
from numbers import Real


class Value:
    """A number with a gradient.

    Attributes:
        data: the number.
        grad: what backward passes have added up here; 0.0 at first.
        op: what made it ("×", "tanh"); "" for a leaf, "number" for a bare number among the operands.
        edges: its operands, each with the local slope d self / d operand.

    >>> x = Value(3.0)
    >>> y = x * x + x
    >>> y.backward()
    >>> y.data, x.grad
    (12.0, 7.0)
    """

    __slots__ = ("data", "edges", "grad", "op")

    def __init__(self, data: float, edges: tuple[tuple[Value, float], ...] = (), op: str = "") -> None:
        if not _is_number(data):
            raise TypeError(f"data must be a number, got {type(data).__name__}")
        self.data, self.edges, self.op, self.grad = float(data), edges, op, 0.0

    def __repr__(self) -> str:
        """What it is worth, as it would be typed."""
        return f"Value({self.data:g})"

    def backward(self) -> None:
        """Add d(self)/d(v) to `v.grad`, for every value `v` that self was made from, and 1 to its own."""
        flow = {self: 1.0}  # this pass alone: `grad` may still hold earlier passes
        for value in reversed(operands_first(self)):
            value.grad += flow[value]
            for source, slope in value.edges:
                flow[source] = flow.get(source, 0.0) + slope * flow[value]

    def __add__(self, other: Value | float) -> Value:
        """The sum."""
        other = _value(other)
        return Value(self.data + other.data, ((self, 1.0), (other, 1.0)), "+")

    def __sub__(self, other: Value | float) -> Value:
        """The difference."""
        other = _value(other)
        return Value(self.data - other.data, ((self, 1.0), (other, -1.0)), "−")

    def __mul__(self, other: Value | float) -> Value:
        """The product."""
        other = _value(other)
        return Value(self.data * other.data, ((self, other.data), (other, self.data)), "×")

    def __truediv__(self, other: Value | float) -> Value:
        """The quotient."""
        other = _value(other)
        slopes = 1 / other.data, -self.data / other.data**2
        return Value(self.data / other.data, ((self, slopes[0]), (other, slopes[1])), "÷")

    def __pow__(self, exponent: float) -> Value:
        """The power, with a bare number as exponent."""
        if isinstance(exponent, Value):
            raise TypeError("exponent must be a number, got Value")
        if self.data < 0 and exponent % 1:
            raise ValueError(f"a negative number has no power {exponent:g}, got {self.data:g}")
        is_steep = self.data == 0 and 0 < exponent < 1  # the square root stands upright at 0
        slope = math.inf if is_steep else exponent * self.data ** (exponent - 1) if exponent else 0.0
        return Value(self.data**exponent, ((self, slope), (_value(exponent), 0.0)), "^")

    def __neg__(self) -> Value:
        """The number with the other sign."""
        return Value(-self.data, ((self, -1.0),), "negate")

    def __radd__(self, other: float) -> Value:
        """A bare number plus this."""
        return _value(other) + self

    def __rsub__(self, other: float) -> Value:
        """A bare number minus this."""
        return _value(other) - self

    def __rmul__(self, other: float) -> Value:
        """A bare number times this."""
        return _value(other) * self

    def __rtruediv__(self, other: float) -> Value:
        """A bare number divided by this."""
        return _value(other) / self

    def relu(self) -> Value:
        """The number itself above 0, else 0; the slope at 0 is taken as 0."""
        return Value(max(self.data, 0.0), ((self, float(self.data > 0)),), "relu")

    def tanh(self) -> Value:
        """The hyperbolic tangent, between -1 and 1."""
        data = math.tanh(self.data)
        return Value(data, ((self, 1 - data**2),), "tanh")

    def exp(self) -> Value:
        """E to this power."""
        data = math.exp(self.data)
        return Value(data, ((self, data),), "exp")

    def log(self) -> Value:
        """The natural logarithm; the number must be above 0."""
        return Value(math.log(self.data), ((self, 1 / self.data),), "log")


def operands_first(result: Value) -> list[Value]:
    """Every value behind `result` and itself, operands before what uses them, without recursion."""
    order: list[Value] = []
    seen = {result}
    stack = [(result, iter(result.edges))]
    while stack:
        fresh = next((source for source, _ in stack[-1][1] if source not in seen), None)
        if fresh is None:
            order.append(stack.pop()[0])
        else:
            seen.add(fresh)
            stack.append((fresh, iter(fresh.edges)))
    return order


def _value(number: Value | float) -> Value:
    return number if isinstance(number, Value) else Value(number, op="number")


def _is_number(data: object) -> bool:
    return isinstance(data, Real)  # numpy's numbers too
