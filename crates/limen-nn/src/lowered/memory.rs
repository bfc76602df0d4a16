//! Which values share a buffer: those that are never needed at the same time.

/// A piece of memory that is needed for some steps.
#[derive(Debug, Clone, Copy)]
pub struct Need {
    /// How large.
    pub bytes: usize,
    /// The step that writes it first.
    pub first: usize,
    /// The last step that reads or writes it.
    pub last: usize,
}

/// The slot of each need, and the bytes of each slot. Needs come in the order of their first step.
pub fn share(needs: &[Need]) -> (Vec<usize>, Vec<usize>) {
    let mut slots: Vec<(usize, usize)> = Vec::new();
    let chosen = needs
        .iter()
        .map(|need| {
            let free = slots.iter().enumerate().filter(|(_, (_, busy_until))| *busy_until < need.first);
            // The smallest that is large enough, else the largest, which grows.
            let fit = |(_, (bytes, _)): &(usize, &(usize, usize))| {
                (*bytes < need.bytes, if *bytes < need.bytes { usize::MAX - bytes } else { *bytes })
            };
            let slot = free.min_by_key(fit).map(|(slot, _)| slot).unwrap_or_else(|| {
                slots.push((0, 0));
                slots.len() - 1
            });
            slots[slot] = (slots[slot].0.max(need.bytes), need.last);
            slot
        })
        .collect();
    (chosen, slots.into_iter().map(|(bytes, _)| bytes).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_is_used_again_once_nobody_needs_it() {
        let need = |bytes, first, last| Need { bytes, first, last };
        let (chosen, slots) =
            share(&[need(100, 0, 1), need(10, 1, 2), need(60, 2, 3), need(5, 3, 4), need(200, 4, 9)]);
        assert_eq!(chosen, [0, 1, 0, 1, 0]);
        assert_eq!(slots, [200, 10]);
    }
}
