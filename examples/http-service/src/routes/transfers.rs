//! Transfers: posting and finding them.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use bank_domain::{
    AccountName, AccountVersion, Currency, Entry, Memo, Outcome, PostRequest, PostedTransfer, Transfer, TransferId,
};
use bank_persistence::RecordedTransfer;
use chrono::SecondsFormat;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::extract::{Body, IdempotencyKey, LastSegment};
use crate::known_accounts::KnownAccount;
use crate::money::DecimalText;
use crate::problem::{Problem, ProblemBody};
use crate::service::Service;

/// The body of a request to post a transfer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Order {
    /// The name of the paying account.
    from: String,
    /// The name of the receiving account, which has the same currency.
    to: String,
    /// With at most the decimals of the currency.
    amount: DecimalText,
    memo: Option<String>,
    /// The version that the paying account must have, if any.
    expected_version: Option<i64>,
}

impl Order {
    /// Finds both accounts, and returns the request, their names and the paying account.
    pub(super) async fn resolve(
        self,
        service: &Service,
        id: TransferId,
    ) -> Result<(PostRequest, AccountName, AccountName, KnownAccount), Problem> {
        let (from, to) = (AccountName::new(self.from)?, AccountName::new(self.to)?);
        let (amount, memo) = (self.amount.decimal()?.positive()?, self.memo.map(Memo::new).transpose()?);
        let (payer, payee) = service.accounts_of(&from, &to).await?;
        let expected_version = self.expected_version.map(AccountVersion::new);
        let transfer = Transfer::new(id, payer.id, payee.id, amount.amount(payer.currency)?).with_memo(memo);
        Ok((PostRequest { transfer, expected_version }, from, to, payer))
    }
}

/// A transfer, and both accounts after it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TransferBody {
    id: String,
    /// `payment` or `reversal`.
    kind: &'static str,
    /// `posted` or `replayed`, in the answer to a request to post it.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
    /// When it was posted, by the database's clock; left out in the answer to a request to post it.
    #[serde(skip_serializing_if = "Option::is_none")]
    posted_at: Option<String>,
    /// The group with which it took effect.
    #[serde(skip_serializing_if = "Option::is_none")]
    group_id: Option<String>,
    #[schema(example = "12.50")]
    amount: String,
    currency: String,
    memo: Option<String>,
    from: Side,
    to: Side,
}

/// One of the two accounts, right after the transfer.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Side {
    account_id: i64,
    name: String,
    #[schema(example = "12.50")]
    balance: String,
    version: i64,
}

impl Side {
    fn new(account_id: i64, name: &AccountName, entry: &Entry, currency: Currency) -> Self {
        let balance = currency.number(entry.balance_after.get());
        Self { account_id, name: name.to_string(), balance, version: entry.version.get() }
    }
}

impl TransferBody {
    pub(super) fn new(posting: &PostedTransfer, currency: Currency, from: &AccountName, to: &AccountName) -> Self {
        let transfer = &posting.transfer;
        Self {
            id: transfer.id.to_string(),
            kind: transfer.kind().name(),
            status: None,
            posted_at: None,
            group_id: transfer.group().map(|group| group.to_string()),
            amount: currency.number(transfer.amount.get()),
            currency: currency.code.to_string(),
            memo: transfer.memo.as_ref().map(ToString::to_string),
            from: Side::new(transfer.from.get(), from, &posting.debit, currency),
            to: Side::new(transfer.to.get(), to, &posting.credit, currency),
        }
    }

    pub(super) fn recorded(recorded: &RecordedTransfer) -> Self {
        let posted_at = recorded.posted_at.to_rfc3339_opts(SecondsFormat::Micros, true);
        let body = Self::new(&recorded.posted, recorded.currency, &recorded.from_name, &recorded.to_name);
        Self { posted_at: Some(posted_at), ..body }
    }
}

/// Posts a transfer under the id in `Idempotency-Key`: 201 if it was posted now, 200 if it had been posted before.
#[utoipa::path(post, path = "/transfers", tag = "transfers", params(
    ("Idempotency-Key" = String, Header, description = "The transfer's id: the same for every repetition"),
), request_body = Order, responses(
    (status = 201, description = "Posted", body = TransferBody),
    (status = 200, description = "It had been posted before under this key", body = TransferBody),
    (status = 400, description = "The request is wrong", body = ProblemBody),
    (status = 404, description = "The account is unknown", body = ProblemBody),
    (status = 409, description = "The key was used for another transfer", body = ProblemBody),
    (status = 422, description = "A rule rejects it; nothing was changed, and the key is still free", body = ProblemBody),
    (status = 503, description = "Nothing was changed; send it again", body = ProblemBody),
    (status = 504, description = "Unknown: send it again with the same key", body = ProblemBody),
))]
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
    let (request, from, to, payer) = order.resolve(service, id).await?;
    let outcome = service.post(request).await?;
    let status = outcome.status();
    let (code, posting) = match outcome {
        Outcome::Posted(posting) => (StatusCode::CREATED, posting),
        Outcome::Replayed(posting) => (StatusCode::OK, posting),
        Outcome::Rejected(reason) => {
            let name_of = |id| if id == payer.id { from.to_string() } else { to.to_string() };
            return Err(Problem::rejected(&reason, payer.currency, name_of));
        }
    };
    Ok((code, status, TransferBody::new(&posting, payer.currency, &from, &to)))
}

/// Shows a transfer.
#[utoipa::path(get, path = "/transfers/{id}", tag = "transfers", params(
    ("id" = String, Path, description = "The transfer's id"),
), responses(
    (status = 200, description = "The transfer", body = TransferBody),
    (status = 400, description = "The id is no UUID", body = ProblemBody),
    (status = 404, description = "It is not in the journal; a request for it may still be in progress", body = ProblemBody),
    (status = 503, description = "Send it again", body = ProblemBody),
))]
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
