//! Every unsuccessful answer, as JSON: `{"code", "message", "hint"}`.
//!
//! Above all, a client needs to know whether the money has moved. So each status has one meaning. 4xx: nothing was
//! changed, and the same request will fail again. 503: nothing was changed, and the client may repeat the request. 504:
//! the outcome is unknown, and the same request with the same key resolves it.

use std::error::Error as _;
use std::time::Duration;

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bank_domain::{AccountId, AccountName, Currency, InvalidInput, Rejection};
use bank_persistence::{BankError, DbError, QueueError};
use serde::Serialize;
use utoipa::ToSchema;

/// How long a client should wait before it repeats a request after an overload.
const OVERLOAD_DELAY: Duration = Duration::from_secs(1);
/// How long it should wait if the database was unavailable.
const OUTAGE_DELAY: Duration = Duration::from_secs(5);

/// An unsuccessful answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    message: String,
    hint: &'static str,
    retry_after: Option<Duration>,
}

impl Problem {
    /// Returns a problem; `code` is stable, for programs.
    #[must_use]
    pub fn new(status: StatusCode, code: &'static str, message: impl Into<String>, hint: &'static str) -> Self {
        Self { status, code, message: message.into(), hint, retry_after: None }
    }

    /// Returns the problem of a bad request.
    #[must_use]
    pub fn invalid(code: &'static str, message: impl Into<String>, hint: &'static str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message, hint)
    }

    /// Returns the problem of an unknown account.
    #[must_use]
    pub fn no_account(name: &AccountName) -> Self {
        let message = format!("there is no account `{name}`");
        Self::new(StatusCode::NOT_FOUND, "account_not_found", message, "see all accounts with GET /accounts")
    }

    /// Returns the problem of an overloaded service; the request has changed nothing.
    #[must_use]
    pub fn overloaded() -> Self {
        let message = "too many requests are waiting; nothing was changed";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "overloaded", message, "send the same request again later")
            .retry_after(OVERLOAD_DELAY)
    }

    /// Returns the problem of a database that does not answer; the request has changed nothing.
    #[must_use]
    pub fn unavailable() -> Self {
        let message = "the database does not answer; nothing was changed";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", message, "send the same request again later")
            .retry_after(OUTAGE_DELAY)
    }

    /// Returns the problem of an unknown outcome.
    #[must_use]
    pub fn outcome_unknown() -> Self {
        Self::new(
            StatusCode::GATEWAY_TIMEOUT,
            "outcome_unknown",
            "the outcome is unknown: the request may or may not have taken effect",
            "send the same request with the same key again: it takes effect at most once",
        )
    }

    /// Returns the problem of an internal error. The log has the details, and the answer does not.
    #[must_use]
    pub fn internal() -> Self {
        let hint = "the service's log has the reason";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "the request failed; nothing was changed", hint)
    }

    /// Returns the problem of a rejected transfer; `currency` is that of the paying account, and `name_of` returns the names
    /// that the client gave.
    #[must_use]
    pub fn rejected(reason: &Rejection, currency: Currency, name_of: impl Fn(AccountId) -> String) -> Self {
        let (code, message) = (reason.code(), reason.with_names(currency, name_of));
        let rejected = |hint| Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, message.clone(), hint);
        match reason {
            // Accounts are never deleted, so its id comes from another database.
            Rejection::AccountNotFound { .. } => {
                Self::new(StatusCode::NOT_FOUND, code, message, "see all accounts with GET /accounts")
            }
            Rejection::SameAccount => rejected("name two different accounts"),
            Rejection::AccountFrozen { .. } => rejected("wait until the account is open again; the key is still free"),
            Rejection::AccountClosed { .. } => rejected("a closed account stays closed: name another one"),
            Rejection::CurrencyMismatch { .. } => rejected("transfer between accounts of one currency"),
            Rejection::InsufficientFunds { .. } => {
                rejected("transfer less, or pay something in first; the key is still free")
            }
            Rejection::BalanceOverflow { .. } => rejected("transfer less, or to another account"),
            Rejection::VersionMismatch { .. } => {
                rejected("look at the account again with GET /accounts/NAME; the key is still free")
            }
            Rejection::IdConflict { field, .. } => {
                let message = format!("this Idempotency-Key was used before for a transfer with another {field}");
                let hint = "a new transfer needs a new key; see the earlier one with GET /transfers/KEY";
                Self::new(StatusCode::CONFLICT, code, message, hint)
            }
            _ => rejected("see the message"),
        }
    }

    /// Returns the problem of a transfer that the queue could not post.
    #[must_use]
    pub fn from_queue_error(error: &QueueError) -> Self {
        match error {
            QueueError::Full => Self::overloaded(),
            QueueError::Closed => {
                let message = "the service is shutting down; nothing was changed";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "shutting_down", message, "send the same request again")
                    .retry_after(OVERLOAD_DELAY)
            }
            QueueError::Failed(error) => Self::from_bank_error(error),
            // `Panicked`, and any later variant: without a known failure, the outcome is unknown.
            other => {
                tracing::error!(error = %other, "posting failed");
                Self::outcome_unknown()
            }
        }
    }

    /// Returns the problem of a request for which the database failed. The reason goes to the log, because it can name
    /// hosts and tables, which only operators should see.
    #[must_use]
    pub fn from_bank_error(error: &BankError) -> Self {
        let problem = match error {
            BankError::AccountExists { name } => {
                let message = format!("an account named `{name}` exists already");
                let hint = "if this request was repeated, the first one has opened it: see GET /accounts/NAME";
                return Self::new(StatusCode::CONFLICT, "account_exists", message, hint);
            }
            BankError::CurrencyUnknown { code } => {
                let message = format!("there is no currency {code} in the ledger or in ISO 4217");
                return Self::invalid(
                    "currency_unknown",
                    message,
                    "add it with `bank-cli currency add`, or use another",
                );
            }
            BankError::OutcomeUnknown { .. } => Self::outcome_unknown(),
            BankError::Database(DbError::Unavailable { .. })
            | BankError::Database(DbError::FileMissing { .. })
            | BankError::Database(DbError::PoolTimeout { .. })
            | BankError::Database(DbError::NoAnswer { .. })
            | BankError::ConcurrentPosting
            | BankError::Database(DbError::Thread { .. })
            | BankError::Database(DbError::SchemaOutOfDate { .. })
            | BankError::RetriesExhausted { .. } => Self::unavailable(),
            _ => Self::internal(),
        };
        let mut causes = String::new();
        let mut cause = error.source();
        while let Some(error) = cause {
            causes.push_str(": ");
            causes.push_str(&error.to_string());
            cause = error.source();
        }
        tracing::error!("a request failed with {}: {error}{causes}", problem.code);
        problem
    }

    /// Returns the stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        self.code
    }

    fn retry_after(mut self, delay: Duration) -> Self {
        self.retry_after = Some(delay);
        self
    }
}

impl From<InvalidInput> for Problem {
    fn from(input: InvalidInput) -> Self {
        Self::invalid("invalid_input", input.to_string(), "correct the value and send the request again")
    }
}

/// The body of an unsuccessful answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProblemBody {
    /// The stable code, for programs.
    code: &'static str,
    /// What happened, to what.
    message: String,
    /// What to do.
    hint: &'static str,
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = ProblemBody { code: self.code, message: self.message, hint: self.hint };
        let mut response = (self.status, Json(body)).into_response();
        if let Some(delay) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(delay.as_secs()));
        }
        response
    }
}
