//! A graph of the few operators that are lowered, with the shape of every value.

use crate::kernels::image::Window;
use crate::kernels::map::Quantisation;

/// A value, by its place in [`Graph::values`].
pub type ValueId = usize;

/// How the elements of a value lie.
#[derive(Debug, Clone, PartialEq)]
pub enum Shape {
    /// Height, width, channels of one image. The graph says channels, height, width; it is stored channels last.
    Image([usize; 3]),
    /// Any shape, stored in its own order.
    Flat(Vec<usize>),
}

impl Shape {
    /// The image, if it is one.
    pub fn image(&self) -> Option<[usize; 3]> {
        if let Self::Image(sides) = self { Some(*sides) } else { None }
    }

    /// The dimensions, if it is stored in their order.
    pub fn flat(&self) -> Option<&[usize]> {
        if let Self::Flat(sides) = self { Some(sides) } else { None }
    }

    /// How many elements.
    pub fn elements(&self) -> Option<usize> {
        let sides = match self {
            Self::Image(sides) => sides.as_slice(),
            Self::Flat(sides) => sides,
        };
        sides.iter().try_fold(1_usize, |product, side| product.checked_mul(*side))
    }
}

/// One value between nodes.
#[derive(Debug, Clone)]
pub struct Value {
    /// How its elements lie.
    pub shape: Shape,
    /// What its bytes stand for; None for 32-bit numbers.
    pub quantisation: Option<Quantisation>,
}

/// What a node does with its inputs.
#[derive(Debug, Clone)]
pub enum Op {
    /// A convolution over numbers; `groups` is 1 or the number of channels.
    Conv {
        /// Output channel, input channel of its group, row, column.
        weights: Vec<f32>,
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
        weights: Vec<i8>,
        /// Of each output channel.
        bias: Vec<i32>,
        /// The byte of zero in the input.
        zero: u8,
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
    /// Zeros behind the channels, below and to the right: the output's shape says how many.
    Extend,
    /// The same elements in the same order under another shape.
    Rename,
    /// Inputs one behind the other.
    Concat,
    /// A row times a matrix, row by row of the matrix.
    MatMul(Vec<f32>),
}

/// An operator with what it reads and makes.
#[derive(Debug, Clone)]
pub struct Node {
    /// What it does.
    pub op: Op,
    /// What it reads.
    pub inputs: Vec<ValueId>,
    /// What it makes.
    pub output: ValueId,
}

/// Nodes in an order in which they can be computed. Value 0 is the graph's only input, an image of numbers.
#[derive(Debug, Default)]
pub struct Graph {
    /// Every value.
    pub values: Vec<Value>,
    /// Every node.
    pub nodes: Vec<Node>,
    /// The graph's outputs, flat numbers each.
    pub outputs: Vec<ValueId>,
}

impl Graph {
    /// The nodes that read a value, each as often as it does.
    pub fn readers(&self, value: ValueId) -> impl Iterator<Item = usize> + '_ {
        let reads = move |(index, node): (usize, &Node)| {
            std::iter::repeat_n(index, node.inputs.iter().filter(|input| **input == value).count())
        };
        self.nodes.iter().enumerate().flat_map(reads)
    }

    /// The only node that reads a value, unless the graph gives it out.
    pub fn only_reader(&self, value: ValueId) -> Option<usize> {
        let mut readers = self.readers(value);
        let only = readers.next()?;
        (readers.next().is_none() && !self.outputs.contains(&value)).then_some(only)
    }

    /// The value that others extend by zeros to this one; itself, where none is.
    pub fn extended(&self, value: ValueId) -> ValueId {
        match self.maker(value) {
            Some(Node { op: Op::Extend, inputs, .. }) => self.extended(inputs[0]),
            _ => value,
        }
    }

    /// The node that makes a value.
    pub fn maker(&self, value: ValueId) -> Option<&Node> {
        self.nodes.iter().find(|node| node.output == value)
    }
}
