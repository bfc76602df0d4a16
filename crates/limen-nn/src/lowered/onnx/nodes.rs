//! Each operator as it is written in a file.

use tract_onnx::pb::{NodeProto, TensorProto};

use super::Reader;
use super::tensors::{self, Attributes};
use crate::kernels::image::{Border, Window};
use crate::kernels::map::Quantisation;
use crate::lowered::graph::{Op, Shape, ValueId};

/// How far above itself a signed byte is stored.
const SIGNED: i32 = 128;

impl<'a> Reader<'a> {
    /// Adds a node.
    pub fn node(&mut self, node: &'a NodeProto) -> Option<()> {
        if !node.domain.is_empty() {
            return None;
        }
        let mut attributes = Attributes::of(node);
        match node.op_type.as_str() {
            "Conv" => self.conv(node, &mut attributes)?,
            "QLinearConv" => self.conv_bytes(node, &mut attributes)?,
            "QuantizeLinear" => self.quantise(node, &mut attributes)?,
            "DequantizeLinear" => self.dequantise(node, &mut attributes)?,
            "Add" => self.sum(node)?,
            "Relu" => self.activation(node, Op::Relu, 1)?,
            "PRelu" => self.prelu(node)?,
            "MaxPool" => self.max_pool(node, &mut attributes)?,
            "AveragePool" => self.average_pool(node, &mut attributes)?,
            "GlobalAveragePool" => self.mean(node)?,
            "Pad" => self.pad(node, &mut attributes)?,
            "Transpose" => self.channels_last(node, &mut attributes)?,
            "Reshape" => self.reshape(node, &mut attributes)?,
            "Flatten" => self.flatten(node, &mut attributes)?,
            "Concat" => self.concat(node, &mut attributes)?,
            "MatMul" => self.matmul(node)?,
            _ => return None,
        }
        attributes.none_left().then_some(())
    }

    fn constant(&self, node: &NodeProto, index: usize) -> Option<&'a TensorProto> {
        self.constants.get(node.input.get(index)?.as_str()).copied()
    }

    /// The first of so many inputs, an image of numbers.
    fn image(
        &self,
        node: &NodeProto,
        inputs: std::ops::RangeInclusive<usize>,
    ) -> Option<(ValueId, [usize; 3])> {
        let value = self.value(node.input.first()?)?;
        let found = &self.graph.values[value];
        let numbers = found.quantisation.is_none() && inputs.contains(&node.input.len());
        numbers.then_some((value, found.shape.image()?))
    }

    fn activation(&mut self, node: &'a NodeProto, op: Op, inputs: usize) -> Option<()> {
        let (input, sides) = self.image(node, inputs..=inputs)?;
        self.push(node, op, vec![input], Shape::Image(sides), None)
    }

    fn prelu(&mut self, node: &'a NodeProto) -> Option<()> {
        let (_, [_, _, channels]) = self.image(node, 2..=2)?;
        let tensor = self.constant(node, 1)?;
        let (&[per_channel, 1, 1] | &[1, per_channel, 1, 1]) = tensors::sides(tensor)?.as_slice() else {
            return None;
        };
        let slopes = (per_channel == channels).then(|| tensors::floats(tensor))??;
        self.activation(node, Op::PRelu(slopes), 2)
    }

    fn max_pool(&mut self, node: &'a NodeProto, attributes: &mut Attributes<'_>) -> Option<()> {
        // Only the order of indices, which nobody asks for.
        attributes.integer("storage_order", 0);
        let window = Self::pool_window(attributes)?;
        self.slide(node, Op::MaxPool(window), &window)
    }

    fn average_pool(&mut self, node: &'a NodeProto, attributes: &mut Attributes<'_>) -> Option<()> {
        // Without pads it is the same whether they count or not.
        attributes.integer("count_include_pad", 0);
        let window = Self::pool_window(attributes)?;
        self.slide(node, Op::AveragePool(window), &window)
    }

    fn pool_window(attributes: &mut Attributes<'_>) -> Option<Window> {
        let whole = attributes.integer("ceil_mode", 0) == 0;
        let window = attributes.window(None)?;
        (whole && window.pads == Border::default()).then_some(window)
    }

    fn slide(&mut self, node: &'a NodeProto, op: Op, window: &Window) -> Option<()> {
        let (input, [height, width, channels]) = self.image(node, 1..=1)?;
        let [height, width] = window.slides(height, width)?;
        self.push(node, op, vec![input], Shape::Image([height, width, channels]), None)
    }

    fn mean(&mut self, node: &'a NodeProto) -> Option<()> {
        let (input, [_, _, channels]) = self.image(node, 1..=1)?;
        self.push(node, Op::Mean, vec![input], Shape::Image([1, 1, channels]), None)
    }

    fn conv(&mut self, node: &'a NodeProto, attributes: &mut Attributes<'_>) -> Option<()> {
        let (input, [height, width, channels]) = self.image(node, 2..=3)?;
        let tensor = self.constant(node, 1)?;
        let [outputs, inputs, rows, columns] = tensors::sides(tensor)?.try_into().ok()?;
        let groups = usize::try_from(attributes.integer("group", 1)).ok()?;
        let depthwise = groups == channels && outputs == channels && inputs == 1;
        (depthwise || (groups == 1 && inputs == channels)).then_some(())?;
        let window = attributes.window(Some([rows, columns]))?;
        let bias = match node.input.get(2) {
            None => vec![0.0; outputs],
            Some(_) => tensors::floats(self.constant(node, 2)?)?,
        };
        let [height, width] = window.slides(height, width)?;
        let op = Op::Conv { weights: tensors::floats(tensor)?, bias, window, depthwise };
        self.push(node, op, vec![input], Shape::Image([height, width, outputs]), None)
    }

    /// The scale at a place of a node's inputs, and the zero behind it.
    fn quantisation(&self, node: &NodeProto, place: usize) -> Option<Quantisation> {
        let &[scale] = tensors::floats(self.constant(node, place)?)?.as_slice() else { return None };
        let zero = self.constant(node, place + 1)?;
        let zero = if let Some(bytes) = tensors::signed_bytes(zero) {
            let &[zero] = bytes.as_slice() else { return None };
            u8::try_from(i32::from(zero) + SIGNED).ok()?
        } else {
            let &[zero] = tensors::unsigned_bytes(zero)?.as_slice() else { return None };
            zero
        };
        (scale.is_normal() && scale > 0.0).then_some(Quantisation { scale, zero })
    }

    fn quantise(&mut self, node: &'a NodeProto, attributes: &mut Attributes<'_>) -> Option<()> {
        let (input, sides) = self.image(node, 3..=3)?;
        // Means something only where each channel has its own scale.
        attributes.integer("axis", 1);
        let quantisation = self.quantisation(node, 1)?;
        self.push(node, Op::Quantise, vec![input], Shape::Image(sides), Some(quantisation))
    }

    /// An image of bytes, which the node reads as they were made.
    fn bytes(&self, node: &NodeProto) -> Option<(ValueId, [usize; 3], Quantisation)> {
        let value = self.value(node.input.first()?)?;
        let found = &self.graph.values[value];
        let quantisation = self.quantisation(node, 1)?;
        (found.quantisation == Some(quantisation)).then_some((value, found.shape.image()?, quantisation))
    }

    fn dequantise(&mut self, node: &'a NodeProto, attributes: &mut Attributes<'_>) -> Option<()> {
        attributes.integer("axis", 1);
        let (input, sides, _) = (node.input.len() == 3).then(|| self.bytes(node))??;
        self.push(node, Op::Dequantise, vec![input], Shape::Image(sides), None)
    }

    fn conv_bytes(&mut self, node: &'a NodeProto, attributes: &mut Attributes<'_>) -> Option<()> {
        let (input, [height, width, channels], from) = self.bytes(node)?;
        let to = self.quantisation(node, 6)?;
        let tensor = self.constant(node, 3)?;
        let [outputs, inputs, rows, columns] = tensors::sides(tensor)?.try_into().ok()?;
        (inputs == channels && attributes.integer("group", 1) == 1).then_some(())?;
        let window = attributes.window(Some([rows, columns]))?;
        let weight_scales = tensors::floats(self.constant(node, 4)?)?;
        let zeros = tensors::signed_bytes(self.constant(node, 5)?)?;
        let per_output = |length: usize| length == 1 || length == outputs;
        let sane = per_output(weight_scales.len())
            && weight_scales.iter().all(|scale| scale.is_normal() && *scale > 0.0)
            && per_output(zeros.len())
            && zeros.iter().all(|zero| *zero == 0);
        let bias = match node.input.len() {
            8 => vec![0; outputs],
            9 => tensors::integers(self.constant(node, 8)?)?,
            _ => return None,
        };
        let scales = weight_scales.iter().map(|scale| from.scale * scale / to.scale).collect();
        let [height, width] = window.slides(height, width)?;
        let weights = tensors::signed_bytes(tensor)?;
        let op = sane.then_some(Op::ConvBytes { weights, bias, zero: from.zero, scales, window })?;
        self.push(node, op, vec![input], Shape::Image([height, width, outputs]), Some(to))
    }

    fn sum(&mut self, node: &'a NodeProto) -> Option<()> {
        let (first, sides) = self.image(node, 2..=2)?;
        let second = self.value(&node.input[1])?;
        let other = &self.graph.values[second];
        (other.shape.image() == Some(sides) && other.quantisation.is_none()).then_some(())?;
        self.push(node, Op::Add, vec![first, second], Shape::Image(sides), None)
    }

    /// Zeros behind the channels, the rows or the columns.
    fn pad(&mut self, node: &'a NodeProto, attributes: &mut Attributes<'_>) -> Option<()> {
        let (input, [height, width, channels]) = self.image(node, 2..=3)?;
        let zeros = match node.input.get(2) {
            None => true,
            Some(_) => tensors::floats(self.constant(node, 2)?)? == [0.0],
        };
        let pads = tensors::longs(self.constant(node, 1)?)?;
        let &[0, 0, 0, 0, 0, more_channels, rows, columns] = pads.as_slice() else { return None };
        let longer = |side: usize, more: i64| side.checked_add(usize::try_from(more).ok()?);
        let sides = [longer(height, rows)?, longer(width, columns)?, longer(channels, more_channels)?];
        (zeros && attributes.is("mode", "constant")).then_some(())?;
        self.push(node, Op::Extend, vec![input], Shape::Image(sides), None)
    }

    fn channels_last(&mut self, node: &'a NodeProto, attributes: &mut Attributes<'_>) -> Option<()> {
        let (input, [height, width, channels]) = self.image(node, 1..=1)?;
        (attributes.integers("perm")? == [0, 2, 3, 1]).then_some(())?;
        self.push(node, Op::Rename, vec![input], Shape::Flat(vec![1, height, width, channels]), None)
    }

    fn reshape(&mut self, node: &'a NodeProto, attributes: &mut Attributes<'_>) -> Option<()> {
        let input = self.value(node.input.first()?)?;
        (attributes.integer("allowzero", 0) == 0 && node.input.len() == 2).then_some(())?;
        let wanted = tensors::longs(self.constant(node, 1)?)?;
        let sides = wanted.iter().map(|side| usize::try_from(*side).ok()).collect::<Option<Vec<_>>>()?;
        let (from, to) = (&self.graph.values[input].shape, Shape::Flat(sides));
        (from.flat().is_some() && from.elements() == to.elements()).then_some(())?;
        self.push(node, Op::Rename, vec![input], to, None)
    }

    /// One pixel lies the same in both orders.
    fn flatten(&mut self, node: &'a NodeProto, attributes: &mut Attributes<'_>) -> Option<()> {
        let (input, [1, 1, channels]) = self.image(node, 1..=1)? else { return None };
        (attributes.integer("axis", 1) == 1).then_some(())?;
        self.push(node, Op::Rename, vec![input], Shape::Flat(vec![1, channels]), None)
    }

    fn concat(&mut self, node: &'a NodeProto, attributes: &mut Attributes<'_>) -> Option<()> {
        let inputs: Vec<_> = node.input.iter().map(|name| self.value(name)).collect::<Option<_>>()?;
        let flat = |value: &ValueId| self.graph.values[*value].shape.flat();
        let shapes: Vec<_> = inputs.iter().map(flat).collect::<Option<_>>()?;
        let &[1, _, ref rest @ ..] = *shapes.first()? else { return None };
        let alike = shapes.iter().all(|shape| matches!(shape, [1, _, more @ ..] if more == rest));
        (alike && attributes.integer("axis", 0) == 1).then_some(())?;
        let together = shapes.iter().try_fold(0_usize, |sum, shape| sum.checked_add(shape[1]))?;
        let shape = [&[1, together], rest].concat();
        self.push(node, Op::Concat, inputs, Shape::Flat(shape), None)
    }

    fn matmul(&mut self, node: &'a NodeProto) -> Option<()> {
        let input = self.value(node.input.first()?)?;
        let &[1, rows] = self.graph.values[input].shape.flat()? else { return None };
        let tensor = self.constant(node, 1)?;
        let &[found, columns] = tensors::sides(tensor)?.as_slice() else { return None };
        (found == rows && node.input.len() == 2).then_some(())?;
        let op = Op::MatMul(tensors::floats(tensor)?);
        self.push(node, op, vec![input], Shape::Flat(vec![1, columns]), None)
    }
}
