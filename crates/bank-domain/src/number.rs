//! What all numbers of the domain have in common: each is a newtype that prints as its number.

use crate::invalid::InvalidInput;

/// Defines a newtype of a number. With a name and bounds it is also parsed from text.
macro_rules! number_type {
    ($(#[$meta:meta])* $name:ident($number:ty)) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name($number);

        impl $name {
            /// Returns the number.
            #[must_use]
            pub const fn get(self) -> $number {
                self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    };
    ($(#[$meta:meta])* $name:ident($number:ty), $what:literal, $min:expr, $max:expr) => {
        $crate::number::number_type! { $(#[$meta])* $name($number) }

        impl std::str::FromStr for $name {
            type Err = InvalidInput;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let number = text.parse::<$number>().ok().filter(|number| ($min..=$max).contains(number));
                number.map(Self).ok_or_else(|| $crate::number::out_of_range($what, text, $min, $max))
            }
        }
    };
}

pub(crate) use number_type;

pub(crate) fn checked_number<N: Copy + PartialOrd + Into<i64> + ToString>(
    what: &'static str,
    number: N,
    min: N,
    max: N,
) -> Result<N, InvalidInput> {
    if min <= number && number <= max { Ok(number) } else { Err(out_of_range(what, &number.to_string(), min, max)) }
}

pub(crate) fn out_of_range<N: Into<i64>>(what: &'static str, text: &str, min: N, max: N) -> InvalidInput {
    InvalidInput::OutOfRange { what, text: text.to_owned(), min: min.into(), max: max.into() }
}
