//! Groups: transfers that take effect together or not at all.

use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use bank_domain::{AccountName, Currency, Group, GroupId, Outcome, PostRequest, Rejection, TransferId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::transfers::{Order, TransferBody};
use crate::extract::{Body, IdempotencyKey, LastSegment};
use crate::known_accounts::KnownAccount;
use crate::problem::{Problem, ProblemBody};
use crate::service::Service;

/// The body of a request to post a group.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GroupOrder {
    /// 2 to 1,000 transfers, in the order in which they take effect.
    transfers: Vec<Order>,
}

/// Transfers that took effect together.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GroupBody {
    id: String,
    /// `posted` or `replayed`, in the answer to a request to post it.
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
    transfers: Vec<TransferBody>,
}

/// A member of a group whose accounts are known.
struct Member {
    request: PostRequest,
    from: AccountName,
    to: AccountName,
    currency: Currency,
}

/// Posts a group: 201 if it was posted now, 200 if it had been posted before. The first transfer has the id in
/// `Idempotency-Key`; those of the others are derived from it.
#[utoipa::path(post, path = "/groups", tag = "groups", params(
    ("Idempotency-Key" = String, Header, description = "The id of the first transfer: the same for every repetition"),
), request_body = GroupOrder, responses(
    (status = 201, description = "All transfers were posted", body = GroupBody),
    (status = 200, description = "They had been posted together before under this key", body = GroupBody),
    (status = 400, description = "The request is wrong", body = ProblemBody),
    (status = 404, description = "An account is unknown", body = ProblemBody),
    (status = 409, description = "The key was used for something else", body = ProblemBody),
    (status = 422, description = "A rule rejects one of them; nothing was changed, and the key is still free", body = ProblemBody),
    (status = 503, description = "Nothing was changed; send it again", body = ProblemBody),
    (status = 504, description = "Unknown: send it again with the same key", body = ProblemBody),
))]
pub(super) async fn create(
    State(service): State<Service>,
    key: Result<IdempotencyKey, Problem>,
    body: Result<Body<GroupOrder>, Problem>,
) -> Result<Response, Problem> {
    // Both are read before either is checked: an answer before the body was read would close the connection.
    let (IdempotencyKey(id), Body(order)) = (key?, body?);
    let members = members(&service, id, order).await?;
    let group = Group::new(members.iter().map(|member| member.request.clone()))?;
    let group_id = group.id();
    let outcomes = service.post_group(group).await?;
    for outcome in &outcomes {
        service.metrics().transfer(code(outcome));
    }
    if let Some(problem) = problem(&members, &outcomes) {
        return Err(problem);
    }
    let status = outcomes.first().map(Outcome::status);
    let transfers = members
        .iter()
        .zip(&outcomes)
        .filter_map(|(member, outcome)| {
            Some(TransferBody::new(outcome.posted()?, member.currency, &member.from, &member.to))
        })
        .collect();
    let code = if status == Some("replayed") { StatusCode::OK } else { StatusCode::CREATED };
    let location = [(header::LOCATION, format!("/groups/{group_id}"))];
    Ok((code, location, Json(GroupBody { id: group_id.to_string(), status, transfers })).into_response())
}

async fn members(service: &Service, id: TransferId, order: GroupOrder) -> Result<Vec<Member>, Problem> {
    let mut members = Vec::with_capacity(order.transfers.len());
    for (ordinal, order) in (0..).zip(order.transfers) {
        let (request, from, to, KnownAccount { currency, .. }) = order.resolve(service, id.of_member(ordinal)).await?;
        members.push(Member { request, from, to, currency });
    }
    Ok(members)
}

/// Returns why the group was rejected: the reason of the one member that has its own.
fn problem(members: &[Member], outcomes: &[Outcome]) -> Option<Problem> {
    members.iter().zip(outcomes).find_map(|(member, outcome)| match outcome {
        Outcome::Rejected(Rejection::GroupRejected { .. }) | Outcome::Posted(_) | Outcome::Replayed(_) => None,
        Outcome::Rejected(reason) => {
            let payer = member.request.transfer.from;
            let name_of = |id| if id == payer { member.from.to_string() } else { member.to.to_string() };
            Some(Problem::rejected(reason, member.currency, name_of))
        }
    })
}

fn code(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Rejected(reason) => reason.code(),
        other => other.status(),
    }
}

/// Shows a group.
#[utoipa::path(get, path = "/groups/{id}", tag = "groups", params(
    ("id" = String, Path, description = "The group's id"),
), responses(
    (status = 200, description = "Its transfers", body = GroupBody),
    (status = 400, description = "The id is no UUID", body = ProblemBody),
    (status = 404, description = "It is not in the journal; a request for it may still be in progress", body = ProblemBody),
    (status = 503, description = "Send it again", body = ProblemBody),
))]
pub(super) async fn find(
    State(service): State<Service>,
    LastSegment(id): LastSegment,
) -> Result<Json<GroupBody>, Problem> {
    let id: GroupId = id.parse()?;
    let members = service.blocking(move |bank| bank.find_group(id)).await?;
    if members.is_empty() {
        let hint = "to learn what became of a request without an answer, send it again with the same key";
        return Err(Problem::new(StatusCode::NOT_FOUND, "group_not_found", format!("there is no group {id}"), hint));
    }
    let transfers = members.iter().map(TransferBody::recorded).collect();
    Ok(Json(GroupBody { id: id.to_string(), status: None, transfers }))
}
