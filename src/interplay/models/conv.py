"""The conv family: layers of convolutions, over images or along sequences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from interplay.models.types import Activation, Dropout, Layers, Norm, Units, per_layer

if TYPE_CHECKING:
    from torch import nn

    from interplay.data.dataset import DataSpec
    from interplay.models.blocks.norm import Layout


def conv(
    spec: DataSpec,
    /,
    *,
    num_layers: Layers = 2,
    channels: Annotated[
        Units | list[Units],
        Field(description="channels of each layer; a list gives each its own"),
    ] = 32,
    doubling: Annotated[
        bool, Field(description="double the channels after each downsampling")
    ] = False,
    kernel_size: Annotated[
        int, Field(ge=1, le=99, description="side of each convolution's window")
    ] = 3,
    block: Annotated[
        Literal["plain", "residual", "inception"],
        Field(description="what a layer is: one convolution, ResNet's block or GoogLeNet's"),
    ] = "plain",
    squeeze_excite: Annotated[
        bool, Field(description="scale each layer's channels by gates read from all of it")
    ] = False,
    pooling: Annotated[
        Literal["max", "avg", "stride"],
        Field(description="how sides are halved; stride is a convolution in steps of two"),
    ] = "max",
    pool_every: Annotated[
        int, Field(ge=0, le=1000, description="halve the sides after every so many layers; 0 never")
    ] = 1,
    norm: Norm = "batch",
    dropout: Dropout = 0.0,
    activation: Activation = "relu",
    global_pool: Annotated[
        bool, Field(description="read each channel's mean; otherwise every position of it")
    ] = False,
    hidden_size: Annotated[
        int,
        Field(ge=0, le=1_000_000, description="units of a hidden layer before the output; 0 none"),
    ] = 0,
) -> nn.Module:
    """`num_layers` layers of convolutions and a linear read-out.

    Images (batch, channels, height, width) are convolved in two dimensions, sequences
    (batch, steps, features) along their steps; (batch, outputs) comes out. Convolutions keep sides
    as they are; only downsampling halves them.

    Raises:
        ValueError: where `channels` is a list whose length is not `num_layers` or is to be doubled
            as well, where an inception layer has fewer than 4 channels, and where more halvings
            are asked for than the input's sides allow.
    """
    from torch import nn

    from interplay.models.blocks.conv import Chain, Conv
    from interplay.models.blocks.conv_net import ConvLayer, ImageConvNet, SequenceConvNet
    from interplay.models.blocks.dense import Dense
    from interplay.models.blocks.downsample import Downsample, halved_size
    from interplay.models.blocks.inception import Inception
    from interplay.models.blocks.residual import Residual
    from interplay.models.blocks.squeeze_excite import SqueezeExcite

    layout: Layout = "image" if spec.kind == "image" else "sequence"
    sides = spec.shape[1:] if layout == "image" else spec.shape[:1]
    halves = [pool_every > 0 and (i + 1) % pool_every == 0 for i in range(num_layers)]
    _check_halvings(sides, sum(halves), f"num_layers = {num_layers} with pool_every = {pool_every}")
    widths = per_layer("channels", channels, num_layers)
    if doubling:
        if not isinstance(channels, int):
            raise ValueError(f"doubling does not go with a list of channels: {channels}")
        widths = [channels * 2 ** sum(halves[:i]) for i in range(num_layers)]

    def make_block(inputs: int, outputs: int) -> nn.Module:
        if block == "residual":
            return Residual(
                inputs,
                outputs,
                kernel_size,
                layout=layout,
                norm=norm,
                activation=activation,
                squeeze_excite=squeeze_excite,
            )
        kind = Inception if block == "inception" else Conv
        made = kind(inputs, outputs, kernel_size, layout=layout, norm=norm, activation=activation)
        return Chain(made, SqueezeExcite(outputs)) if squeeze_excite else made

    layers: list[ConvLayer] = []
    width = spec.shape[0] if layout == "image" else spec.shape[1]
    for outputs, halve in zip(widths, halves, strict=True):
        made = make_block(width, outputs)
        down = None
        if halve:
            down = Downsample(outputs, pooling, layout=layout, norm=norm, activation=activation)
        layers.append(ConvLayer(made, down, dropout))
        width = outputs
    left = [halved_size(side, sum(halves), layout) for side in sides]
    head: list[nn.Module] = []
    if not global_pool:
        for side in left:
            width *= side
    if hidden_size:
        head.append(Dense(width, hidden_size, activation=activation, dropout=dropout, norm=norm))
        width = hidden_size
    head.append(nn.Linear(width, spec.num_outputs))
    if layout == "image":
        return ImageConvNet(layers, nn.Sequential(*head), global_pool)
    return SequenceConvNet(layers, nn.Sequential(*head), None if global_pool else left[0])


def _check_halvings(sides: tuple[int, ...], halvings: int, asked: str) -> None:
    """
    Raises:
        ValueError: where the shortest side cannot be halved so often.
    """
    most = min(sides).bit_length() - 1
    if halvings > most:
        size = "×".join(str(side) for side in sides)
        what = f"images of {size}" if len(sides) == 2 else f"sequences of {size} steps"
        raise ValueError(f"{asked} halves {what} {halvings} times, which they allow {most} times")
