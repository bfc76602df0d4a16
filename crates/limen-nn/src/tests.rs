//! Networks with our kernels against the same networks in tract alone.

use std::path::Path;

use tract_onnx::tract_core::internal::*;
use tract_onnx::tract_core::ops::array::TypedConcat;

use crate::engine::{numbers, typed};
use crate::operators::Steps;
use crate::transform::with_kernels;
use crate::{Network, PictureInput};

/// Every second picture is noise, the others are a slope with a little of it.
fn picture(bytes: usize, seed: u64) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(seed + 1);
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    let slope = |index: usize| (index * 200 / bytes) as u8;
    (0..bytes)
        .map(|index| if seed.is_multiple_of(2) { random() } else { slope(index) + random() % 32 })
        .collect()
}

/// A network in tract alone.
struct Oracle {
    plan: Arc<TypedRunnableModel>,
    input: PictureInput,
}

impl Oracle {
    fn run(&self, rgb: &[u8]) -> TractResult<Vec<Vec<f32>>> {
        let picture = Tensor::from_shape(&self.input.shape(), &self.input.normalise(rgb))?;
        numbers(&self.plan.run(tvec!(picture.into()))?)
    }
}

/// A network of the door: its file, what it reads, the shapes of its outputs.
fn of_the_door(name: &str) -> (Vec<u8>, PictureInput, Vec<Vec<usize>>) {
    let plain = |scale: f32, above: f32| [0, 1, 2].map(|_| table(|byte| byte * scale + above));
    let (side, values, outputs) = match name {
        "detector" => (128, plain(2.0 / 255.0, -1.0), vec![vec![1, 896, 16], vec![1, 896, 1]]),
        "landmarks" => (192, plain(1.0 / 255.0, 0.0), vec![vec![1, 1404], vec![1, 1]]),
        _ => {
            let mean = [122.782, 117.001, 104.298];
            (150, mean.map(|mean| table(|byte| (byte - mean) / 256.0)), vec![vec![1, 128]])
        }
    };
    let input = PictureInput { height: side, width: side, channels_last: false, sources: [0, 1, 2], values };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models");
    let bytes = std::fs::read(folder.join(name).with_extension("onnx")).expect("a network of the door");
    (bytes, input, outputs)
}

/// A network of the door with and without our kernels, and the bytes of a picture.
fn both(name: &str) -> (Network, Oracle, usize) {
    let (bytes, input, outputs) = of_the_door(name);
    let ours = Network::load(&bytes, &input, &outputs).expect("it loads");
    let typed = typed(&bytes, &input, &outputs).expect("it loads");
    let plan = typed.into_optimized().and_then(|model| model.into_runnable()).expect("it loads");
    let picture = 3 * input.height * input.width;
    (ours, Oracle { plan, input }, picture)
}

fn table(value: impl Fn(f32) -> f32) -> Vec<f32> {
    (0..=255_u8).map(|byte| value(f32::from(byte))).collect()
}

/// Of each picture, the largest difference of any output number.
fn apart(name: &str, pictures: u64) -> Vec<f32> {
    let (ours, theirs, bytes) = both(name);
    let mut apart = Vec::new();
    for seed in 0..pictures {
        let rgb = picture(bytes, seed);
        let (ours, theirs) = (ours.run(&rgb).expect("it runs"), theirs.run(&rgb).expect("it runs"));
        let pairs = ours.iter().flatten().zip(theirs.iter().flatten());
        apart.push(pairs.map(|(one, other)| (one - other).abs()).fold(0.0, f32::max));
    }
    println!("{name}: {apart:?} from tract");
    apart
}

#[test]
fn the_detector_computes_what_it_computes_in_tract() {
    assert!(apart("detector", 4).iter().all(|apart| *apart < 1e-3));
}

#[test]
fn the_landmarks_are_where_they_are_in_tract() {
    assert!(apart("landmarks", 4).iter().all(|apart| *apart < 1e-2));
}

/// tract divides by multiplying with a reciprocal, so now and then a half is rounded to the other side; what
/// follows from a single byte is small.
#[test]
fn the_int8_embedding_is_that_of_tract_but_where_a_half_is_rounded_otherwise() {
    let mut apart = apart("embedding-int8", 8);
    apart.sort_by(f32::total_cmp);
    assert!(apart[3] < 1e-5 && apart[7] < 5e-3, "{apart:?}");
}

#[test]
fn our_kernels_compute_every_layer_of_the_networks_of_the_door() {
    for name in ["detector", "landmarks", "embedding-int8"] {
        let (bytes, input, outputs) = of_the_door(name);
        let typed = typed(&bytes, &input, &outputs).expect("it loads");
        let mut model = with_kernels(&typed, &input, &Arc::default()).expect("a model");
        model.compact().expect("a model");
        let of_tract = model.nodes.iter().filter(|node| !node.op_is::<Steps>());
        // What only gives outputs their shape.
        let shape = |node: &&TypedNode| node.op_is::<AxisOp>() || node.op_is::<TypedConcat>();
        let others: Vec<_> = of_tract.filter(|node| !node.inputs.is_empty() && !shape(node)).collect();
        assert!(others.is_empty(), "{name}: {others:?}");
        // tract has its turn when all of ours are done, but for the shape of what a last matrix reads.
        let operators = model.nodes.iter().filter(|node| node.op_is::<Steps>()).count();
        assert!(operators <= 2, "{name}: {operators} operators");
    }
}
