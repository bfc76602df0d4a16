//! What keeps the door unlocked besides a person's grant: fire alarm, mode, exit button and command, each
//! independent of the others.

use crate::clock::Moment;
use crate::event::GrantKind;
use crate::policy::grant::Grant;

/// The four holds.
#[derive(Debug, Default)]
pub struct Holds {
    pub fire: Option<Grant>,
    pub office: Option<Grant>,
    pub exit_button: Option<Grant>,
    pub command: Option<Grant>,
}

/// Which grants end when the door is locked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// The person's grant alone.
    Person,
    /// Also the hold of a command.
    Command,
    /// Also the hold of the mode: a command or a fault ends it until the next grant.
    Mode,
    /// Also the hold of the exit button.
    ExitButton,
    /// Every grant, also that of the fire alarm.
    All,
}

impl Holds {
    /// The grants of the holds.
    pub fn iter(&self) -> impl Iterator<Item = &Grant> {
        [&self.fire, &self.office, &self.exit_button, &self.command].into_iter().flatten()
    }

    /// When the next hold ends by itself.
    pub fn next_end(&self) -> Option<Moment> {
        self.iter().filter_map(Grant::until).min()
    }

    /// Takes out the holds whose time is over, or has not begun because time went back.
    pub fn take_over(&mut self, now: Moment) -> impl Iterator<Item = Grant> + use<> {
        [&mut self.exit_button, &mut self.command]
            .map(|hold| hold.take_if(|grant| grant.is_over(now)))
            .into_iter()
            .flatten()
    }

    /// Takes away the holds within reach.
    pub fn take_away(&mut self, reach: Reach) {
        let within = [
            (Reach::Command, &mut self.command),
            (Reach::Mode, &mut self.office),
            (Reach::ExitButton, &mut self.exit_button),
            (Reach::All, &mut self.fire),
        ];
        for (_, hold) in within.into_iter().filter(|(least, _)| reach >= *least) {
            *hold = None;
        }
    }
}

/// The kind of the grant that lasts longest.
pub fn leading<'a>(holds: impl Iterator<Item = &'a Grant>) -> Option<GrantKind> {
    holds
        .max_by_key(|grant| grant.until().map_or((1, Moment::default()), |until| (0, until)))
        .map(Grant::kind)
}
