//! The reasons why an input is not a domain value.

use thiserror::Error;
use uuid::Uuid;

/// The reason why a text or a number is not a valid domain value.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvalidInput {
    /// A name, country or memo breaks the rules for texts.
    #[error("{what} {problem}")]
    Text {
        /// The kind of text, for example `account name`.
        what: &'static str,
        /// What is wrong with it.
        problem: TextProblem,
    },
    /// An amount is below 1 minor unit.
    #[error("amount \"{text}\" {problem}")]
    Amount {
        /// The text as it was given.
        text: String,
        /// What is wrong with it.
        problem: AmountProblem,
    },
    /// A decimal number cannot be read, or is not in the minor units of its currency.
    #[error("\"{text}\" {problem}")]
    Decimal {
        /// The text as it was given.
        text: String,
        /// What is wrong with it.
        problem: DecimalProblem,
    },
    /// A text is not the code of a currency.
    #[error("currency \"{text}\" is not 3 to 12 characters of A-Z and 0-9")]
    CurrencyCode {
        /// The text as it was given.
        text: String,
    },
    /// A currency of ISO 4217 has another scale.
    #[error("{code} has {iso} decimals by ISO 4217, not {scale}")]
    IsoScale {
        /// The code.
        code: String,
        /// The scale by ISO 4217.
        iso: i16,
        /// The scale that was asked for.
        scale: i16,
    },
    /// A number is outside its range or not a number.
    #[error("{what} \"{text}\" is not a whole number from {min} to {max}")]
    OutOfRange {
        /// The kind of number, for example `age`.
        what: &'static str,
        /// The text as it was given.
        text: String,
        /// The smallest valid value.
        min: i64,
        /// The largest valid value.
        max: i64,
    },
    /// A transfer id is not a UUID.
    #[error("transfer id \"{text}\" is not a UUID")]
    TransferId {
        /// The text as it was given.
        text: String,
    },
    /// A new transfer has the nil UUID, which programs send that have not set an id.
    #[error("transfer id {} is the nil UUID: every transfer needs an id of its own", Uuid::nil())]
    NilTransferId,
    /// A reversal does not have the id that is derived from its original's.
    #[error("transfer {id} cannot reverse {original}: the id of that reversal is another")]
    ReversalId {
        /// The id of the transfer.
        id: Uuid,
        /// The id of the transfer that it should reverse.
        original: Uuid,
    },
    /// The id of a group is not a UUID.
    #[error("group id \"{text}\" is not a UUID")]
    GroupId {
        /// The text as it was given.
        text: String,
    },
    /// A group has too few or too many members.
    #[error("a group has 2 to 1000 transfers, not {members}")]
    GroupSize {
        /// How many it has.
        members: usize,
    },
    /// Two members of a group have the same id.
    #[error("transfer id {id} stands twice in the group")]
    GroupRepeatsId {
        /// The id.
        id: Uuid,
    },
    /// A new account would begin below its own limit.
    #[error("opening balance {balance} is below the overdraft limit of {limit}")]
    OpeningBelowLimit {
        /// The opening balance.
        balance: i64,
        /// How far the account may be overdrawn.
        limit: i64,
    },
}

/// The problem with a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TextProblem {
    /// The text has no characters.
    #[error("is empty")]
    Empty,
    /// The text has more characters than its kind allows.
    #[error("is longer than {max} characters")]
    TooLong {
        /// The limit in characters (Unicode scalar values).
        max: usize,
    },
    /// The text contains NUL, a line break or another control character.
    #[error("contains a control character (U+{code:04X} at character {position})")]
    ControlCharacter {
        /// The character's code point.
        code: u32,
        /// Its place, counted in characters from 1.
        position: usize,
    },
    /// A new name contains a character that nobody sees, or that changes the direction of the text.
    #[error("contains an invisible character (U+{code:04X} at character {position})")]
    Invisible {
        /// The character's code point.
        code: u32,
        /// Its place, counted in characters from 1.
        position: usize,
    },
    /// The text begins or ends with white space.
    #[error("begins or ends with white space")]
    Untrimmed,
}

/// The problem with an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum AmountProblem {
    /// The amount is zero.
    #[error("is zero, but a transfer moves at least 1")]
    Zero,
    /// The amount is negative; swap the accounts instead.
    #[error("is negative, but a transfer moves at least 1")]
    Negative,
}

/// The problem with a decimal number.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DecimalProblem {
    /// The text is not a number.
    #[error("is not a number: write digits, and decimals behind a point, such as 12.50")]
    NotANumber,
    /// The text has a comma, groups of digits, or a point without digits on both sides.
    #[error("can be read in several ways: write digits, and decimals behind a point, such as 1000.50")]
    Separator,
    /// The number has more decimals than its currency.
    #[error("has too many decimals: {code} has {scale}")]
    TooManyDecimals {
        /// The code of the currency that the number should be in.
        code: String,
        /// How many decimals it has.
        scale: i16,
    },
    /// The number has more decimals than any currency.
    #[error("has more than 18 decimals")]
    TooPrecise,
    /// The number, in minor units, is outside 64 bits.
    #[error("is too large: amounts have at most 2^63-1 of their smallest unit")]
    TooLarge,
}
