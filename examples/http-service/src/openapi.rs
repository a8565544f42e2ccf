//! The OpenAPI document, made from the descriptions beside the handlers.

use axum::Json;
use utoipa::OpenApi;

use crate::routes::{accounts, groups, operations, transfers};

/// Collects the descriptions; a handler that is missing here fails a test of the routes.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "bank-http-service",
        description = "Moves money over HTTP. Amounts are decimal strings with the decimals of their currency.",
    ),
    paths(
        accounts::list,
        accounts::open,
        accounts::find,
        transfers::create,
        transfers::find,
        groups::create,
        groups::find,
        operations::health,
        operations::ready,
        operations::metrics,
        answer,
    )
)]
struct Document;

/// Returns the OpenAPI document of the service.
#[must_use]
pub fn document() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

/// Answers with this description of the service.
#[utoipa::path(get, path = "/openapi.json", tag = "operations", responses(
    (status = 200, description = "The OpenAPI document", body = String, content_type = "application/json"),
))]
pub(crate) async fn answer() -> Json<utoipa::openapi::OpenApi> {
    Json(document())
}
