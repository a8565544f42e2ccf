//! The group of a line.

/// What is known of the group of a line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum LineGroup {
    /// It belongs to none.
    #[default]
    None,
    /// It belongs to the group of this label.
    Labelled(Box<str>),
    /// It cannot be read.
    Unknown,
}

impl LineGroup {
    /// Returns the label.
    pub(crate) fn label(&self) -> Option<&str> {
        match self {
            Self::Labelled(label) => Some(label),
            Self::None | Self::Unknown => None,
        }
    }
}
