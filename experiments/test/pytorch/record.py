"""Records the first gradient of every model with PyTorch in float64: python3 record.py > gradients.json

Parameters and inputs follow from their names, so that only sums have to be stored. See ../models.test.mjs for the other side.
"""
import json
import os
import sys
import zlib

import numpy as np
import torch
import torch.nn.functional as F

CASES = json.load(open(os.path.join(os.path.dirname(__file__), "cases.json")))


def wave(name, shape, scale=1.0, mean=0.0):
    count = int(np.prod(shape))
    phase = zlib.crc32(name.encode()) % 1000
    values = mean + scale * np.sin(phase + 1.7 * np.arange(count))
    return torch.tensor(values.astype(np.float32).astype(np.float64).reshape(shape))


def integers(name, shape, below):
    return (wave(name, shape).abs() * 0.999 * below).long()


class Parameters(dict):
    def __call__(self, name, *shape):
        if name not in self:
            if len(shape) > 1:
                value = wave(name, shape, 1.5 / np.sqrt(np.prod(shape[1:])))
            else:
                value = wave(name, shape, 0.1, 1.0 if name.endswith("weight") else 0.0)
            self[name] = value.requires_grad_()
        return self[name]


def conv(p, name, x, outputs, kernel=3, stride=1, padding=None, bias=False):
    padding = kernel // 2 if padding is None else padding
    w = p(name + ".weight", outputs, x.shape[1], kernel, kernel)
    return F.conv2d(x, w, p(name + ".bias", outputs) if bias else None, stride, padding)


def norm(p, name, x):
    c = x.shape[1]
    return F.batch_norm(x, None, None, p(name + ".weight", c), p(name + ".bias", c), True, 0.1, 1e-5)


def linear(p, name, x, outputs, bias=True):
    return F.linear(x, p(name + ".weight", outputs, x.shape[1]), p(name + ".bias", outputs) if bias else None)


def layer_norm(p, name, x):
    d = x.shape[-1]
    return F.layer_norm(x, (d,), p(name + ".weight", d), p(name + ".bias", d), 1e-5)


def classified(logits, c):
    return F.cross_entropy(logits, integers("classes", (c["count"],), c["classes"]))


def vgg(p, c):
    x = wave("images", (c["count"], 3, c["size"], c["size"]))
    for k, step in enumerate(c["plan"]):
        name = f"features.{k}"
        x = F.max_pool2d(x, 2) if step == "pool" else F.relu(norm(p, name + ".norm", conv(p, name + ".conv", x, step, bias=True)))
    return classified(linear(p, "classifier", x.mean((2, 3)), c["classes"]), c)


def resnet(p, c):
    x = wave("images", (c["count"], 3, c["size"], c["size"]))
    x = F.relu(norm(p, "bn1", conv(p, "conv1", x, c["width"])))
    for stage, count in enumerate(c["blocks"]):
        channels = c["width"] * 2**stage
        for k in range(count):
            name, stride = f"layer{stage + 1}.{k}.", 2 if stage > 0 and k == 0 else 1
            y = F.relu(norm(p, name + "bn1", conv(p, name + "conv1", x, channels, stride=stride)))
            y = norm(p, name + "bn2", conv(p, name + "conv2", y, channels))
            if stride != 1 or x.shape[1] != channels:
                x = norm(p, name + "shortcut.bn", conv(p, name + "shortcut.conv", x, channels, kernel=1, stride=stride))
            x = F.relu(x + y)
    return classified(linear(p, "linear", x.mean((2, 3)), c["classes"]), c)


def densenet(p, c):
    growth = c["growth"]
    x = conv(p, "conv1", wave("images", (c["count"], 3, c["size"], c["size"])), 2 * growth)
    for stage, count in enumerate(c["blocks"]):
        for k in range(count):
            name = f"dense{stage + 1}.{k}."
            y = conv(p, name + "conv1", F.relu(norm(p, name + "bn1", x)), 4 * growth, kernel=1)
            y = conv(p, name + "conv2", F.relu(norm(p, name + "bn2", y)), growth)
            x = torch.cat([y, x], 1)
        if stage < len(c["blocks"]) - 1:
            name = f"trans{stage + 1}."
            x = F.avg_pool2d(conv(p, name + "conv", F.relu(norm(p, name + "bn", x)), x.shape[1] // 2, kernel=1), 2)
    x = F.relu(norm(p, "bn", x))
    return classified(linear(p, "linear", x.mean((2, 3)), c["classes"]), c)


def lstm(p, c):
    rows, length, cells = c["rows"], c["length"], c["cells"]
    tokens = integers("tokens", (length * rows,), c["vocabulary"])
    x = F.embedding(tokens, p("encoder.weight", c["vocabulary"], c["width"]))
    for k in range(c["layers"]):
        name = f"lstm{k + 1}."
        wx, wh, b = p(name + "weight_ih", 4 * cells, x.shape[1]), p(name + "weight_hh", 4 * cells, cells), p(name + "bias", 4 * cells)
        h, m = wave(f"h{k}", (rows, cells)), wave(f"c{k}", (rows, cells))
        # torch.nn.LSTM has the gates in the order i, f, g, o
        order = torch.cat([torch.arange(0, 2 * cells), torch.arange(3 * cells, 4 * cells), torch.arange(2 * cells, 3 * cells)])
        weights = [wx[order], wh[order], b[order], torch.zeros(4 * cells, dtype=torch.float64)]
        out, _, _ = torch.lstm(x.view(length, rows, -1), (h[None], m[None]), weights, True, 1, 0.0, True, False, False)
        x = out.reshape(length * rows, cells) * wave(f"mask{k + 1}", (rows, cells)).repeat(length, 1)
    logits = linear(p, "decoder", x, c["vocabulary"])
    return F.cross_entropy(logits, integers("targets", (length * rows,), c["vocabulary"]))


def attention(p, name, x, memory, mask, heads):
    b, t, d = x.shape
    split = lambda v: v.view(b, -1, heads, d // heads).transpose(1, 2)
    flat = lambda v: v.reshape(-1, d)
    q = split(linear(p, name + ".query", flat(x), d).view(b, t, d))
    k, v = linear(p, name + ".memory", flat(memory), 2 * d).view(b, -1, 2 * d).chunk(2, -1)
    a = torch.softmax(q @ split(k).transpose(-1, -2) / np.sqrt(d / heads) + mask, -1) @ split(v)
    return linear(p, name + ".output", flat(a.transpose(1, 2).reshape(b, t, d)), d).view(b, t, d)


def feed(p, name, x, hidden):
    y = F.relu(linear(p, name + ".in", x.reshape(-1, x.shape[-1]), hidden))
    return linear(p, name + ".out", y, x.shape[-1]).view(x.shape)


def embedded(p, name, tokens, c):
    words = F.embedding(tokens, p(name + ".tokens", c["vocabulary"], c["width"]))
    return words + p(name + ".positions", tokens.shape[1], c["width"])


def transformer(p, c):
    source = integers("source", (c["rows"], c["source"]), c["vocabulary"])
    target = integers("target", (c["rows"], c["target"]), c["vocabulary"])
    padding = torch.zeros(c["rows"], 1, 1, c["source"], dtype=torch.float64)
    padding[0, :, :, -1] = -1e9
    x = embedded(p, "encoder.embedding", source, c)
    for k in range(c["layers"]):
        name = f"encoder.layer{k + 1}"
        n = layer_norm(p, name + ".norm1", x)
        x = x + attention(p, name + ".attention", n, n, padding, c["heads"])
        x = x + feed(p, name + ".feed", layer_norm(p, name + ".norm2", x), c["hidden"])
    memory = layer_norm(p, "encoder.norm", x)
    causal = torch.full((c["target"], c["target"]), -1e9, dtype=torch.float64).triu(1)
    x = embedded(p, "decoder.embedding", target, c)
    for k in range(c["layers"]):
        name = f"decoder.layer{k + 1}"
        n = layer_norm(p, name + ".norm1", x)
        x = x + attention(p, name + ".attention", n, n, causal, c["heads"])
        x = x + attention(p, name + ".source", layer_norm(p, name + ".norm2", x), memory, padding, c["heads"])
        x = x + feed(p, name + ".feed", layer_norm(p, name + ".norm3", x), c["hidden"])
    x = layer_norm(p, "decoder.norm", x).view(-1, c["width"])
    logits = linear(p, "decoder.logits", x, c["vocabulary"])
    return F.cross_entropy(logits, integers("next", (c["rows"] * c["target"],), c["vocabulary"]))


def generator(p, c):
    doublings = int(np.log2(c["size"] / 4))
    first = c["width"] * 2 ** (doublings - 1)
    x = linear(p, "linear", wave("noise", (c["count"], c["inputs"])), first * 16, bias=False).view(-1, first, 4, 4)
    x = F.relu(norm(p, "norm0", x))
    for k in range(1, doublings):
        outputs = first // 2**k
        x = F.conv_transpose2d(x, p(f"up{k}.weight", x.shape[1], outputs, 4, 4), None, 2, 1)
        x = F.relu(norm(p, f"norm{k}", x))
    w, b = p("image.weight", x.shape[1], c["channels"], 4, 4), p("image.bias", c["channels"])
    x = torch.tanh(F.conv_transpose2d(x, w, b, 2, 1))
    return (x * wave("probe", x.shape)).sum() / c["count"]


def judge(p, x, c, normalize):
    for k in range(int(np.log2(c["size"] / 4))):
        x = conv(p, f"down{k}", x, c["width"] * 2**k, kernel=4, stride=2, padding=1, bias=not normalize)
        x = F.leaky_relu(norm(p, f"norm{k}", x) if normalize and k > 0 else x, 0.2)
    return linear(p, "score", x.flatten(1), 1, bias=False)


def images(name, c):
    return wave(name, (c["count"], c["channels"], c["size"], c["size"]))


def critic(p, c):
    real, made, share = images("real", c), images("made", c), wave("share", (c["count"], 1, 1, 1), 0.5, 0.5)
    between = (made + share * (real - made)).requires_grad_()
    (slope,) = torch.autograd.grad(judge(p, between, c, False).sum(), between, create_graph=True)
    penalty = ((slope.flatten(1).norm(dim=1) - 1) ** 2).mean()
    return judge(p, made, c, False).mean() - judge(p, real, c, False).mean() + c["lambda"] * penalty


def normalized_critic(p, c):
    return judge(p, images("made", c), c, True).mean() - judge(p, images("real", c), c, True).mean()


def spectral(p, name, *shape):
    w = p(name + ".weight", *shape)
    m = w.reshape(shape[0], -1)
    with torch.no_grad():
        u = wave(name + ".u", (shape[0],))
        v = F.normalize(m.t() @ u, dim=0)
        u = F.normalize(m @ v, dim=0)
    return w / (u @ m @ v)


def spectral_critic(p, c):
    x = images("made", c)
    for k in range(int(np.log2(c["size"] / 4))):
        for name, outputs, kernel, stride in ((f"conv{k}", 2**k, 3, 1), (f"down{k}", 2 ** (k + 1), 4, 2)):
            w = spectral(p, name, outputs * c["width"], x.shape[1], kernel, kernel)
            x = F.leaky_relu(F.conv2d(x, w, p(name + ".bias", outputs * c["width"]), stride, 1), 0.1)
    return F.relu(1 + x.flatten(1) @ spectral(p, "score", 1, x[0].numel()).t()).mean()


def policy(p, c):
    x = F.relu(linear(p, "hidden", wave("states", (c["count"], 4)), c["hidden"]))
    loss = F.cross_entropy(linear(p, "actions", x, c["actions"]), integers("taken", (c["count"],), c["actions"]), reduction="none")
    return (loss * wave("advantages", (c["count"],))).sum()


MODELS = {
    "vgg": vgg,
    "resnet": resnet,
    "densenet": densenet,
    "lstm": lstm,
    "transformer": transformer,
    "generator": generator,
    "critic": critic,
    "normalizedCritic": normalized_critic,
    "spectralCritic": spectral_critic,
    "policy": policy,
}


def record(name):
    parameters = Parameters()
    loss = MODELS[name](parameters, CASES[name])
    loss.backward()
    gradients = {}
    for key, value in parameters.items():
        g = value.grad.flatten()
        probe = torch.sin(1 + 0.37 * torch.arange(len(g), dtype=torch.float64))
        gradients[key] = [float(f"{x:.9g}") for x in (g.norm().item(), (g * probe).sum().item())]
    return {"loss": float(f"{loss.item():.9g}"), "gradients": gradients}


if __name__ == "__main__":
    result = {"torch": torch.__version__, "models": {name: record(name) for name in MODELS}}
    json.dump(result, sys.stdout, indent=1)
    print()
