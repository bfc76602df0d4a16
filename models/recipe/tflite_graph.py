"""Turns networks from TensorFlow Lite into ONNX: half-precision weights become float, the axes of pictures go from
last to first, and what stands for a PReLU becomes one. Only the operators that our networks use are known."""

from __future__ import annotations

import numpy as np
import tflite

from graph import Graph

# How a PReLU of TensorFlow 1 is written: relu(x) + c (x - |x|).
_PRELU = ["RELU", "ABS", "SUB", "MUL", "ADD"]
_NAMES = {value: name for name, value in vars(tflite.BuiltinOperator).items() if isinstance(value, int)}


def convert(path: str, name: str) -> Graph:
    """The graph of a file: input `image`, outputs under their original names."""
    with open(path, "rb") as file:
        model = tflite.Model.GetRootAsModel(file.read(), 0)
    return _Converter(model, name).run()


class _Converter:
    def __init__(self, model: tflite.Model, name: str) -> None:
        self.model = model
        self.source = model.Subgraphs(0)
        self.graph = Graph(name)
        self.folded: dict[int, np.ndarray] = {}
        self.names: dict[int, str] = {self.source.Inputs(0): "image"}

    def run(self) -> Graph:
        index = 0
        while index < self.source.OperatorsLength():
            operator = self.source.Operators(index)
            inputs, output = list(operator.InputsAsNumpy()), operator.Outputs(0)
            kind = self._kind(index)
            if kind == "DEQUANTIZE":
                self.folded[output] = self._data(inputs[0]).astype(np.float32)
            elif self._is_prelu(index):
                output = self.source.Operators(index + len(_PRELU) - 1).Outputs(0)
                self.names[output] = self._written_prelu(index, inputs[0], self._name(output))
                index += len(_PRELU) - 1
            else:
                self.names[output] = getattr(self, f"_{kind.lower()}")(operator, inputs, self._name(output))
            index += 1
        return self.graph

    def _kind(self, index: int) -> str:
        code = self.model.OperatorCodes(self.source.Operators(index).OpcodeIndex())
        return _NAMES[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())]

    def _is_prelu(self, index: int) -> bool:
        steps = range(index, min(index + len(_PRELU), self.source.OperatorsLength()))
        return [self._kind(step) for step in steps] == _PRELU

    def _written_prelu(self, index: int, value: int, name: str) -> str:
        reads = [set(self.source.Operators(index + step).InputsAsNumpy()) for step in range(len(_PRELU))]
        relu, absolute, difference, product = (self.source.Operators(index + step).Outputs(0) for step in range(4))
        (factor,) = reads[3] - {difference}
        assert reads[:3] == [{value}, {value}, {value, absolute}], name
        assert list(self.source.Operators(index + 2).InputsAsNumpy()) == [value, absolute], name
        assert reads[4] == {relu, product}, name
        # Below zero, x - |x| is 2x.
        slope = self.graph.constant(f"{name}_slope", 2 * self._data(factor).reshape(-1, 1, 1))
        return self.graph.node("PRelu", name, [self.names[value], slope])

    def _name(self, index: int) -> str:
        return self.source.Tensors(index).Name().decode().replace("/", "_")

    def _shape(self, index: int) -> list[int]:
        return [int(n) for n in self.source.Tensors(index).ShapeAsNumpy()]

    def _data(self, index: int) -> np.ndarray:
        if index in self.folded:
            return self.folded[index]
        tensor = self.source.Tensors(index)
        raw = self.model.Buffers(tensor.Buffer()).DataAsNumpy().tobytes()
        kind = {0: np.float32, 1: np.float16, 2: np.int32}[tensor.Type()]
        return np.frombuffer(raw, kind).reshape(self._shape(index))

    def _options(self, operator: tflite.Operator, kind: type) -> object:
        options = kind()
        table = operator.BuiltinOptions()
        options.Init(table.Bytes, table.Pos)
        return options

    def _activated(self, value: str, name: str, activation: int) -> str:
        assert activation in (tflite.ActivationFunctionType.NONE, tflite.ActivationFunctionType.RELU)
        if activation == tflite.ActivationFunctionType.NONE:
            return value
        return self.graph.node("Relu", f"{name}_relu", [value])

    def _pads(self, padding: int, size: int, kernel: int, stride: int) -> tuple[int, int]:
        if padding == tflite.Padding.VALID:
            return 0, 0
        total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
        return total // 2, total - total // 2

    def _window(self, options: object, value: int, rows: int, columns: int) -> dict[str, list[int]]:
        _, height, width, _ = self._shape(value)
        strides = [options.StrideH(), options.StrideW()]
        top, bottom = self._pads(options.Padding(), height, rows, strides[0])
        left, right = self._pads(options.Padding(), width, columns, strides[1])
        return {"kernel_shape": [rows, columns], "strides": strides, "pads": [top, left, bottom, right]}

    def _conv_2d(self, operator: tflite.Operator, inputs: list[int], name: str) -> str:
        options = self._options(operator, tflite.Conv2DOptions)
        weight = self._data(inputs[1]).transpose(0, 3, 1, 2)
        return self._convolution(options, inputs, name, weight, 1)

    def _depthwise_conv_2d(self, operator: tflite.Operator, inputs: list[int], name: str) -> str:
        options = self._options(operator, tflite.DepthwiseConv2DOptions)
        weight = self._data(inputs[1]).transpose(3, 0, 1, 2)
        return self._convolution(options, inputs, name, weight, len(weight))

    def _convolution(self, options: object, inputs: list[int], name: str, weight: np.ndarray, group: int) -> str:
        window = self._window(options, inputs[0], weight.shape[2], weight.shape[3])
        values = [
            self.names[inputs[0]],
            self.graph.constant(f"{name}_w", weight),
            self.graph.constant(f"{name}_b", self._data(inputs[2])),
        ]
        value = self.graph.node("Conv", name, values, group=group, **window)
        return self._activated(value, name, options.FusedActivationFunction())

    def _max_pool_2d(self, operator: tflite.Operator, inputs: list[int], name: str) -> str:
        options = self._options(operator, tflite.Pool2DOptions)
        window = self._window(options, inputs[0], options.FilterHeight(), options.FilterWidth())
        return self.graph.node("MaxPool", name, [self.names[inputs[0]]], **window)

    def _relu(self, _: tflite.Operator, inputs: list[int], name: str) -> str:
        return self.graph.node("Relu", name, [self.names[inputs[0]]])

    def _prelu(self, _: tflite.Operator, inputs: list[int], name: str) -> str:
        slope = self.graph.constant(f"{name}_slope", self._data(inputs[1]).reshape(-1, 1, 1))
        return self.graph.node("PRelu", name, [self.names[inputs[0]], slope])

    def _add(self, operator: tflite.Operator, inputs: list[int], name: str) -> str:
        options = self._options(operator, tflite.AddOptions)
        value = self.graph.node("Add", name, [self.names[i] for i in inputs])
        return self._activated(value, name, options.FusedActivationFunction())

    def _pad(self, _: tflite.Operator, inputs: list[int], name: str) -> str:
        before, after = (self._data(inputs[1])[[0, 3, 1, 2], side] for side in (0, 1))
        pads = self.graph.constant(f"{name}_pads", np.concatenate([before, after]).astype(np.int64))
        return self.graph.node("Pad", name, [self.names[inputs[0]], pads])

    def _reshape(self, _: tflite.Operator, inputs: list[int], name: str) -> str:
        if self._shape(inputs[0])[1:3] == [1, 1]:
            return self.graph.node("Flatten", name, [self.names[inputs[0]]], axis=1)
        last = self.graph.node("Transpose", f"{name}_last", [self.names[inputs[0]]], perm=[0, 2, 3, 1])
        output = {len(self._shape(i)): i for i in range(self.source.TensorsLength()) if self._name(i) == name}
        shape = self.graph.constant(f"{name}_shape", np.array(self._shape(output[3]), np.int64))
        return self.graph.node("Reshape", name, [last, shape])

    def _concatenation(self, _: tflite.Operator, inputs: list[int], name: str) -> str:
        return self.graph.node("Concat", name, [self.names[i] for i in inputs], axis=1)
