"""A thin layer over ONNX: collects nodes and constants in order, writes the same bytes every time."""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 13
IR_VERSION = 8


class Graph:
    """An ONNX graph in the making; every value is named by the caller or after its node."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, np.ndarray] = {}

    def constant(self, name: str, value: np.ndarray) -> str:
        """Adds a constant; a name stands for one value."""
        if name in self.constants:
            assert np.array_equal(self.constants[name], value), name
        self.constants[name] = np.ascontiguousarray(value)
        return name

    def node(self, operator: str, name: str, inputs: list[str], **attributes: object) -> str:
        """Adds a node with one output, which bears its name."""
        self.nodes.append(helper.make_node(operator, inputs, [name], name=name, **attributes))
        return name

    def rename(self, old: str, new: str) -> None:
        """Gives a value another name wherever it occurs."""
        for node in self.nodes:
            node.input[:] = [new if i == old else i for i in node.input]
            node.output[:] = [new if o == old else o for o in node.output]

    def write(self, path: str, inputs: dict[str, list[int]], outputs: dict[str, list[int]]) -> None:
        """Checks the graph and writes it."""

        def values(shapes: dict[str, list[int]]) -> list[onnx.ValueInfoProto]:
            return [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in shapes.items()]

        constants = [numpy_helper.from_array(value, name) for name, value in self.constants.items()]
        graph = helper.make_graph(self.nodes, self.name, values(inputs), values(outputs), constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="limen")
        model.ir_version = IR_VERSION
        onnx.checker.check_model(model, full_check=True)
        with open(path, "wb") as file:
            file.write(model.SerializeToString(deterministic=True))
