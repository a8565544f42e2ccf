//! Currencies: what the minor units of an amount stand for, and the way between them and decimal text.

use std::fmt;
use std::str::FromStr;

use crate::invalid::InvalidInput;
use crate::number::{checked_number, number_type};

/// The code of a currency: 3 to 12 characters of `A-Z` and `0-9`, such as `EUR` or `POINTS`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CurrencyCode {
    /// ASCII, filled up with zeros, so that the code is `Copy` and compared without following a pointer.
    bytes: [u8; Self::MAX_CHARACTERS],
}

impl CurrencyCode {
    /// The smallest number of characters.
    pub const MIN_CHARACTERS: usize = 3;
    /// The largest number of characters.
    pub const MAX_CHARACTERS: usize = 12;
    /// ISO 4217's code for "no currency".
    pub const NONE: Self = Self { bytes: *b"XXX\0\0\0\0\0\0\0\0\0" };

    /// Returns the code if the text is one. Lower case is not accepted, because the code is part of every total.
    ///
    /// # Errors
    ///
    /// [`InvalidInput::CurrencyCode`] if the text is too short, too long or has another character.
    pub fn new(text: &str) -> Result<Self, InvalidInput> {
        let is_allowed = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
        let mut bytes = [0; Self::MAX_CHARACTERS];
        match bytes.get_mut(..text.len()) {
            Some(place) if text.len() >= Self::MIN_CHARACTERS && text.as_bytes().iter().all(is_allowed) => {
                place.copy_from_slice(text.as_bytes());
                Ok(Self { bytes })
            }
            _ => Err(InvalidInput::CurrencyCode { text: text.to_owned() }),
        }
    }

    /// Returns the code's text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        let length = self.bytes.iter().position(|byte| *byte == 0).unwrap_or(self.bytes.len());
        // The bytes are ASCII by construction.
        self.bytes.get(..length).and_then(|bytes| str::from_utf8(bytes).ok()).unwrap_or_default()
    }
}

impl FromStr for CurrencyCode {
    type Err = InvalidInput;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::new(text)
    }
}

impl fmt::Display for CurrencyCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for CurrencyCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

number_type! {
    /// How many decimals the amounts of a currency have in text: 0 to 18.
    #[derive(Default)]
    Scale(i16), "scale", 0, 18
}

impl Scale {
    /// The largest scale: 10¹⁸ is the largest power of ten in 64 bits.
    pub const MAX: Self = Self(18);

    /// Returns the scale below this one, at least 0.
    pub(crate) const fn one_less(self) -> Self {
        Self(if self.0 > 0 { self.0 - 1 } else { 0 })
    }

    /// Returns the scale if it is from 0 to 18.
    ///
    /// # Errors
    ///
    /// [`InvalidInput::OutOfRange`] otherwise.
    pub fn new(decimals: i16) -> Result<Self, InvalidInput> {
        checked_number("scale", decimals, 0, Self::MAX.0).map(Self)
    }
}

/// A currency: its code, and how many decimals its amounts have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Currency {
    /// The code, unique in a ledger.
    pub code: CurrencyCode,
    /// The number of decimals. It never changes, because the amounts that are stored depend on it.
    pub scale: Scale,
}

impl Currency {
    /// ISO 4217's "no currency": whole units, the default of a ledger.
    pub const NONE: Self = Self { code: CurrencyCode::NONE, scale: Scale(0) };

    /// Returns the currency of this code and scale.
    ///
    /// # Errors
    ///
    /// [`InvalidInput::IsoScale`] if ISO 4217 lists the code with another scale: nobody would expect a third decimal of a euro.
    pub fn new(code: CurrencyCode, scale: Scale) -> Result<Self, InvalidInput> {
        match Self::iso(code) {
            Some(iso) if iso.scale != scale => {
                Err(InvalidInput::IsoScale { code: code.to_string(), iso: iso.scale.get(), scale: scale.get() })
            }
            _ => Ok(Self { code, scale }),
        }
    }

    /// Returns the currency that ISO 4217 lists under this code. Codes for which it defines no decimals, such as `XAU`, are
    /// left out, except `XXX`.
    ///
    /// The list is that of the crate `iso_currency`.
    #[must_use]
    pub fn iso(code: CurrencyCode) -> Option<Self> {
        if code == CurrencyCode::NONE {
            return Some(Self::NONE);
        }
        let decimals = iso_currency::Currency::from_code(code.as_str())?.exponent()?;
        let scale = i16::try_from(decimals).ok().and_then(|decimals| Scale::new(decimals).ok())?;
        Some(Self { code, scale })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_code_has_3_to_12_capitals_and_digits() {
        for text in ["EUR", "XXX", "POINTS", "A1B2C3D4E5F6"] {
            assert_eq!(CurrencyCode::new(text).unwrap().to_string(), text);
        }
        for text in ["", "EU", "eur", "EUR ", "ÄUR", "A1B2C3D4E5F6G", "E-R", "EU\0"] {
            assert_eq!(CurrencyCode::new(text), Err(InvalidInput::CurrencyCode { text: text.to_owned() }));
        }
    }

    #[test]
    fn iso_currencies_have_the_decimals_that_iso_defines() {
        let scale = |code| Currency::iso(CurrencyCode::new(code).unwrap()).map(|currency| currency.scale.get());
        for (code, decimals) in [("EUR", 2), ("USD", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4), ("XXX", 0)] {
            assert_eq!(scale(code), Some(decimals), "{code}");
        }
        for code in ["XAU", "POINTS", "ABC"] {
            assert_eq!(scale(code), None, "{code}");
        }
    }

    #[test]
    fn a_currency_of_iso_keeps_its_decimals() {
        let new = |code, scale| Currency::new(CurrencyCode::new(code).unwrap(), Scale::new(scale).unwrap());
        assert_eq!(new("EUR", 2).unwrap(), Currency::iso(CurrencyCode::new("EUR").unwrap()).unwrap());
        assert_eq!(new("EUR", 3).unwrap_err().to_string(), "EUR has 2 decimals by ISO 4217, not 3");
        assert_eq!(new("POINTS", 3).unwrap().scale.get(), 3);
    }

    #[test]
    fn a_scale_is_from_0_to_18() {
        assert_eq!("18".parse::<Scale>().unwrap(), Scale::MAX);
        assert!(Scale::new(-1).is_err() && Scale::new(19).is_err());
    }

    proptest! {
        #[test]
        fn a_code_survives_printing_and_parsing(text in "\\PC{0,14}|[A-Z0-9]{0,14}") {
            if let Ok(code) = CurrencyCode::new(&text) {
                prop_assert_eq!(code.as_str(), &text);
            }
        }
    }
}
