"""Gradients by PyTorch over weights that another process updates: the other half of ipc.mjs. Answers every line of JSON on standard
input with one on standard output."""

import base64
import ctypes
import json
import sys

import torch

driver = ctypes.CDLL("libcuda.so.1")


class Handle(ctypes.Structure):
    """CUipcMemHandle, which is passed by value."""

    _fields_ = [("bytes", ctypes.c_ubyte * 64)]


def check(result, call):
    if result != 0:
        name = ctypes.c_char_p()
        driver.cuGetErrorName(result, ctypes.byref(name))
        raise RuntimeError(f"{call}: {(name.value or b'').decode() or result}")


class Opened:
    """Memory of another process as PyTorch takes it over: by its address, without a copy."""

    def __init__(self, description):
        handle = Handle.from_buffer_copy(base64.b64decode(description["handle"]))
        self.base = ctypes.c_uint64()
        lazy_peer_access = 1
        check(driver.cuIpcOpenMemHandle_v2(ctypes.byref(self.base), handle, lazy_peer_access), "cuIpcOpenMemHandle")
        self.__cuda_array_interface__ = {
            "shape": (description["length"],),
            "typestr": "<f4",
            "data": (self.base.value + description["offset"], False),
            "version": 3,
        }

    def close(self):
        check(driver.cuIpcCloseMemHandle(self.base), "cuIpcCloseMemHandle")


def share(tensor):
    """What another process opens a tensor with. PyTorch puts many tensors into one allocation: the offset says where this one is."""
    pointer, begin, size = ctypes.c_uint64(tensor.data_ptr()), ctypes.c_uint64(), ctypes.c_size_t()
    check(driver.cuMemGetAddressRange_v2(ctypes.byref(begin), ctypes.byref(size), pointer), "cuMemGetAddressRange")
    handle = Handle()
    check(driver.cuIpcGetMemHandle(ctypes.byref(handle), begin), "cuIpcGetMemHandle")
    offset = pointer.value - begin.value
    return {"handle": base64.b64encode(bytes(handle.bytes)).decode(), "offset": offset, "length": tensor.numel()}


class Model:
    """Weights that are to become a given vector."""

    opened = ()

    def take(self, data, grad):
        self.data, self.grad = data, grad
        self.wanted = torch.sin(torch.arange(data.numel(), device=data.device, dtype=torch.float32))

    def open(self, data, grad):
        self.opened = [Opened(data), Opened(grad)]
        self.take(*(torch.as_tensor(memory, device="cuda") for memory in self.opened))
        return {}

    def close(self):
        del self.data, self.grad
        for memory in self.opened:
            memory.close()
        return {}

    def allocate(self, length):
        self.take(*(torch.zeros(length, device="cuda") for _ in range(2)))
        torch.cuda.synchronize()
        return {"data": share(self.data), "grad": share(self.grad)}

    def gradients(self):
        weights = self.data.detach().requires_grad_()
        loss = (weights - self.wanted).square().sum() / 2
        self.grad.copy_(torch.autograd.grad(loss, weights)[0])
        torch.cuda.synchronize()  # other processes know nothing of our streams
        return {"loss": loss.item() / weights.numel()}

    def sum_of_bits(self):
        return {"sum": self.data.view(torch.int32).sum(dtype=torch.int64).item()}


torch.zeros(1, device="cuda")  # makes the device's context, which the driver's calls need
model = Model()
for line in sys.stdin:
    question = json.loads(line)
    print(json.dumps(getattr(model, question.pop("do").replace(" ", "_"))(**question)), flush=True)
