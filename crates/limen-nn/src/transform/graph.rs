//! What a typed model is to our kernels: its images, and the nodes that they could compute.

use std::collections::{HashMap, HashSet};

use tract_onnx::tract_core::internal::{Arc, OutletId, Tensor};

use crate::kernels::image::{Border, Image, Window};
use crate::kernels::map::Quantisation;

/// Elements of the largest image; far above what a picture needs, far below what a sum of sizes could overflow.
pub const LARGEST: usize = 1 << 24;

/// A value that is one image.
#[derive(Debug, Clone, Copy)]
pub struct ImageValue {
    /// Height, width, channels. The model says channels, height, width; our kernels read channels last.
    pub sides: [usize; 3],
    /// What its bytes stand for; None for 32-bit numbers.
    pub quantisation: Option<Quantisation>,
}

/// What a node does with its inputs.
#[derive(Debug, Clone)]
pub enum Op {
    /// A convolution over numbers.
    Conv {
        /// Output channel, input channel of its group, row, column.
        weights: Arc<Tensor>,
        /// Of each output channel.
        bias: Vec<f32>,
        /// What slides.
        window: Window,
        /// Whether each channel is convolved by itself.
        depthwise: bool,
    },
    /// A convolution over bytes.
    ConvBytes {
        /// Output channel, input channel, row, column.
        weights: Arc<Tensor>,
        /// Of each output channel.
        bias: Vec<i32>,
        /// Of one unit of the sums in units of the output; one for all output channels or one for each.
        scales: Vec<f32>,
        /// What slides.
        window: Window,
    },
    /// Numbers to bytes; the output's quantisation says how.
    Quantise,
    /// Bytes to numbers.
    Dequantise,
    /// The sum of two images of one size.
    Add,
    /// Zero for what is below zero.
    Relu,
    /// A slope for what is below zero, of each channel.
    PRelu(Vec<f32>),
    /// The largest number under a window.
    MaxPool(Window),
    /// The mean under a window.
    AveragePool(Window),
    /// The mean of an image.
    Mean,
    /// Zeros behind the channels, below and to the right: the output's sides say how many.
    Extend,
    /// The channels of each pixel together, as our kernels have them anyway.
    ChannelsLast,
    /// A row times a matrix, row by row of the matrix.
    MatMul(Arc<Tensor>),
    /// Anything else, which stays tract's.
    Foreign,
}

/// An operator with what it reads and makes.
#[derive(Debug, Clone)]
pub struct Node {
    /// What it does.
    pub op: Op,
    /// What it reads; of what a kernel can compute, only what is no constant.
    pub inputs: Vec<OutletId>,
    /// What it makes; the first of several.
    pub output: OutletId,
    /// The model's nodes that it stands for, in their order.
    pub covers: Vec<usize>,
}

/// Nodes in an order in which they can be computed.
#[derive(Debug, Default)]
pub struct Graph {
    /// Every image.
    pub pictures: HashMap<OutletId, ImageValue>,
    /// Every node but the constant ones.
    pub nodes: Vec<Node>,
    /// The model's nodes that compute the same whatever the picture.
    pub constant: HashSet<usize>,
    /// The model's outputs.
    pub outputs: Vec<OutletId>,
    readers: HashMap<OutletId, Vec<usize>>,
    makers: HashMap<OutletId, usize>,
}

impl Graph {
    /// A graph without nodes.
    pub fn of_outputs(outputs: Vec<OutletId>) -> Self {
        Self { outputs, ..Self::default() }
    }

    /// Adds a node.
    pub fn push(&mut self, node: Node) {
        let index = self.nodes.len();
        for input in &node.inputs {
            self.readers.entry(*input).or_default().push(index);
        }
        self.makers.insert(node.output, index);
        self.nodes.push(node);
    }

    /// The nodes that read a value, each as often as it does.
    pub fn readers(&self, value: OutletId) -> &[usize] {
        self.readers.get(&value).map_or(&[], Vec::as_slice)
    }

    /// The only node that reads a value, unless the model gives it out.
    pub fn only_reader(&self, value: OutletId) -> Option<usize> {
        let &[only] = self.readers(value) else { return None };
        (!self.outputs.contains(&value)).then_some(only)
    }

    /// The node that makes a value.
    pub fn maker(&self, value: OutletId) -> Option<&Node> {
        self.makers.get(&value).map(|index| &self.nodes[*index])
    }

    /// The value that others extend by zeros to this one; itself, where none is.
    pub fn extended(&self, value: OutletId) -> OutletId {
        match self.maker(value) {
            Some(Node { op: Op::Extend, inputs, .. }) => inputs[0],
            _ => value,
        }
    }

    /// Height, width and channels of an image.
    pub fn sides(&self, value: OutletId) -> Option<[usize; 3]> {
        self.pictures.get(&value).map(|picture| picture.sides)
    }

    /// What the bytes of an image stand for; None for numbers.
    pub fn quantisation(&self, value: OutletId) -> Option<Quantisation> {
        self.pictures.get(&value)?.quantisation
    }

    /// How an image lies: inside the padding that the windows of its readers want. None for what would be too large.
    pub fn image(&self, value: OutletId) -> Option<Image> {
        let [height, width, channels] = self.sides(value)?;
        let pads = |reader: &usize| match &self.nodes[*reader].op {
            Op::Conv { window, .. } | Op::ConvBytes { window, .. } => window.pads,
            _ => Border::default(),
        };
        let border = self.readers(value).iter().map(pads).fold(Border::default(), Border::max);
        let image = Image { border, ..Image::new(height, width, channels) };
        (image.len() <= LARGEST).then_some(image)
    }
}
