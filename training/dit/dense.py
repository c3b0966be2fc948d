"""The diffusion transformer over items of one length as dense batches: what `services.dit.model` computes on packed
sequences, laid out for gradients on a CPU.

There a step is bound by passes over memory, not by products. So norms, rotations and gates have gradients of their own,
which take half of the passes that autograd would, and all items share each product of attention.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch.autograd import Function
from torch.nn import functional
from torch.nn.utils.rnn import pad_sequence

from services.dit.block import DitBlock
from services.dit.model import DiffusionTransformer
from services.layers.rotary import Rotation, rotation

# A logit that leaves nothing of a key, and that bfloat16 holds.
_UNSEEN = -1e4


class Dense:
    """A transformer's weights at work on batches [items, tokens, width]."""

    def __init__(self, transformer: DiffusionTransformer) -> None:
        self._transformer = transformer
        self._config = transformer.config

    def states(
        self,
        noisy: Sequence[torch.Tensor],
        context: Sequence[torch.Tensor],
        t: Sequence[float],
        conditions: Sequence[torch.Tensor],
    ) -> list[torch.Tensor]:
        """States [items, tokens, width] after every layer, then velocities [items, frames, channels] in float32.

        Takes latents [frames, channels], context [frames, 2 channels], noise levels and conditions [tokens, condition
        width], for each item.
        """
        network, config = self._transformer, self._config
        frames = torch.cat((torch.stack(list(context)), torch.stack(list(noisy))), dim=-1).to(network.weight)
        count, length, _ = frames.shape
        padded = functional.pad(frames, (0, 0, 0, -length % config.patch_size))
        patches = padded.view(count, -1, config.patch_size, padded.shape[2]).transpose(2, 3).flatten(2)
        x = network.proj_in(patches.flatten(0, 1)).view(count, patches.shape[1], -1)
        levels = torch.tensor(t).to(network.weight)
        embedding, modulations = (
            first + second
            for first, second in zip(network.time_embed(levels), network.time_embed_r(levels - levels), strict=True)
        )
        filled = pad_sequence(list(conditions), batch_first=True)
        condition = network.condition_embedder(filled.flatten(0, 1).to(x)).view(*filled.shape[:2], -1)
        unseen = _beyond([len(condition) for condition in conditions], x)
        outside = _outside(config.sliding_window, x)
        turn = rotation(x.shape[1], config.head_dim, config.rope_theta, device=x.device, dtype=x.dtype)
        states = []
        for layer in network.layers.in_turn():
            x = self._block(layer, x, modulations, condition, unseen, outside, turn)
            states.append(x)
        shift, scale = (network.scale_shift_table + embedding[:, None]).unbind(1)
        x = _modulated(_normalised(x, network.norm_out.weight), shift, scale)
        velocities = network.proj_out(x.flatten(0, 1)).flatten(0, 1).view(count, padded.shape[1], -1)
        return [*states, velocities[:, :length].float()]

    def _block(
        self,
        block: DitBlock,
        x: torch.Tensor,
        modulations: torch.Tensor,
        condition: torch.Tensor,
        unseen: torch.Tensor,
        outside: torch.Tensor | None,
        turn: Rotation,
    ) -> torch.Tensor:
        parts = (block.scale_shift_table + modulations).unbind(1)
        hidden_keys = None if block.self_attn.sight.window is None else outside
        hidden = _modulated(_normalised(x, block.self_attn_norm.weight), parts[0], parts[1])
        x = _gated(x, parts[2], self._see_itself(block, hidden, hidden_keys, turn))
        x = x + self._see_condition(block, _normalised(x, block.cross_attn_norm.weight), condition, unseen)
        hidden = _modulated(_normalised(x, block.mlp_norm.weight), parts[3], parts[4])
        mixed = _swiglu(functional.linear(hidden, block.mlp.gate_up_proj.weight))
        return _gated(x, parts[5], functional.linear(mixed, block.mlp.down_proj.weight))

    def _see_itself(
        self, block: DitBlock, x: torch.Tensor, outside: torch.Tensor | None, turn: Rotation
    ) -> torch.Tensor:
        attention, shape = block.self_attn, block.self_attn.shape
        heads = functional.linear(x, attention.qkv_proj.weight).view(*x.shape[:2], -1, shape.head_dim)
        both, values = torch.split(heads, [shape.heads + shape.kv_heads, shape.kv_heads], dim=2)
        scaled = shape.head_dim**-0.5 * attention.q_norm.weight
        gains = torch.cat((scaled.expand(shape.heads, -1), attention.k_norm.weight.expand(shape.kv_heads, -1)))
        turned = _rotated(_normalised(both, gains), turn)
        queries, keys = torch.split(turned, [shape.heads, shape.kv_heads], dim=2)
        return functional.linear(_attended(queries, keys, values, outside), attention.o_proj.weight)

    def _see_condition(
        self, block: DitBlock, x: torch.Tensor, condition: torch.Tensor, unseen: torch.Tensor
    ) -> torch.Tensor:
        attention, shape = block.cross_attn, block.cross_attn.shape
        queries = functional.linear(x, attention.q_proj.weight).view(*x.shape[:2], -1, shape.head_dim)
        queries = _normalised(queries, shape.head_dim**-0.5 * attention.q_norm.weight)
        heads = functional.linear(condition, attention.kv_proj.weight).view(*condition.shape[:2], -1, shape.head_dim)
        keys, values = torch.split(heads, shape.kv_heads, dim=2)
        keys = _normalised(keys, attention.k_norm.weight)
        return functional.linear(_attended(queries, keys, values, unseen), attention.o_proj.weight)


def _attended(
    queries: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, bias: torch.Tensor | None
) -> torch.Tensor:
    """Attention [items, tokens, heads * head_dim] of scaled queries [items, tokens, heads, head_dim]; `bias` is of
    each item's keys [items, 1, keys], or of queries and keys of all items [1, tokens, keys]."""
    items, tokens, heads, width = queries.shape
    groups = keys.shape[2]
    rows = queries.view(items, tokens, groups, -1, width).permute(0, 2, 3, 1, 4).reshape(items * groups, -1, width)
    columns = keys.permute(0, 2, 3, 1).reshape(items * groups, width, -1)
    if bias is None:
        scores = torch.bmm(rows, columns)
    elif bias.shape[1] == 1:
        scores = torch.baddbmm(bias.repeat_interleave(groups, 0), rows, columns)
    else:
        scores = torch.baddbmm(bias.repeat(1, heads // groups, 1), rows, columns)
    seen = torch.bmm(scores.softmax(-1), values.transpose(1, 2).reshape(items * groups, -1, width))
    return seen.view(items, groups, -1, tokens, width).permute(0, 3, 1, 2, 4).reshape(items, tokens, -1)


def _beyond(lengths: Sequence[int], like: torch.Tensor) -> torch.Tensor:
    """Bias [items, 1, longest] of keys that only fill up."""
    places = torch.arange(max(lengths), device=like.device)
    beyond = places >= torch.tensor(lengths, device=like.device)[:, None]
    return (_UNSEEN * beyond[:, None]).to(like.dtype)


def _outside(window: int, x: torch.Tensor) -> torch.Tensor | None:
    """Bias [1, tokens, tokens] of keys outside of a window on both sides; None where there are none."""
    if x.shape[1] <= window + 1:
        return None
    places = torch.arange(x.shape[1], device=x.device)
    return (_UNSEEN * ((places[:, None] - places).abs() > window))[None].to(x.dtype)


def _modulated(x: torch.Tensor, shift: torch.Tensor, scale: torch.Tensor) -> torch.Tensor:
    return torch.addcmul(shift[:, None], x, 1 + scale[:, None])


def _gated(x: torch.Tensor, gate: torch.Tensor, change: torch.Tensor) -> torch.Tensor:
    return torch.addcmul(x, gate[:, None], change)


def _normalised(x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    return _RmsNorm.apply(x, weight)  # type: ignore[no-any-return, no-untyped-call]


def _rotated(x: torch.Tensor, turn: Rotation) -> torch.Tensor:
    return _Rotate.apply(x, *turn)  # type: ignore[no-any-return, no-untyped-call]


def _swiglu(both: torch.Tensor) -> torch.Tensor:
    return _SwiGlu.apply(both)  # type: ignore[no-any-return, no-untyped-call]


class _RmsNorm(Function):
    """x / rms(x) times a weight [width] or [heads, width]."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        """Same shape as x."""
        squares: torch.Tensor = torch.linalg.vector_norm(x, dim=-1, keepdim=True, dtype=torch.float32).square_()
        inverse = (squares / x.shape[-1] + 1e-6).rsqrt_().to(x.dtype)
        unit = x * inverse
        ctx.save_for_backward(unit, inverse, weight)
        return unit * weight

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Gradients of x and of the weight."""
        unit, inverse, weight = ctx.saved_tensors
        shares = gradient * unit
        inward = gradient * weight
        along = torch.einsum("...w,w->..." if weight.dim() == 1 else "...hw,hw->...h", shares, weight)
        along = along.view(inverse.shape) / -unit.shape[-1]
        inward.addcmul_(unit, along).mul_(inverse)
        return inward, shares.flatten(0, -weight.dim() - 1).sum(0)


class _Rotate(Function):
    """Rotary positions [tokens, width] of heads [items, tokens, heads, width]; halves change places by a product."""

    @staticmethod
    def forward(ctx: Any, x: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
        """Same shape as x."""
        ctx.save_for_backward(cos, sin)
        turned: torch.Tensor = (x * cos[:, None]).addcmul_(x @ _quarter_turn(x), sin[:, None])
        return turned

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor, None, None]:
        """The turn back."""
        cos, sin = ctx.saved_tensors
        # Both halves have the same sines, so the order of the two factors does not matter.
        back = (gradient @ _quarter_turn(gradient)).mul_(sin[:, None]).neg_()
        return back.addcmul_(gradient, cos[:, None]), None, None


def _quarter_turn(x: torch.Tensor) -> torch.Tensor:
    """The matrix [width, width] that takes halves (a, b) to (-b, a)."""
    half = torch.eye(x.shape[-1] // 2, dtype=x.dtype, device=x.device)
    none = torch.zeros_like(half)
    return torch.cat((torch.cat((none, half), dim=1), torch.cat((-half, none), dim=1)))


class _SwiGlu(Function):
    """silu(gate) * up of both side by side [..., 2 hidden]."""

    @staticmethod
    def forward(ctx: Any, both: torch.Tensor) -> torch.Tensor:
        """[..., hidden]."""
        ctx.save_for_backward(both)
        gate, up = both.chunk(2, dim=-1)
        return functional.silu(gate).mul_(up)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> torch.Tensor:
        """[..., 2 hidden]."""
        (both,) = ctx.saved_tensors
        gate, up = both.chunk(2, dim=-1)
        out = torch.empty_like(both)
        to_gate, to_up = out.chunk(2, dim=-1)
        torch.mul(functional.silu(gate), gradient, out=to_up)
        torch.ops.aten.silu_backward.grad_input(gradient * up, gate, grad_input=to_gate)
        return out
