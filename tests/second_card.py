"""Every operation on the card, done by the CPU: torch asks here where it would launch a CUDA kernel.

All that lies above the kernels is torch's own and knows nothing of this: autograd with its device thread, views,
version counters, functorch, export, hooks, the refusal of `numpy()`.
"""

from functools import partial
from pathlib import Path
import sys
from types import FunctionType
import warnings

from second_dice import as_cpu
import second_memory
from second_memory import CPU, OWN, card, host, resize
import second_rules
from second_rules import compute, launched, plan_of, refuse_mixtures, refuse_whole_numbers, with_tensors
import torch

_LIBRARIES = []  # what they register goes when they go
STATE = {"rounding": None, "operations": 0}


def take_over(rounding):
    """From now on the kernels of CUDA are those of this file.

    Args:
        rounding: a `Rounding`, which moves last digits as a card might; None leaves the CPU's.
    """
    STATE["rounding"] = rounding
    _hide()
    rest, aten = torch.library.Library("_", "IMPL"), torch.library.Library("aten", "IMPL")
    _LIBRARIES.extend([rest, aten])
    rest.fallback(_run, "CUDA")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a torch built for CUDA has kernels of its own: they are replaced
        for name, kernel in OWN.items():
            aten.impl(name, _quiet(kernel), "CUDA", allow_override=True)
        for op in _built_for_cuda():
            aten.impl(op, partial(_run, op), "CUDA", allow_override=True)


def _built_for_cuda():
    """The operations with a CUDA kernel in this torch: none in one built for the CPU alone."""
    for name in torch._C._dispatch_get_all_op_names():
        whole, _, overload = name.partition(".")
        ours = not whole.startswith("aten::") or name.removeprefix("aten::") in OWN
        if not ours and torch._C._dispatch_has_kernel_for_dispatch_key(name, "CUDA"):
            yield getattr(getattr(torch.ops.aten, whole.removeprefix("aten::")), overload or "default")


def _hide():
    """Let our functions count as torch's in tracebacks, as the kernels do whose place they take."""
    inside = str(Path(torch.__file__).parent / "_second_device.py")
    for module in (sys.modules[__name__], second_memory, second_rules):
        for function in vars(module).values():
            if isinstance(function, FunctionType) and function.__module__ == module.__name__:
                function.__code__ = function.__code__.replace(co_filename=inside)


def _quiet(kernel):
    """A kernel that no mode sees: modes have had their turn above."""
    return partial(_call, kernel)


def _call(kernel, *args, **kwargs):
    with torch._C.DisableTorchFunction():
        return kernel(*args, **kwargs)


def _run(op, *args, **kwargs):
    with torch._C.DisableTorchFunction():
        return _compute(op, args, kwargs)


def _compute(op, args, kwargs):
    STATE["operations"] += 1
    plan, rounding = plan_of(op), STATE["rounding"]
    given = dict(zip(plan.names, args, strict=False), **kwargs)
    refuse_mixtures(op, given)
    refuse_whole_numbers(op, given)
    launched(op)
    if plan.is_view:
        raise NotImplementedError(f"the second device knows no view {op}: tell tests/second_card.py how to make it")
    here, options = [_here(arg) for arg in with_tensors(op, args)], {name: _here(arg) for name, arg in kwargs.items()}
    if "device" in options:
        options["device"] = CPU
    # Operations resize what they write to, or use it as scratch paper: that must not be memory we only borrow.
    fresh = {name: torch.empty(0, dtype=options[name].dtype, device=CPU) for name in plan.outs}
    options |= fresh
    before = rounding and rounding.before(op, here, options, plan.writes)
    results = compute(partial(_draw, op) if plan.draws else op, *here, **options)
    if before:
        rounding.after(op, before, [*results] if isinstance(results, list | tuple) else [results])
    for name, result in fresh.items():
        if result.shape != given[name].shape:
            resize(given[name], result.size())
        host(given[name]).copy_(result)
    return _given_back(op, plan, given, results)


def _given_back(op, plan, given, results):
    """The results as the schema has them: those written over are the arguments themselves."""
    if plan.writes:
        written = [given[name] for name in plan.writes]
        count = len(op._schema.returns)
        return None if not count else written[0] if count == 1 else tuple(written)
    return type(results)(map(card, results)) if isinstance(results, list | tuple) else card(results)


def _here(arg):
    """An argument as the CPU can have it."""
    if isinstance(arg, torch.Tensor):
        return host(arg)
    if isinstance(arg, list | tuple) and arg:
        return [_here(each) for each in arg]
    return arg


def _draw(op, *args, **options):
    """Random numbers of the card."""
    names = plan_of(op).names
    place = names.index("generator") if "generator" in names else None
    args = list(args)
    dice = options.get("generator") or (args[place] if place is not None and place < len(args) else None)
    with as_cpu(dice or torch.cuda.default_generators[0]) as dice:
        if place is None:  # an older operation, which takes the CPU's own: it lends its state
            return _with_the_cpus_own(op, args, options, dice)
        if place < len(args):
            args[place] = dice
        else:
            options["generator"] = dice
        return op(*args, **options)


def _with_the_cpus_own(op, args, options, dice):
    own, before = torch.default_generator, torch.default_generator.get_state()
    own.set_state(dice.get_state())
    try:
        return op(*args, **options)
    finally:
        dice.set_state(own.get_state())
        own.set_state(before)
