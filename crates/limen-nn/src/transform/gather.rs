//! Steps that stand between the same of tract's operators become one operator.

use std::collections::HashMap;

use tract_onnx::tract_core::internal::*;

use crate::operators::{Read, Steps};

/// The same model, whose steps run one after the other wherever tract computes nothing in between.
pub fn gather(mut model: TypedModel) -> TractResult<TypedModel> {
    // What nobody reads is gone, and nodes stand in an order in which they can be computed.
    model.compact()?;
    let levels = levels(&model);
    let target = TypedModel {
        symbols: model.symbols.clone(),
        properties: model.properties.clone(),
        ..TypedModel::default()
    };
    let mut gathered = Gathered { source: &model, target, values: HashMap::new() };
    for level in 0..=levels.iter().copied().max().unwrap_or(0) {
        let here = model.nodes.iter().filter(|node| levels[node.id] == level);
        let (steps, others): (Vec<_>, Vec<_>) = here.partition(|node| is_step(node));
        gathered.join(&steps)?;
        others.into_iter().try_for_each(|node| gathered.copy(node))?;
    }
    gathered.into_model()
}

fn is_step(node: &TypedNode) -> bool {
    node.op_is::<Steps>()
}

/// How often tract has its turn before a step, and which steps have had theirs before a node of tract's.
fn levels(model: &TypedModel) -> Vec<usize> {
    let mut levels = Vec::with_capacity(model.nodes.len());
    for node in &model.nodes {
        let after = |input: &OutletId| {
            let turn = is_step(node) && !is_step(model.node(input.node));
            levels[input.node] + usize::from(turn)
        };
        let level = node.inputs.iter().map(after).max().unwrap_or(0);
        levels.push(level);
    }
    levels
}

/// The model so far, and where it has the values of the one that it is made from.
struct Gathered<'a> {
    source: &'a TypedModel,
    target: TypedModel,
    values: HashMap<OutletId, OutletId>,
}

impl Gathered<'_> {
    /// Adds one operator for these steps.
    fn join(&mut self, nodes: &[&TypedNode]) -> TractResult<()> {
        let Some(last) = nodes.last() else { return Ok(()) };
        let mut made = Vec::new();
        let mut inputs = Vec::new();
        let mut steps = Vec::new();
        for node in nodes {
            let mut read = |input: &OutletId| match made.iter().position(|value| value == input) {
                Some(number) => Read::Made(number),
                None => Read::Input(number_of(&mut inputs, *input)),
            };
            let reads = node.inputs.iter().map(&mut read).collect();
            let step = node.op_as::<Steps>().and_then(Steps::only).context("a node that is one step")?;
            steps.push((step.clone(), reads));
            made.extend((0..node.outputs.len()).map(|slot| OutletId::new(node.id, slot)));
        }
        let read_outside = |value: &OutletId| {
            let readers = &self.source.node(value.node).outputs[value.slot].successors;
            self.source.outputs.contains(value)
                || readers.iter().any(|reader| !nodes.iter().any(|node| node.id == reader.node))
        };
        let outputs: Vec<_> = (0..made.len()).filter(|number| read_outside(&made[*number])).collect();
        let values: Vec<_> = outputs.iter().map(|number| made[*number]).collect();
        self.add(last.name.clone(), Steps::joined(steps, outputs), &inputs, &values)
    }

    /// Takes a node as it is.
    fn copy(&mut self, node: &TypedNode) -> TractResult<()> {
        let values: Vec<_> = (0..node.outputs.len()).map(|slot| OutletId::new(node.id, slot)).collect();
        self.add(node.name.clone(), node.op.clone(), &node.inputs, &values)
    }

    /// Adds an operator that reads and makes these values of the model that it is made from.
    fn add(
        &mut self,
        name: String,
        op: impl Into<Box<dyn TypedOp>>,
        inputs: &[OutletId],
        made: &[OutletId],
    ) -> TractResult<()> {
        let facts = made.iter().map(|value| self.source.outlet_fact(*value).cloned());
        let node = self.target.add_node(name, op, facts.collect::<TractResult<TVec<_>>>()?)?;
        for (slot, input) in self.found(inputs)?.into_iter().enumerate() {
            self.target.add_edge(input, InletId::new(node, slot))?;
        }
        self.values.extend(made.iter().enumerate().map(|(slot, value)| (*value, OutletId::new(node, slot))));
        Ok(())
    }

    fn found(&self, values: &[OutletId]) -> TractResult<Vec<OutletId>> {
        let found = |value| self.values.get(value).copied().context("a value that no node makes");
        values.iter().map(found).collect()
    }

    fn into_model(mut self) -> TractResult<TypedModel> {
        let (inputs, outputs) = (self.found(&self.source.inputs)?, self.found(&self.source.outputs)?);
        self.target.set_input_outlets(&inputs)?;
        self.target.select_output_outlets(&outputs)?;
        Ok(self.target)
    }
}

/// The number of a value among others, of which it is one then.
fn number_of(values: &mut Vec<OutletId>, value: OutletId) -> usize {
    values.iter().position(|other| *other == value).unwrap_or_else(|| {
        values.push(value);
        values.len() - 1
    })
}
