//! Amounts in bodies: decimal text, which no client rounds.

use bank_domain::{Decimal, InvalidInput};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use utoipa::ToSchema;

/// An amount in a request: a string, or a number that is read by its text, so that no digit is lost.
#[derive(Clone, Debug, ToSchema)]
#[schema(value_type = String, example = "12.50", pattern = "^[-+]?[0-9]+(\\.[0-9]+)?$")]
pub struct DecimalText(String);

impl DecimalText {
    /// Reads the number.
    ///
    /// # Errors
    ///
    /// [`InvalidInput::Decimal`] if the text is no decimal number.
    pub fn decimal(&self) -> Result<Decimal, InvalidInput> {
        self.0.parse()
    }
}

impl Default for DecimalText {
    fn default() -> Self {
        Self("0".to_owned())
    }
}

impl<'de> Deserialize<'de> for DecimalText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        match raw.get() {
            text if text.starts_with('"') => serde_json::from_str(text).map(Self).map_err(D::Error::custom),
            text if text.starts_with(|first: char| first == '-' || first.is_ascii_digit()) => Ok(Self(text.to_owned())),
            _ => Err(D::Error::custom("an amount is a string such as \"12.50\", or a number")),
        }
    }
}
