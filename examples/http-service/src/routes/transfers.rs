//! Transfers: posting and finding them.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use bank_domain::{
    AccountName, AccountVersion, Amount, Entry, Memo, Outcome, PostRequest, PostedTransfer, Transfer, TransferId,
};
use bank_persistence::RecordedTransfer;
use chrono::SecondsFormat;
use serde::{Deserialize, Serialize};

use crate::extract::{Body, IdempotencyKey, LastSegment};
use crate::problem::Problem;
use crate::service::Service;

/// The body of a request to post a transfer.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Order {
    from: String,
    to: String,
    amount: i64,
    memo: Option<String>,
    /// The version that the paying account must have, if any.
    expected_version: Option<i64>,
}

/// A transfer, and both accounts after it.
#[derive(Debug, Serialize)]
pub(super) struct TransferBody {
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    posted_at: Option<String>,
    amount: i64,
    memo: Option<String>,
    from: Side,
    to: Side,
}

/// One of the two accounts, right after the transfer.
#[derive(Debug, Serialize)]
struct Side {
    account_id: i64,
    name: String,
    balance: i64,
    version: i64,
}

impl Side {
    fn new(account_id: i64, name: &AccountName, entry: &Entry) -> Self {
        Self { account_id, name: name.to_string(), balance: entry.balance_after.get(), version: entry.version.get() }
    }
}

impl TransferBody {
    fn new(posting: &PostedTransfer, from: &AccountName, to: &AccountName) -> Self {
        let transfer = &posting.transfer;
        Self {
            id: transfer.id.to_string(),
            status: None,
            posted_at: None,
            amount: transfer.amount.get(),
            memo: transfer.memo.as_ref().map(ToString::to_string),
            from: Side::new(transfer.from.get(), from, &posting.debit),
            to: Side::new(transfer.to.get(), to, &posting.credit),
        }
    }

    fn recorded(recorded: &RecordedTransfer) -> Self {
        let posted_at = recorded.posted_at.to_rfc3339_opts(SecondsFormat::Micros, true);
        let body = Self::new(&recorded.posted, &recorded.from_name, &recorded.to_name);
        Self { posted_at: Some(posted_at), ..body }
    }
}

/// Posts a transfer under the id in `Idempotency-Key`: 201 if it was posted now, 200 if it had been posted before.
pub(super) async fn create(
    State(service): State<Service>,
    key: Result<IdempotencyKey, Problem>,
    body: Result<Body<Order>, Problem>,
) -> Response {
    // Both are read before either is checked: an answer before the body was read would close the connection.
    let (IdempotencyKey(id), Body(order)) = match (key, body) {
        (Ok(key), Ok(body)) => (key, body),
        (Err(problem), _) | (_, Err(problem)) => return problem.into_response(),
    };
    let answer = post(&service, id, order).await;
    let outcome = answer.as_ref().map_or_else(Problem::code, |(_, status, _)| *status);
    service.metrics().transfer(outcome);
    match answer {
        Ok((code, status, mut body)) => {
            body.status = Some(status);
            (code, [(header::LOCATION, format!("/transfers/{id}"))], Json(body)).into_response()
        }
        Err(problem) => problem.into_response(),
    }
}

async fn post(
    service: &Service,
    id: TransferId,
    order: Order,
) -> Result<(StatusCode, &'static str, TransferBody), Problem> {
    let (from, to) = (AccountName::new(order.from)?, AccountName::new(order.to)?);
    let (amount, memo) = (Amount::new(order.amount)?, order.memo.map(Memo::new).transpose()?);
    let (from_id, to_id) = service.ids_of(&from, &to).await?;
    let expected_version = order.expected_version.map(AccountVersion::new);
    let transfer = Transfer::new(id, from_id, to_id, amount).with_memo(memo);
    let outcome = service.post(PostRequest { transfer, expected_version }).await?;
    let status = outcome.status();
    match outcome {
        Outcome::Posted(posting) => Ok((StatusCode::CREATED, status, TransferBody::new(&posting, &from, &to))),
        Outcome::Replayed(posting) => Ok((StatusCode::OK, status, TransferBody::new(&posting, &from, &to))),
        Outcome::Rejected(reason) => Err(Problem::rejected(&reason, &from, &to)),
    }
}

/// Shows a transfer.
pub(super) async fn find(
    State(service): State<Service>,
    LastSegment(id): LastSegment,
) -> Result<Json<TransferBody>, Problem> {
    let id: TransferId = id.parse()?;
    let found = service.blocking(move |bank| bank.find_transfer(id)).await?;
    let recorded = found.ok_or_else(|| {
        let message = format!("there is no transfer {id}");
        // It may still be in progress, so this proves nothing about a request without an answer.
        let hint = "to learn what became of a request without an answer, send it again with the same key";
        Problem::new(StatusCode::NOT_FOUND, "transfer_not_found", message, hint)
    })?;
    Ok(Json(TransferBody::recorded(&recorded)))
}
