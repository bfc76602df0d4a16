//! The operator: steps that run one after the other, without tract between them.
//!
//! What tract does for each operator (a tensor around each result, its checks, its lists) takes longer than some of
//! our kernels, and evicts them from the cache. So all the steps between two of tract's own operators are one
//! operator, and tract does this work only once for them.

use std::fmt;

use tract_onnx::tract_core::internal::*;
use tract_onnx::tract_core::ops::TypedOp;

use super::step::Step;
use super::value::{ResultMemory, Value};

/// Where an input of a step comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Read {
    /// An input of the operator, by its number from 0.
    Input(usize),
    /// A result of an earlier step, by its number from 0 among the results of all steps.
    Made(usize),
}

/// Steps as one operator of tract.
#[derive(Clone)]
pub struct Steps(Arc<Inner>);

struct Inner {
    steps: Vec<Placed>,
    /// The numbers of the results that other operators read.
    outputs: Vec<usize>,
}

/// A step, and its place among the others.
struct Placed {
    step: Step,
    reads: Vec<Read>,
    /// The numbers of the results that nobody reads after this step: their memory is freed.
    done: Vec<usize>,
}

impl Steps {
    /// An operator of one step with so many inputs.
    pub fn one(step: Step, inputs: usize) -> Self {
        let outputs = (0..step.facts().len()).collect();
        Self::joined(vec![(step, (0..inputs).map(Read::Input).collect())], outputs)
    }

    /// An operator of several steps, in the order in which they run. Other operators read the results with the numbers
    /// `outputs`.
    pub fn joined(steps: Vec<(Step, Vec<Read>)>, outputs: Vec<usize>) -> Self {
        let mut steps: Vec<_> =
            steps.into_iter().map(|(step, reads)| Placed { step, reads, done: Vec::new() }).collect();
        let makers = steps.iter().enumerate().flat_map(|(at, placed)| vec![at; placed.step.facts().len()]);
        for (made, maker) in makers.collect::<Vec<_>>().into_iter().enumerate() {
            if !outputs.contains(&made) {
                let last = steps.iter().rposition(|placed| placed.reads.contains(&Read::Made(made)));
                steps[last.unwrap_or(maker)].done.push(made);
            }
        }
        Self(Arc::new(Inner { steps, outputs }))
    }

    /// The step, if there is only one.
    pub fn only(&self) -> Option<&Step> {
        let [Placed { step, .. }] = &self.0.steps[..] else { return None };
        Some(step)
    }

    /// All steps, in order.
    #[cfg(test)]
    pub fn iter(&self) -> impl Iterator<Item = &Step> {
        self.0.steps.iter().map(|placed| &placed.step)
    }

    fn facts(&self) -> TractResult<TVec<TypedFact>> {
        let made: Vec<_> = self.0.steps.iter().flat_map(|placed| placed.step.facts()).collect();
        let fact = |output: &usize| made.get(*output).cloned().context("an output that no step makes");
        self.0.outputs.iter().map(fact).collect()
    }
}

impl Inner {
    fn run(&self, inputs: &[TValue]) -> TractResult<TVec<TValue>> {
        let mut made: Vec<Option<ResultMemory>> = Vec::with_capacity(2 * self.steps.len());
        for Placed { step, reads, done } in &self.steps {
            let value = |read: &Read| match *read {
                Read::Input(number) => inputs.get(number).map(Value::of),
                Read::Made(number) => made.get(number)?.as_ref().map(ResultMemory::value),
            };
            let reads: Option<TVec<_>> = reads.iter().map(value).collect();
            let results = step.run(&reads.context("a step runs before the step whose result it reads")?)?;
            made.extend(results.into_iter().flatten().map(Some));
            for number in done {
                made[*number] = None;
            }
        }
        let mut output =
            |number: &usize| made[*number].take().context("a result is read after its memory was freed");
        self.outputs.iter().map(|number| output(number).map(ResultMemory::into_value)).collect()
    }
}

impl fmt::Debug for Steps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.steps.iter().map(|placed| &placed.step)).finish()
    }
}

impl PartialEq for Steps {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Steps {}

impl Op for Steps {
    fn name(&self) -> StaticName {
        self.only().map_or_else(|| "limen.Steps".into(), |step| format!("limen.{}", step.name()).into())
    }

    op_as_typed_op!();
}

impl EvalOp for Steps {
    fn eval(&self, _: &EvalContext<'_>, inputs: TVec<TValue>) -> TractResult<TVec<TValue>> {
        self.0.run(&inputs)
    }

    not_out_of_plan!();
}

impl TypedOp for Steps {
    fn output_facts(&self, _: &[&TypedFact]) -> TractResult<TVec<TypedFact>> {
        self.facts()
    }

    as_op!();
}
