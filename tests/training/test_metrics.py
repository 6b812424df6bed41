"""Metrics of many models at once: exact, in little memory, on devices without double precision."""

import pytest
import torch
from sklearn.metrics import accuracy_score, f1_score
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from interplay.training.metrics import evaluate_members


@pytest.mark.parametrize("classes", [2, 5, 40])
def test_accuracy_and_f1_are_sklearns(classes):
    generator = torch.Generator().manual_seed(classes)
    outputs = torch.randn(3, 50, classes, generator=generator)
    targets = torch.randint(classes, (50,), generator=generator)
    found = evaluate_members(outputs, targets, "classification")
    for member in range(3):
        said = outputs[member].argmax(-1)
        assert found["accuracy"][member] == accuracy_score(targets, said)
        expected = f1_score(targets, said, average="macro")
        assert float(found["f1"][member]) == pytest.approx(expected, rel=1e-12)


class Largest(TorchDispatchMode):
    """The most numbers that any result had."""

    numbers = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        found = function(*args, **(kwargs or {}))
        sizes = [part.numel() for part in tree_leaves(found) if isinstance(part, torch.Tensor)]
        self.numbers = max([self.numbers, *sizes])
        return found


def test_many_classes_make_no_table_of_classes_by_classes():
    outputs = torch.randn(2, 10, 3000)
    with Largest() as largest:
        evaluate_members(outputs, torch.arange(10), "classification")
    assert 0 < largest.numbers <= outputs.numel() + 1


class OnMps(torch.Tensor):
    """A tensor that says it is on an Apple GPU, and refuses double precision as one does."""

    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        if function == torch.Tensor.device.__get__:
            return torch.device("mps")
        if function is torch.Tensor.cpu:
            with torch._C.DisableTorchFunctionSubclass():
                return args[0].as_subclass(torch.Tensor)
        found = super().__torch_function__(function, types, args, kwargs or {})
        if isinstance(found, torch.Tensor) and found.dtype == torch.float64:
            raise TypeError("Cannot convert a MPS Tensor to float64 dtype")
        return found


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_no_double_precision_on_an_apple_gpu(task):
    outputs = torch.randn(2, 6, 3)
    targets = torch.arange(6) % 3 if task == "classification" else torch.randn(6, 3)
    there = [tensor.as_subclass(OnMps) for tensor in (outputs, targets)]
    with pytest.raises(TypeError, match="float64"):
        there[0].double()
    found = evaluate_members(*there, task)
    for name, expected in evaluate_members(outputs, targets, task).items():
        assert type(found[name]) is torch.Tensor
        assert torch.equal(found[name], expected), name
