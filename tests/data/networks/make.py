"""Writes the tiny networks beside this file: pip install onnx==1.23.2, then python make.py.

Each averages a 32x32 picture, channels last, and multiplies the three means by a fixed matrix: four numbers.
No weights of anybody's; a test picture gives the same four numbers in every runtime.
"""

import pathlib

import onnx
from onnx import TensorProto, helper

HERE = pathlib.Path(__file__).parent
# The first column is positive, the second negative: under a square root it is not a number.
MATRIX = [1.0, -1.0, 0.5, 0.25, 2.0, -0.5, 1.0, -0.5, 0.5, -2.0, 1.5, 0.75]


def write(name, batch, root, length=1.0):
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, [batch, 32, 32, 3])
    output = helper.make_tensor_value_info("embedding", TensorProto.FLOAT, [batch, 4])
    matrix = helper.make_tensor("matrix", TensorProto.FLOAT, [3, 4], [number * length for number in MATRIX])
    nodes = [
        helper.make_node("ReduceMean", ["image"], ["means"], axes=[1, 2], keepdims=0),
        helper.make_node("MatMul", ["means", "matrix"], ["product" if root else "embedding"]),
    ]
    if root:
        nodes.append(helper.make_node("Sqrt", ["product"], ["embedding"]))
    graph = helper.make_graph(nodes, "means", [image], [output], [matrix])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(model)
    (HERE / name).write_bytes(model.SerializeToString(deterministic=True))


write("means.onnx", 1, root=False)
write("means-any-batch.onnx", "N", root=False)
write("means-long.onnx", 1, root=False, length=20.0)
write("not-a-number.onnx", 1, root=True)
