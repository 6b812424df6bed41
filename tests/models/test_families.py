"""What cannot be built says so in one sentence; the listing; and digits are learned."""

import json
import subprocess
import sys

import pytest
import torch
from torch import nn

from interplay.data.dataset import DataSpec
from interplay.data.load import load_dataset
from interplay.models import FAMILIES
from interplay.models.factory import input_kind
from interplay.models.listing import common, describe_all
from interplay.training.members import Member, section
from interplay.training.reference import train_member
from interplay.training.tensors import make_parts
from tests.models.tables import build, spec_of


@pytest.mark.parametrize(
    ("family", "kind", "options", "message"),
    [
        ("linear", "flat", dict(num_layers=3, hidden_size=[8, 4]),
         "hidden_size lists 2 sizes for num_layers = 3: [8, 4]"),
        ("recurrent", "sequence", dict(num_layers=1, hidden_size=[8, 4]),
         "hidden_size lists 2 sizes for num_layers = 1: [8, 4]"),
        ("conv", "image", dict(num_layers=1, channels=[8, 4]),
         "channels lists 2 sizes for num_layers = 1: [8, 4]"),
        ("conv", "image", dict(channels=[8, 4], doubling=True),
         "doubling does not go with a list of channels: [8, 4]"),
        ("conv", "image", dict(num_layers=3),
         "num_layers = 3 with pool_every = 1 halves images of 9×7 3 times, which they allow 2 times"),
        ("conv", "sequence", dict(num_layers=7, pool_every=2),
         "num_layers = 7 with pool_every = 2 halves sequences of 6 steps 3 times, which they allow 2 times"),
        ("conv", "image", dict(channels=3, block="inception"),
         "channels = 3 is too few for block = 'inception', which shares them among 4 branches"),
    ],
)  # fmt: skip
def test_what_cannot_be_built(family, kind, options, message):
    with pytest.raises(ValueError) as error:
        build(family, spec_of(kind), options)
    assert str(error.value) == message


@pytest.mark.parametrize("pooling", ["max", "avg", "stride"])
@pytest.mark.parametrize(
    ("spec", "layers"),
    [
        (DataSpec("classification", "image", (1, 8, 9), 3), 3),
        (DataSpec("classification", "image", (1, 7, 100), 3), 2),
        (DataSpec("classification", "sequence", (8, 2), 3), 3),
        (DataSpec("classification", "sequence", (7, 2), 3), 2),
    ],
)
def test_as_many_halvings_as_the_message_allows_can_be_built(spec, layers, pooling):
    model = build("conv", spec, dict(num_layers=layers, pooling=pooling))
    assert model(torch.randn(2, *spec.shape)).shape == (2, 3)
    with pytest.raises(ValueError, match=f"{layers + 1} times"):
        build("conv", spec, dict(num_layers=layers + 1, pooling=pooling))


@pytest.mark.parametrize("kernel_size", [1, 2, 3, 4, 5, 8, 11])
@pytest.mark.parametrize("block", ["plain", "residual", "inception"])
def test_convolutions_keep_the_sides_of_images(block, kernel_size):
    options = dict(block=block, kernel_size=kernel_size, channels=8, pool_every=0)
    model = build("conv", spec_of("image"), options)
    assert model.layers(torch.randn(2, 2, 9, 7)).shape == (2, 8, 9, 7)


@pytest.mark.parametrize("block", ["plain", "residual", "inception"])
def test_images_stay_in_the_layout_in_which_convolutions_are_fast(block):
    options = dict(block=block, channels=8, squeeze_excite=True)
    model = build("conv", spec_of("image"), options)
    seen = []
    for module in model.modules():
        if isinstance(module, nn.Conv2d | nn.MaxPool2d | nn.BatchNorm2d):
            module.register_forward_hook(lambda m, x, out: seen.append(out))
    model(torch.randn(2, 2, 9, 7))
    assert seen
    assert all(out.is_contiguous(memory_format=torch.channels_last) for out in seen)


@pytest.mark.parametrize(
    ("architecture", "widths"),
    [(3, [6, 5, 4]), (1, [5]), (9, [6, 6, 6, 5, 5, 5, 4, 4, 4]), ([9, 2], [9, 2])],
)
def test_an_architecture_is_a_list_or_so_many_widths_between_inputs_and_outputs(
    architecture, widths
):
    spec = spec_of("flat")  # 7 features, 4 outputs
    model = build("mlp", spec, dict(architecture=architecture, last_activation="sigmoid"))
    layers = [module for module in model.modules() if isinstance(module, nn.Linear)]
    assert [layer.out_features for layer in layers] == [*widths, 4]
    assert [layer.in_features for layer in layers] == [7, *widths]
    out = model(torch.randn(5, 7) * 100)
    assert out.min() >= 0
    assert out.max() <= 1


def test_the_listing_is_the_registrys_and_needs_no_torch():
    listings = describe_all()
    assert [listing.name for listing in listings] == list(FAMILIES.names)
    channels = next(o for o in listings[1].options if o.name == "channels")
    assert (channels.default, channels.doc) == (
        32,
        "channels of each layer; a list gives each its own",
    )
    assert channels.allowed.startswith("whole number 1 to ")
    assert [option.name for option in common()] == ["start", "frozen"]
    assert all(option.allowed and option.doc for option in common())
    for listing in listings:
        assert listing.summary
        assert listing.accepts
        assert all(option.allowed and option.doc for option in listing.options)
    script = (
        "import sys, json; from interplay.models.listing import common, describe_all; describe_all();"
        "print(json.dumps('torch' in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    assert json.loads(done.stdout) is False


def test_conv_learns_the_digits(make_study):
    dataset = load_dataset({"name": "digits"})
    study = make_study(epochs=10, data={"batch_size": 32}, model={"name": "conv", "dropout": 0.0})
    # make_study's other model options are the linear family's.
    config = {k: v for k, v in study.cells()[0].items() if not k.startswith("model.")}
    config |= {"model.name": "conv"}
    data = section(config, "data")
    kind = input_kind(section(config, "model"), data["view"], dataset)
    assert kind == "image"
    parts = make_parts(dataset, kind, data, fold=None, folds=None, device="cpu")
    row = train_member(Member("k", config, 0, study.epochs), parts)
    assert row.error is None
    assert row.parameters == (1 * 32 * 9 + 64) + (32 * 32 * 9 + 64) + (32 * 2 * 2 * 10 + 10)
    assert row.curves["accuracy"][-1] > 0.98
