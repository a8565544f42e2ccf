//! Options whose values have names.

use std::ffi::OsStr;

use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Arg, Command, Error};

/// Accepts these names, and returns the value of each.
#[derive(Clone)]
pub(crate) struct Choice<T: 'static>(pub(crate) &'static [(&'static str, T)]);

impl<T: Copy + Send + Sync + 'static> TypedValueParser for Choice<T> {
    type Value = T;

    fn parse_ref(&self, command: &Command, arg: Option<&Arg>, typed: &OsStr) -> Result<T, Error> {
        let values = self.0;
        let value_of = |typed: String| {
            let found = values.iter().find(|(name, _)| *name == typed);
            found.map(|(_, value)| *value).ok_or("not one of the possible values")
        };
        // Text that is not UTF-8 is an invalid value like any other: no name has a replacement character.
        let typed = typed.to_string_lossy().trim_end_matches(['\r', '\n']).to_owned();
        let names = PossibleValuesParser::new(values.iter().map(|(name, _)| *name));
        names.try_map(value_of).parse(command, arg, typed.into())
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new(self.0.iter().map(|(name, _)| PossibleValue::new(*name))))
    }
}
