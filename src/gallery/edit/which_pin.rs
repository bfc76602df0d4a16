//! The two PINs that a person may have.

/// One of a person's two PINs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhichPin {
    /// The PIN that opens.
    Usual,
    /// The PIN that opens and raises a silent alarm.
    Duress,
}

impl WhichPin {
    /// The key in the gallery file.
    pub fn key(self) -> &'static str {
        match self {
            Self::Usual => "pin",
            Self::Duress => "duress-pin",
        }
    }

    /// The PIN's name for people.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Usual => "PIN",
            Self::Duress => "duress PIN",
        }
    }
}
