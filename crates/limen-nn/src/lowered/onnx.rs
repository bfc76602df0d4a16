//! From the file to a [`Graph`]: every node, attribute, type and shape is known here, or the graph is not lowered.
//!
//! The operators are read as ONNX defines them for the operator sets 13 to 22.

mod nodes;
mod tensors;

use std::collections::HashMap;

use tract_onnx::pb::{GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto};
use tract_onnx::pb::{tensor_shape_proto::dimension, type_proto};

use super::graph::{Graph, Node, Op, Shape, Value, ValueId};
use crate::kernels::map::Quantisation;

/// Elements of the largest value; far above what a picture needs, far below what a sum of sizes could overflow.
const LARGEST: usize = 1 << 24;

/// ONNX's number for 32-bit floating point.
const FLOAT: i32 = 1;

/// The graph for an input of this shape (batch, channels, height, width), if all of it is known.
pub fn read(model: &ModelProto, input: &[usize]) -> Option<Graph> {
    let known = |domain: &str, version: i64| domain.is_empty() && (13..=22).contains(&version);
    let sets = &model.opset_import;
    if sets.is_empty() || !sets.iter().all(|set| known(&set.domain, set.version)) {
        return None;
    }
    let proto = model.graph.as_ref()?;
    let mut reader = Reader {
        constants: proto.initializer.iter().map(|tensor| (tensor.name.as_str(), tensor)).collect(),
        names: HashMap::new(),
        graph: Graph::default(),
    };
    reader.input(proto, input)?;
    for node in &proto.node {
        reader.node(node)?;
    }
    for output in &proto.output {
        let value = reader.value(&output.name)?;
        let flat = reader.graph.values[value].shape.flat().is_some();
        let numbers = reader.graph.values[value].quantisation.is_none();
        let once = !reader.graph.outputs.contains(&value);
        reader.graph.outputs.push((flat && numbers && once).then_some(value)?);
    }
    Some(reader.graph)
}

struct Reader<'a> {
    constants: HashMap<&'a str, &'a TensorProto>,
    names: HashMap<&'a str, ValueId>,
    graph: Graph,
}

impl<'a> Reader<'a> {
    fn input(&mut self, proto: &'a GraphProto, wanted: &[usize]) -> Option<()> {
        let mut inputs = proto.input.iter().filter(|i| !self.constants.contains_key(i.name.as_str()));
        let (input, None) = (inputs.next()?, inputs.next()) else { return None };
        let &[1, channels, height, width] = wanted else { return None };
        let shape = declares(input, wanted).then_some(Shape::Image([height, width, channels]))?;
        let value = self.add(shape, None)?;
        self.names.insert(&input.name, value);
        Some(())
    }

    fn value(&self, name: &str) -> Option<ValueId> {
        self.names.get(name).copied()
    }

    fn add(&mut self, shape: Shape, quantisation: Option<Quantisation>) -> Option<ValueId> {
        let fits = shape.elements().is_some_and(|elements| (1..=LARGEST).contains(&elements));
        self.graph.values.push(fits.then_some(Value { shape, quantisation })?);
        Some(self.graph.values.len() - 1)
    }

    /// Adds a node with its output under the name that the file gives it.
    fn push(
        &mut self,
        proto: &'a NodeProto,
        op: Op,
        inputs: Vec<ValueId>,
        shape: Shape,
        quantisation: Option<Quantisation>,
    ) -> Option<()> {
        let [name] = proto.output.as_slice() else { return None };
        let output = self.add(shape, quantisation)?;
        self.graph.nodes.push(Node { op, inputs, output });
        self.names.insert(name, output).is_none().then_some(())
    }
}

/// Whether a graph's input is an image of numbers of the size that is wanted, or leaves sides of it open.
fn declares(input: &ValueInfoProto, wanted: &[usize]) -> bool {
    let Some(type_proto::Value::TensorType(tensor)) = input.r#type.as_ref().and_then(|t| t.value.as_ref())
    else {
        return false;
    };
    let Some(shape) = &tensor.shape else { return tensor.elem_type == FLOAT };
    tensor.elem_type == FLOAT
        && shape.dim.len() == wanted.len()
        && shape.dim.iter().zip(wanted).all(|(side, wanted)| match side.value {
            Some(dimension::Value::DimValue(side)) => usize::try_from(side) == Ok(*wanted),
            _ => true,
        })
}
