//! Extractors that answer a bad request with a [`Problem`] instead of a line of text.

use axum::Json;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use bank_domain::TransferId;
use serde::de::DeserializeOwned;

use crate::problem::Problem;

/// The largest request body in bytes. The largest valid one has less than half of that.
pub const BODY_BYTES_MAX: usize = 8 * 1024;

/// The largest body of a group in bytes. The largest valid one has less.
pub const GROUP_BYTES_MAX: usize = 2 * 1024 * 1024;

/// The header that names a transfer.
pub const IDEMPOTENCY_KEY: &str = "idempotency-key";

const KEY_HINT: &str = "send a UUID in the header Idempotency-Key, and the same one when you repeat the request";

/// The transfer's id, from the header `Idempotency-Key`.
#[derive(Clone, Copy, Debug)]
pub struct IdempotencyKey(pub TransferId);

impl<S: Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let mut values = parts.headers.get_all(IDEMPOTENCY_KEY).iter();
        let Some(value) = values.next() else {
            let message = "the header Idempotency-Key is missing";
            return Err(Problem::invalid("idempotency_key_missing", message, KEY_HINT));
        };
        let malformed = |message: &str| Problem::invalid("idempotency_key_malformed", message, KEY_HINT);
        if values.next().is_some() {
            return Err(malformed("the header Idempotency-Key is there more than once"));
        }
        let text = value.to_str().map_err(|_| malformed("the Idempotency-Key is not a UUID"))?;
        // The draft standard of the header has quotation marks around the key; most clients leave them out.
        let unquoted = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(text);
        let id: TransferId = unquoted.parse().map_err(|_| malformed("the Idempotency-Key is not a UUID"))?;
        id.for_new_transfer().map(Self).map_err(|_| malformed("the Idempotency-Key is the nil UUID"))
    }
}

/// A JSON body.
#[derive(Clone, Copy, Debug)]
pub struct Body<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let rejection = match Json::<T>::from_request(request, state).await {
            Ok(Json(value)) => return Ok(Self(value)),
            Err(rejection) => rejection,
        };
        let message = rejection.body_text();
        Err(match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => {
                let message =
                    format!("the body has more than {BODY_BYTES_MAX} bytes, or {GROUP_BYTES_MAX} for a group");
                Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", message, "send less")
            }
            status @ StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                Problem::new(status, "not_json", message, "send JSON with Content-Type: application/json")
            }
            // 422 means that a transfer was rejected; a body of the wrong shape never becomes one.
            _ => Problem::invalid("invalid_body", message, "see the README for the fields of a request"),
        })
    }
}

/// The parameters after `?`.
#[derive(Clone, Copy, Debug)]
pub struct Parameters<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Parameters<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Query::<T>::from_request_parts(parts, state).await {
            Ok(Query(value)) => Ok(Self(value)),
            Err(rejection) => Err(Problem::invalid(
                "invalid_parameter",
                rejection.body_text(),
                "correct what stands after the question mark",
            )),
        }
    }
}

/// The last part of the path, decoded.
#[derive(Clone, Debug)]
pub struct LastSegment(pub String);

impl<S: Send + Sync> FromRequestParts<S> for LastSegment {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match Path::<String>::from_request_parts(parts, state).await {
            Ok(Path(text)) => Ok(Self(text)),
            Err(rejection) => {
                Err(Problem::invalid("invalid_path", rejection.body_text(), "write the path in UTF-8, percent-encoded"))
            }
        }
    }
}
