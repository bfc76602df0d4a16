//! What a convolution or a sum takes along: nodes behind it whose value nobody else reads.

use std::collections::{HashMap, HashSet};

use tract_onnx::tract_core::internal::OutletId;

use super::graph::{Graph, Op};
use crate::kernels::map::Activation;

/// A convolution and what it takes along.
#[derive(Debug)]
pub struct FusedChain {
    /// The convolution.
    pub first: usize,
    /// The pointwise convolution behind a depthwise one, and what is applied between the two.
    pub pointwise: Option<(usize, Activation)>,
    /// All of them, in their order.
    pub nodes: Vec<usize>,
    /// Whether bytes become numbers on the way.
    pub to_numbers: bool,
    /// What is added.
    pub residual: Option<OutletId>,
    /// What is applied then.
    pub activation: Activation,
    /// What comes out.
    pub value: OutletId,
}

/// A sum of one or two values, and what it takes along.
#[derive(Debug)]
pub struct SumChain {
    /// All of them, in their order.
    pub nodes: Vec<usize>,
    /// The first value.
    pub first: OutletId,
    /// The second.
    pub second: Option<OutletId>,
    /// What is applied then.
    pub activation: Activation,
    /// What comes out, numbers or bytes.
    pub value: OutletId,
}

/// The nodes that were taken along.
#[derive(Debug, Default)]
pub struct Chains {
    claimed: HashSet<usize>,
    deferred: HashMap<usize, FusedChain>,
}

impl Chains {
    /// Takes a node.
    pub fn claim(&mut self, index: usize) {
        self.claimed.insert(index);
    }

    /// Whether a node was taken.
    pub fn is_claimed(&self, index: usize) -> bool {
        self.claimed.contains(&index)
    }

    /// Keeps a chain until its last node's turn comes: only then everything that it reads is there.
    pub fn defer(&mut self, chain: FusedChain) {
        self.deferred.insert(chain.last(), chain);
    }

    /// The chain whose last node has its turn.
    pub fn due(&mut self, index: usize) -> Option<FusedChain> {
        self.deferred.remove(&index)
    }

    /// Takes the only reader of a value, if it is of the kind.
    fn next(&mut self, graph: &Graph, value: OutletId, kind: impl Fn(&Op) -> bool) -> Option<usize> {
        let index = graph.only_reader(value)?;
        (kind(&graph.nodes[index].op) && self.claimed.insert(index)).then_some(index)
    }

    /// Takes the first quantisation of a value; its node and what it makes.
    pub fn quantised(&mut self, graph: &Graph, value: OutletId) -> Option<(usize, OutletId)> {
        let is_one =
            |index: &usize| matches!(graph.nodes[*index].op, Op::Quantise) && !self.is_claimed(*index);
        let index = graph.readers(value).iter().copied().find(is_one)?;
        self.claim(index);
        Some((index, graph.nodes[index].output))
    }

    fn activation(&mut self, graph: &Graph, value: OutletId, slopes: bool) -> Option<(usize, Activation)> {
        let kind = |op: &Op| matches!(op, Op::Relu) || slopes && matches!(op, Op::PRelu(_));
        let index = self.next(graph, value, kind)?;
        Some((index, activation(&graph.nodes[index].op)))
    }

    /// Takes the pointwise convolution that is all that follows a value, but for an activation before it.
    fn pointwise(&mut self, graph: &Graph, value: OutletId) -> Option<(usize, Activation)> {
        let mut index = graph.only_reader(value)?;
        let between = matches!(graph.nodes[index].op, Op::Relu | Op::PRelu(_)).then_some(index);
        if let Some(between) = between {
            index = graph.only_reader(graph.nodes[between].output)?;
        }
        let Op::Conv { window, depthwise: false, .. } = &graph.nodes[index].op else { return None };
        window.is_one_pixel().then_some(())?;
        self.claimed.extend(between.into_iter().chain([index]));
        let activation = between.map_or(Activation::None, |between| activation(&graph.nodes[between].op));
        Some((index, activation))
    }

    /// What a convolution takes along.
    pub fn after_convolution(&mut self, graph: &Graph, index: usize) -> FusedChain {
        let value = graph.nodes[index].output;
        let activation = Activation::None;
        let mut chain = FusedChain {
            first: index,
            pointwise: None,
            nodes: vec![index],
            to_numbers: false,
            residual: None,
            activation,
            value,
        };
        if matches!(graph.nodes[index].op, Op::Conv { depthwise: true, .. })
            && let Some((next, activation)) = self.pointwise(graph, value)
        {
            chain.nodes.extend(graph.readers(value).iter().filter(|reader| **reader != next));
            chain.pointwise = Some((next, activation));
            chain.extend(graph, next);
        }
        let bytes = graph.quantisation(value).is_some();
        if bytes {
            // A pool reads the bytes, and does what is in between by itself.
            let pooled = |index: usize| {
                let reader = graph.only_reader(graph.nodes[index].output);
                reader.is_some_and(|reader| matches!(graph.nodes[reader].op, Op::MaxPool(_)))
            };
            if graph.only_reader(value).is_none_or(pooled) {
                return chain;
            }
            let Some(next) = self.next(graph, value, |op| matches!(op, Op::Dequantise)) else { return chain };
            chain.to_numbers = true;
            chain.extend(graph, next);
        }
        let adds = |graph: &Graph, index: usize, value: OutletId| {
            let other = graph.nodes[index].inputs.iter().copied().find(|input| *input != value)?;
            let sides = |value: OutletId| graph.sides(value).map(|[height, width, _]| [height, width]);
            (sides(graph.extended(other)) == sides(value)).then_some(other)
        };
        let sum = graph.only_reader(chain.value).filter(|index| matches!(graph.nodes[*index].op, Op::Add));
        if let Some(other) = sum.and_then(|index| adds(graph, index, chain.value))
            && let Some(next) = self.next(graph, chain.value, |op| matches!(op, Op::Add))
        {
            chain.residual = Some(other);
            chain.extend(graph, next);
        }
        if let Some((next, activation)) = self.activation(graph, chain.value, !bytes) {
            chain.activation = activation;
            chain.extend(graph, next);
        }
        chain
    }

    /// What a sum, an activation or a quantisation that stands for itself takes along.
    pub fn after_sum(&mut self, graph: &Graph, index: usize) -> SumChain {
        let node = &graph.nodes[index];
        let mut chain = SumChain {
            nodes: vec![index],
            first: node.inputs[0],
            second: node.inputs.get(1).copied(),
            activation: activation(&node.op),
            value: node.output,
        };
        if matches!(node.op, Op::Add)
            && let Some((next, activation)) = self.activation(graph, chain.value, true)
        {
            chain.nodes.push(next);
            chain.activation = activation;
            chain.value = graph.nodes[next].output;
        }
        chain
    }
}

impl FusedChain {
    /// The last node, in whose place all of them are computed.
    pub fn last(&self) -> usize {
        self.nodes.last().copied().unwrap_or(self.first)
    }

    fn extend(&mut self, graph: &Graph, next: usize) {
        self.nodes.push(next);
        self.value = graph.nodes[next].output;
    }
}

fn activation(op: &Op) -> Activation {
    match op {
        Op::Relu => Activation::Relu,
        Op::PRelu(slopes) => Activation::PRelu(slopes.clone()),
        _ => Activation::None,
    }
}
