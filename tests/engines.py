"""Engines that compute as the package's does, but for one fault."""

from contextlib import suppress
from math import exp, log
from operator import add

from course_utils import Value
from course_utils.engine import operands_first


class Engine(Value):
    """`Value` with results of its own class, so that a fault in one method is met everywhere."""

    __slots__ = ()


def engine_with(**methods):
    """A class that computes as `Value` does, but for these methods."""
    made = type("Engine", (Engine,), {"__slots__": (), **methods})

    def anew(name):
        def method(self, *others):
            result = getattr(Value, name)(self, *others)
            return made(result.data, result.edges, result.op)

        return method

    def turned(name):
        return lambda self, other: getattr(made(other), f"__{name}__")(self)

    names = [f"__{name}__" for name in ("neg", "add", "sub", "mul", "truediv", "pow")] + ["relu", "tanh", "exp", "log"]
    own = {name: anew(name) for name in names}
    own |= {f"__r{name}__": turned(name) for name in ("add", "sub", "mul", "truediv")}
    for name in set(own) - set(methods):
        setattr(made, name, own[name])
    return made


def rule(compute, slopes):
    """A method with these slopes."""

    def method(self, *others):
        values = [self, *(other if isinstance(other, Value) else Value(other) for other in others)]
        numbers = [value.data for value in values]
        return type(self)(compute(*numbers), tuple(zip(values, slopes(*numbers), strict=True)))

    return method


def turns(result):
    return operands_first(result)[::-1]


def back(order=turns, join=add, store=lambda value, arrived: value.grad + arrived, start=1.0):
    """A backward pass: in which order, how what arrives joins what is there, what is left in `.grad`."""

    def backward(self):
        flow = {self: start}
        for value in order(self):
            value.grad = store(value, flow[value])
            for source, slope in value.edges:
                flow[source] = join(flow.get(source, 0.0), slope * flow[value])

    return backward


def overwrites(old, new):
    return new


def last_pass(value, arrived):
    return arrived


def spoils(value, arrived):
    value.data += 1.0
    return value.grad + arrived


def as_found(result):
    found = [result]
    for value in found:
        found += dict.fromkeys(source for source, _ in value.edges if source not in found)
    return found


def reads_grad(self):
    self.grad = 1.0
    for value in turns(self):
        for source, slope in value.edges:
            source.grad += slope * value.grad


def each_path(self, arrives=1.0):
    self.grad += arrives
    for source, slope in self.edges:
        each_path(source, slope * arrives)


def last_in_first_out(result):
    order, seen, stack = [], {result}, [result]
    while stack:
        order.append(stack.pop())
        for source, _ in order[-1].edges:
            if source not in seen:
                seen.add(source)
                stack.append(source)
    return sorted(order, key=lambda value: not value.edges)  # leaves last: they only receive


def by_distance(result):
    found = as_found(result)
    level = dict.fromkeys(found, 0)
    for value in found:
        for source, _ in value.edges:
            level[source] = max(level[source], level[value] + 1)
    return sorted(found, key=level.get)


def by_logarithm(a, n):
    return exp(n * log(a))


def short_graphs_only(self):
    if len(operands_first(self)) < 30:
        back()(self)


def too_deep_in_silence(self):
    order, seen = [], set()

    def visit(value):
        if value not in seen:
            seen.add(value)
            for source, _ in value.edges:
                visit(source)
            order.append(value)

    with suppress(RecursionError):
        visit(self)
    if self in order:
        back(order=lambda _: order[::-1])(self)
