//! Models of a few layers, with our kernels and without.

use tract_onnx::tract_core::internal::*;
use tract_onnx::tract_core::ops::array::{Pad, PadMode, TypedConcat};
use tract_onnx::tract_core::ops::cnn::{Conv, KernelFormat, MaxPool, PaddingSpec, PoolSpec};
use tract_onnx::tract_core::ops::math::{add, max, tanh};
use tract_onnx::tract_core::ops::nn::DataFormat;
use tract_onnx::tract_core::ops::quant::{DequantizeLinearF32, quantize_linear_i8};

use super::with_kernels;
use crate::engine::numbers;
use crate::input::PictureInput;
use crate::operators::{Buffers, Steps, picture};

const SIDE: usize = 16;

/// A model under construction, of one picture.
struct Layers {
    model: TypedModel,
    channels_last: bool,
    seed: u32,
}

impl Layers {
    fn new() -> (Self, OutletId) {
        Self::of(false)
    }

    fn of(channels_last: bool) -> (Self, OutletId) {
        let mut layers = Self { model: TypedModel::default(), channels_last, seed: 1 };
        let fact = f32::fact(layers.input().shape());
        let source = layers.model.add_source("image", fact).expect("a source");
        (layers, source)
    }

    fn input(&self) -> PictureInput {
        let table = || (0..256).map(|byte| byte as f32 / 255.0 - 0.5).collect();
        PictureInput {
            height: SIDE,
            width: SIDE,
            channels_last: self.channels_last,
            sources: [2, 1, 0],
            values: [table(), table(), table()],
        }
    }

    fn random(&mut self) -> f32 {
        self.seed = self.seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (self.seed >> 8) as f32 / (1 << 23) as f32 - 1.0
    }

    fn numbers(&mut self, shape: &[usize]) -> Tensor {
        let values: Vec<f32> = (0..shape.iter().product()).map(|_| self.random()).collect();
        Tensor::from_shape(shape, &values).expect("as many as the shape says")
    }

    fn wire(&mut self, op: impl Into<Box<dyn TypedOp>>, inputs: &[OutletId]) -> OutletId {
        let name = format!("node{}", self.model.nodes.len());
        self.model.wire_node(name, op, inputs).expect("the layer fits")[0]
    }

    fn constant(&mut self, tensor: Tensor) -> OutletId {
        let name = format!("constant{}", self.model.nodes.len());
        self.model.add_const(name, tensor).expect("a constant")
    }

    fn channels(&self, value: OutletId) -> usize {
        self.model.outlet_fact(value).expect("a value").shape[1].to_usize().expect("a number")
    }

    fn spec(&self, value: OutletId, outputs: usize, kernel: usize, pad: usize, stride: usize) -> PoolSpec {
        let padding = PaddingSpec::Explicit(tvec!(pad, pad), tvec!(pad, pad));
        let (kernel, stride) = (tvec!(kernel, kernel), Some(tvec!(stride, stride)));
        PoolSpec::new(DataFormat::NCHW, kernel, padding, None, stride, self.channels(value), outputs)
    }

    fn conv(&mut self, value: OutletId, outputs: usize) -> OutletId {
        let inputs = self.channels(value);
        let (weights, bias) = (self.numbers(&[outputs, inputs, 3, 3]), self.numbers(&[outputs]));
        let (weights, bias) = (self.constant(weights), self.constant(bias));
        let spec = self.spec(value, outputs, 3, 1, 1);
        self.wire(Conv::new(spec, KernelFormat::OIHW, 1, None), &[value, weights, bias])
    }

    fn relu(&mut self, value: OutletId) -> OutletId {
        let zero = self.constant(tensor0(0.0_f32).into_shape(&[1, 1, 1, 1]).expect("one number"));
        self.wire(max(), &[value, zero])
    }

    fn max_pool(&mut self, value: OutletId) -> OutletId {
        let channels = self.channels(value);
        let spec = self.spec(value, channels, 2, 0, 2);
        self.wire(MaxPool::new(spec, None), &[value])
    }

    fn pad(&mut self, value: OutletId, channels: usize) -> OutletId {
        let pads = vec![(0, 0), (0, channels), (0, 0), (0, 0)];
        self.wire(Pad::new(pads, PadMode::Constant(Arc::new(0.0_f32.into()))), &[value])
    }

    /// The model with our kernels, once it computes what it does without; how many nodes are tract's.
    fn agree(mut self, outputs: &[OutletId]) -> (TypedModel, usize) {
        self.model.select_output_outlets(outputs).expect("outputs");
        let input = self.input();
        let rgb: Vec<u8> = (0..3 * SIDE * SIDE).map(|index| (index * 37 % 251) as u8).collect();
        let buffers = Arc::new(Buffers::default());
        let ours = with_kernels(&self.model, &input, &buffers).expect("a model");
        let run = |model: TypedModel, picture: Tensor| {
            let plan = model.into_optimized().and_then(|model| model.into_runnable()).expect("a plan");
            numbers(&plan.run(tvec!(picture.into())).expect("it runs")).expect("numbers")
        };
        let image = Tensor::from_shape(&input.shape(), &input.normalise(&rgb)).expect("a picture");
        let expected = run(self.model, image);
        let found = run(ours.clone(), picture(SIDE, SIDE, &rgb, &buffers));
        assert_eq!(found.len(), expected.len());
        for (found, expected) in found.iter().zip(&expected) {
            assert_eq!(found.len(), expected.len());
            let apart =
                found.iter().zip(expected).map(|(one, other)| (one - other).abs()).fold(0.0, f32::max);
            assert!(apart < 1e-3, "{apart}");
        }
        let mut compacted = ours;
        compacted.compact().expect("a model");
        let of_tract = |node: &&TypedNode| !node.op_is::<Steps>() && !node.inputs.is_empty();
        let count = compacted.nodes.iter().filter(of_tract).count();
        (compacted, count)
    }
}

/// The operators of a model that are ours.
fn steps(model: &TypedModel) -> impl Iterator<Item = &Steps> {
    model.nodes.iter().filter_map(|node| node.op_as())
}

/// How many steps a model has of a kind.
fn count(model: &TypedModel, kind: &str) -> usize {
    steps(model).flat_map(Steps::iter).filter(|step| step.name() == kind).count()
}

#[test]
fn a_convolution_takes_along_its_sum_and_its_activation() {
    let (mut layers, image) = Layers::new();
    let first = layers.conv(image, 8);
    let second = layers.conv(first, 8);
    let sum = layers.wire(add(), &[second, first]);
    let output = layers.relu(sum);
    let (model, of_tract) = layers.agree(&[output]);
    assert_eq!((count(&model, "Dense"), count(&model, "Unpack"), of_tract), (2, 1, 0));
}

#[test]
fn a_layer_without_a_kernel_stays_tracts_between_two_that_have_one() {
    let (mut layers, image) = Layers::new();
    let first = layers.conv(image, 8);
    let unknown = layers.wire(tanh(), &[first]);
    let output = layers.conv(unknown, 4);
    let (model, of_tract) = layers.agree(&[output]);
    assert_eq!((count(&model, "Dense"), of_tract), (2, 1));
    assert_eq!((count(&model, "Unpack"), count(&model, "Pack")), (2, 1));
    assert_eq!(steps(&model).count(), 2);
}

#[test]
fn steps_are_one_operator_even_where_tract_reads_from_between_them() {
    let (mut layers, image) = Layers::new();
    let first = layers.conv(image, 8);
    let unknown = layers.wire(tanh(), &[first]);
    let second = layers.conv(first, 8);
    let joined = layers.wire(TypedConcat::new(1), &[unknown, second]);
    let (model, of_tract) = layers.agree(&[joined, first]);
    assert_eq!((steps(&model).count(), of_tract), (1, 2));
}

#[test]
fn an_image_is_handed_past_a_layer_of_tracts_as_it_lies() {
    let (mut layers, image) = Layers::new();
    let first = layers.conv(image, 8);
    let unknown = layers.wire(tanh(), &[first]);
    let second = layers.conv(unknown, 8);
    let output = layers.wire(add(), &[second, first]);
    let (model, of_tract) = layers.agree(&[output]);
    assert_eq!((steps(&model).count(), count(&model, "Pack"), of_tract), (2, 1, 1));
}

#[test]
fn what_only_tract_computes_is_not_packed_for_a_sum() {
    let (mut layers, image) = Layers::new();
    let (one, other) = (layers.wire(tanh(), &[image]), image);
    let sum = layers.wire(add(), &[one, other]);
    let output = layers.relu(sum);
    let (model, of_tract) = layers.agree(&[output]);
    assert_eq!(
        (count(&model, "Sum"), count(&model, "Pack"), count(&model, "Normalise"), of_tract),
        (0, 0, 1, 3)
    );
}

#[test]
fn a_value_that_kernels_and_tract_read_is_there_for_both() {
    let (mut layers, image) = Layers::new();
    let first = layers.conv(image, 8);
    let pooled = layers.max_pool(first);
    let unknown = layers.wire(tanh(), &[first]);
    let joined = layers.wire(TypedConcat::new(1), &[first, unknown]);
    let (model, of_tract) = layers.agree(&[pooled, first, joined]);
    assert_eq!((count(&model, "MaxPool"), count(&model, "Unpack"), of_tract), (1, 2, 2));
}

#[test]
fn zeros_behind_the_channels_are_added_without_being_there() {
    let (mut layers, image) = Layers::new();
    let first = layers.conv(image, 8);
    let longer = layers.pad(first, 4);
    let second = layers.conv(first, 12);
    let sum = layers.wire(add(), &[second, longer]);
    let (_, of_tract) = layers.agree(&[sum]);
    assert_eq!(of_tract, 0);
}

#[test]
fn zeros_that_somebody_else_reads_are_there() {
    let (mut layers, image) = Layers::new();
    let first = layers.conv(image, 8);
    let longer = layers.pad(first, 4);
    let second = layers.conv(first, 12);
    let sum = layers.wire(add(), &[second, longer]);
    let unknown = layers.wire(tanh(), &[longer]);
    let (_, of_tract) = layers.agree(&[sum, unknown]);
    assert_eq!(of_tract, 2);
}

#[test]
fn bytes_that_tract_reads_are_the_signed_ones_of_the_graph() {
    let (mut layers, image) = Layers::new();
    let bytes = layers.wire(quantize_linear_i8(64.0, -3), &[image]);
    let numbers = layers.wire(DequantizeLinearF32::new(1.0 / 64.0, -3), &[bytes]);
    let (model, of_tract) = layers.agree(&[numbers]);
    assert_eq!((count(&model, "PictureBytes"), count(&model, "UnpackBytes"), of_tract), (1, 1, 1));
}

#[test]
fn a_graph_with_the_channels_last_reads_the_same_picture() {
    let (mut layers, image) = Layers::of(true);
    let first = layers.wire(AxisOp::Move(3, 1), &[image]);
    let output = layers.conv(first, 4);
    let (model, _) = layers.agree(&[output]);
    assert_eq!((count(&model, "Dense"), count(&model, "Normalise")), (1, 1));
}
