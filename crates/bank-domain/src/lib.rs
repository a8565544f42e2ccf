#![doc = include_str!("../README.md")]

mod account;
mod invalid;
mod money;
mod outcome;
mod posting;
mod reversal;
mod text;
mod transfer;

pub use account::{Account, AccountId, AccountName, AccountVersion, Age, Country, NewAccount};
pub use invalid::{AmountProblem, InvalidInput, TextProblem};
pub use money::{Amount, Balance, OverdraftLimit};
pub use outcome::{Entry, Outcome, Posting, Rejection};
pub use posting::{AccountState, AppliedBatch, apply_batch};
pub use reversal::{Reversal, ReversalNote};
pub use transfer::{Memo, Transfer, TransferField, TransferId};
