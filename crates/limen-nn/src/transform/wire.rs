//! The model that is made: tract's nodes and our steps, and what translates between the two.

use std::collections::HashMap;

use tract_onnx::tract_core::internal::*;

use super::graph::Graph;
use crate::kernels::image::Image;
use crate::operators::{Buffers, ResultForm, Step, StepOutput, Steps, Work, picture_fact};

/// Numbers that a step makes.
#[derive(Debug, Clone)]
pub struct Floats {
    /// The value of the model at hand.
    pub value: OutletId,
    /// How they lie.
    pub image: Image,
    /// What they are to tract.
    pub form: ResultForm,
}

/// What a step makes.
#[derive(Debug, Clone, Default)]
pub struct Made {
    /// Numbers.
    pub floats: Option<Floats>,
    /// An image of bytes: its value, how it lies, and the byte around it.
    pub bytes: Option<(OutletId, Image, u8)>,
}

/// The model so far, and where it has the values of the model that it is made from.
pub struct Wires<'a> {
    source: &'a TypedModel,
    graph: &'a Graph,
    target: TypedModel,
    /// As tract's operators read them.
    plain: HashMap<OutletId, OutletId>,
    /// As our steps read them.
    held: HashMap<OutletId, OutletId>,
    buffers: Arc<Buffers>,
}

impl<'a> Wires<'a> {
    /// A model without nodes.
    pub fn new(source: &'a TypedModel, graph: &'a Graph, buffers: &Arc<Buffers>) -> Self {
        let target = TypedModel {
            symbols: source.symbols.clone(),
            properties: source.properties.clone(),
            ..TypedModel::default()
        };
        let (plain, held) = (HashMap::new(), HashMap::new());
        Self { source, graph, target, plain, held, buffers: Arc::clone(buffers) }
    }

    /// The model, with the outputs of the one that it is made from.
    pub fn into_model(mut self) -> TractResult<TypedModel> {
        let graph = self.graph;
        let outputs: Vec<_> =
            graph.outputs.iter().map(|output| self.plain(*output)).collect::<TractResult<_>>()?;
        self.target.select_output_outlets(&outputs)?;
        Ok(self.target)
    }

    /// Adds the model's input: a picture.
    pub fn picture(&mut self, height: usize, width: usize) -> TractResult<OutletId> {
        let name = self.target.unique_name("picture").into_owned();
        self.target.add_source(name, picture_fact(height, width))
    }

    /// Whether a value is there as our steps read it.
    pub fn holds(&self, value: OutletId) -> bool {
        self.held.contains_key(&value)
    }

    /// Adds a step in the place of a node. It reads values of the model that is made.
    pub fn step(&mut self, place: usize, work: Work, inputs: &[OutletId], made: Made) -> TractResult<()> {
        let name = self.source.node(place).name.clone();
        let floats =
            made.floats.clone().map(|Floats { image, form, .. }| StepOutput { image, border: 0.0, form });
        let bytes = made.bytes.map(|(_, image, border)| StepOutput { image, border, form: ResultForm::Held });
        let outlets = self.add(name, Step::new(work, floats, bytes, &self.buffers), inputs)?;
        let mut outlets = outlets.into_iter();
        if let Some(floats) = made.floats {
            let values = if floats.form == ResultForm::Held { &mut self.held } else { &mut self.plain };
            values.extend(outlets.next().map(|outlet| (floats.value, outlet)));
        }
        if let Some((value, ..)) = made.bytes {
            self.held.extend(outlets.next().map(|outlet| (value, outlet)));
        }
        Ok(())
    }

    fn add(&mut self, name: String, step: Step, inputs: &[OutletId]) -> TractResult<TVec<OutletId>> {
        let facts = step.facts();
        let outputs = facts.len();
        let node = self.target.add_node(name, Steps::one(step, inputs.len()), facts)?;
        for (slot, input) in inputs.iter().enumerate() {
            self.target.add_edge(*input, InletId::new(node, slot))?;
        }
        Ok((0..outputs).map(|slot| OutletId::new(node, slot)).collect())
    }

    /// Keeps a node as it is.
    pub fn copy(&mut self, id: usize) -> TractResult<()> {
        let source = self.source;
        let node = source.node(id);
        let inputs: Vec<_> =
            node.inputs.iter().map(|input| self.plain(*input)).collect::<TractResult<_>>()?;
        let facts = node.outputs.iter().map(|output| output.fact.clone()).collect();
        let copy = self.target.add_node(node.name.clone(), node.op.clone(), facts)?;
        for (slot, input) in inputs.into_iter().enumerate() {
            self.target.add_edge(input, InletId::new(copy, slot))?;
        }
        for slot in 0..node.outputs.len() {
            self.plain.insert(OutletId::new(id, slot), OutletId::new(copy, slot));
        }
        Ok(())
    }

    /// A value as tract's operators read it: unpacked, or computed now, where nobody has needed it so.
    pub fn plain(&mut self, value: OutletId) -> TractResult<OutletId> {
        if !self.plain.contains_key(&value) {
            match self.held.get(&value) {
                Some(held) => self.unpack(value, *held)?,
                None => self.copy(value.node)?,
            }
        }
        self.plain.get(&value).copied().context("a value that no node makes")
    }

    fn unpack(&mut self, value: OutletId, held: OutletId) -> TractResult<()> {
        let fact = self.source.outlet_fact(value)?;
        let (datum_type, shape) = (fact.datum_type, fact.shape.as_concrete().context("an image of no size")?);
        let image = self.graph.image(value).context("an image that lies nowhere")?;
        let form = ResultForm::Plain(datum_type, shape.into());
        let (height, width, channels) = (image.height, image.width, image.channels);
        // Only its size counts.
        let flat = Image::new(height, width, channels);
        let name = format!("{}.{}.unpacked", self.source.node(value.node).name, value.slot);
        let step = if self.graph.quantisation(value).is_some() {
            let flip = (datum_type == i8::datum_type()).then_some(SIGN);
            let target = StepOutput { image: flat, border: 0, form };
            Step::new(Work::UnpackBytes(image, flip), None, Some(target), &self.buffers)
        } else {
            let target = StepOutput { image: flat, border: 0.0, form };
            Step::new(Work::Unpack(image), Some(target), None, &self.buffers)
        };
        let outlets = self.add(name, step, &[held])?;
        self.plain.insert(value, outlets[0]);
        Ok(())
    }

    /// An image as our steps read it: packed, where tract makes it.
    pub fn held(&mut self, value: OutletId) -> TractResult<OutletId> {
        if let Some(held) = self.held.get(&value) {
            return Ok(*held);
        }
        let plain = self.plain(value)?;
        let image = self.graph.image(value).context("an image that lies nowhere")?;
        let target = StepOutput { image, border: 0.0, form: ResultForm::Held };
        let name = format!("{}.{}.packed", self.source.node(value.node).name, value.slot);
        let outlets = self.add(name, Step::new(Work::Pack, Some(target), None, &self.buffers), &[plain])?;
        self.held.insert(value, outlets[0]);
        Ok(outlets[0])
    }
}

/// What a signed byte differs in from the byte that is stored for it.
const SIGN: u8 = 128;
