#![doc = include_str!("../README.md")]

mod account;
mod apply;
mod currency;
mod decimal;
mod invalid;
mod money;
mod number;
mod outcome;
mod reversal;
mod text;
mod transfer;

pub use account::{Account, AccountId, AccountName, AccountVersion, Age, Country, NewAccount};
pub use apply::{AccountState, AppliedBatch, apply_batch};
pub use currency::{Currency, CurrencyCode, Scale};
pub use decimal::Decimal;
pub use invalid::{AmountProblem, DecimalProblem, InvalidInput, TextProblem};
pub use money::{Amount, Balance, OverdraftLimit};
pub use outcome::{Entry, Outcome, PostedTransfer, Rejection};
pub use reversal::{Reversal, ReversalNote};
pub use transfer::{Memo, PostRequest, Transfer, TransferField, TransferId};
