//! Two people who resemble each other: can a larger margin tell them apart, and which one?
//!
//! A *lead* is how much nearer a photograph is to the mean of the same person's other photographs than to the
//! other person's template. A margin demands a lead; it should be one that both people's own photographs
//! have. By the triangle inequality no probe can have a larger lead than the distance of the templates. So if
//! that is below the least useful margin, no margin can tell the two apart.

use limen_core::embedding::{Margin, Score};
use limen_core::person::PersonId;
use limen_vision::matching::scoring::Scored;

use super::near_pairs::NearPair;
use super::ready::Ready;
use super::site::CalibrationSite;

/// The largest margin that is proposed: a larger one refuses too many good photographs.
const LARGEST_MARGIN: f32 = 0.3;
/// The smallest margin that is proposed if the usual margin is zero or almost zero.
const LEAST_MARGIN: f32 = 0.05;

/// Two people who are too near.
#[derive(Debug, Clone, PartialEq)]
pub struct LookAlike {
    /// The two people.
    pub people: [PersonId; 2],
    /// The score of their nearest comparison.
    pub score: Score,
    /// The threshold for a comparison of this kind.
    pub threshold: Score,
    /// The margin that the configuration has for this pair.
    pub configured: Option<Margin>,
    /// What helps against it.
    pub remedy: Remedy,
}

/// The remedy for a resemblance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Remedy {
    /// A margin for this pair.
    Margin {
        /// The lead that the margin demands.
        margin: f32,
        /// The number of the two people's photographs whose lead is known.
        known: usize,
        /// How many of these have that lead.
        kept: usize,
    },
    /// No margin: it would refuse one of them, or both.
    Inseparable {
        /// The largest lead that a probe of either can have.
        reach: f32,
        /// The person most of whose own photographs do not lead, as an index in [`LookAlike::people`]; `None`
        /// if the templates are too near.
        behind: Option<usize>,
    },
}

impl LookAlike {
    /// Whether the configuration already has the margin that helps.
    pub fn is_handled(&self) -> bool {
        matches!((self.configured, self.remedy), (Some(has), Remedy::Margin { margin, .. }) if has.get() >= margin)
    }

    /// The margin to write into the configuration.
    pub fn proposed(&self) -> Option<f32> {
        match self.remedy {
            Remedy::Margin { margin, .. } if !self.is_handled() => Some(margin),
            _ => None,
        }
    }
}

/// Examines a pair that is too near.
pub(super) fn look_at(pair: &NearPair, ready: &[Ready<'_>], site: &CalibrationSite<'_>) -> LookAlike {
    let [one, other] = pair.people.map(|place| &ready[place]);
    let (a, b) = (&one.person.id, &other.person.id);
    let margins = site.look_alikes.of(a).iter().filter(|(id, _)| id == b).map(|(_, margin)| *margin);
    LookAlike {
        people: [a.clone(), b.clone()],
        score: pair.score,
        threshold: pair.threshold,
        configured: margins.max(),
        remedy: remedy(
            reach(&one.template, &other.template),
            &[leads(one, other), leads(other, one)],
            (2.0 * site.margin.get()).max(LEAST_MARGIN),
        ),
    }
}

/// The largest lead that a probe of either person can have. The probe's own half of the centring cancels.
fn reach(one: &Scored, other: &Scored) -> f32 {
    let apart = one.compare(other).map_or(0.0, |(distance, _)| distance.get());
    apart - (one.lead.get() - other.lead.get()).abs()
}

fn leads(own: &Ready<'_>, other: &Ready<'_>) -> Vec<f32> {
    let samples = own.samples.iter().zip(&own.others);
    let score = |one: &Scored, other: &Scored| Some(one.compare(other)?.1.get());
    samples
        .filter_map(|(sample, others)| Some(score(sample, &other.template)? - score(sample, others)?))
        .collect()
}

/// Half the mean lead, or the smallest lead if that is less, between `least` and the largest margin. If fewer
/// than half of either person's photographs lead by `least`, a margin would refuse that person.
fn remedy(reach: f32, leads: &[Vec<f32>; 2], least: f32) -> Remedy {
    let lost = |leads: &Vec<f32>| 2 * leads.iter().filter(|lead| **lead >= least).count() < leads.len();
    let behind = leads.iter().position(lost).filter(|_| reach >= least);
    if reach < least || behind.is_some() {
        return Remedy::Inseparable { reach: reach.max(0.0), behind };
    }
    let all = leads.concat();
    let margin = match all.iter().copied().min_by(f32::total_cmp) {
        Some(smallest) => {
            let half = all.iter().sum::<f32>() / all.len() as f32 / 2.0;
            half.min(smallest).min(LARGEST_MARGIN).max(least)
        }
        None => least,
    };
    let margin = in_hundredths(margin);
    Remedy::Margin { margin, known: all.len(), kept: all.iter().filter(|lead| **lead >= margin).count() }
}

/// Rounds down to hundredths; the small addend keeps 0.29 from becoming 0.28.
fn in_hundredths(margin: f32) -> f32 {
    (margin * 100.0 + 1e-3).floor() / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_margin_is_one_that_every_own_photograph_leads_by() {
        let remedy = remedy(0.6, &[vec![0.5, 0.4], vec![0.15, 0.4]], 0.1);
        assert_eq!(remedy, Remedy::Margin { margin: 0.15, known: 4, kept: 4 });
    }

    #[test]
    fn a_margin_stays_within_its_bounds() {
        let wide = remedy(2.0, &[vec![1.5], vec![1.5]], 0.1);
        assert_eq!(wide, Remedy::Margin { margin: 0.3, known: 2, kept: 2 });
        let narrow = remedy(0.3, &[vec![0.2, 0.02], vec![0.15]], 0.1);
        assert_eq!(narrow, Remedy::Margin { margin: 0.1, known: 3, kept: 2 });
        assert_eq!(remedy(0.3, &[vec![], vec![]], 0.1), Remedy::Margin { margin: 0.1, known: 0, kept: 0 });
    }

    #[test]
    fn where_one_of_them_would_be_refused_no_margin_helps() {
        let templates_too_near = remedy(0.05, &[vec![0.05], vec![]], 0.1);
        assert_eq!(templates_too_near, Remedy::Inseparable { reach: 0.05, behind: None });
        let most_of_the_other_s_do_not_lead = remedy(0.5, &[vec![0.4, 0.4], vec![0.05, -0.1, 0.3]], 0.1);
        assert_eq!(most_of_the_other_s_do_not_lead, Remedy::Inseparable { reach: 0.5, behind: Some(1) });
    }
}
