//! Options whose values have names.

use clap::builder::{PossibleValuesParser, TypedValueParser};

/// Returns a parser that accepts these names and returns the value of each.
pub(crate) fn choice<T: Copy + Send + Sync + 'static>(
    values: &'static [(&'static str, T)],
) -> impl TypedValueParser<Value = T> {
    PossibleValuesParser::new(values.iter().map(|(name, _)| *name)).try_map(|typed| {
        let value = values.iter().find(|(name, _)| *name == typed);
        value.map(|(_, value)| *value).ok_or("not one of the possible values")
    })
}
