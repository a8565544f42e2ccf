//! Accounts: opening, finding and listing them.

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use bank_domain::{Account, AccountId, AccountName, Age, Balance, Country, InvalidInput, NewAccount, OverdraftLimit};
use bank_persistence::accounts;
use serde::{Deserialize, Serialize};

use crate::extract::{Body, LastSegment, Parameters};
use crate::problem::Problem;
use crate::service::Service;

/// How many accounts a page has by default.
const PAGE_DEFAULT: u16 = 100;

/// The body of a request to open an account.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Opening {
    name: String,
    age: Option<i16>,
    country: Option<String>,
    #[serde(default)]
    balance: i64,
    #[serde(default)]
    overdraft_limit: i64,
}

impl TryFrom<Opening> for NewAccount {
    type Error = InvalidInput;

    fn try_from(opening: Opening) -> Result<Self, InvalidInput> {
        let age = opening.age.map(Age::new).transpose()?;
        let country = opening.country.map(Country::new).transpose()?;
        let (balance, limit) = (Balance::new(opening.balance), OverdraftLimit::new(opening.overdraft_limit)?);
        Ok(Self::new(AccountName::new(opening.name)?, balance, limit)?.with_age(age).with_country(country))
    }
}

/// The current state of an account.
#[derive(Debug, Serialize)]
pub(super) struct AccountBody {
    id: i64,
    name: String,
    age: Option<i16>,
    country: Option<String>,
    balance: i64,
    opening_balance: i64,
    overdraft_limit: i64,
    version: i64,
}

impl From<&Account> for AccountBody {
    fn from(account: &Account) -> Self {
        Self {
            id: account.id.get(),
            name: account.name.to_string(),
            age: account.age.map(Age::get),
            country: account.country.as_ref().map(ToString::to_string),
            balance: account.balance.get(),
            opening_balance: account.opening_balance.get(),
            overdraft_limit: account.overdraft_limit.get(),
            version: account.version.get(),
        }
    }
}

/// Opens an account.
pub(super) async fn open(
    State(service): State<Service>,
    Body(opening): Body<Opening>,
) -> Result<impl IntoResponse, Problem> {
    let new = NewAccount::try_from(opening)?;
    let account = service.blocking(move |bank| bank.open_account(&new)).await?;
    Ok((StatusCode::CREATED, Json(AccountBody::from(&account))))
}

/// Shows one account.
pub(super) async fn find(State(service): State<Service>, LastSegment(name): LastSegment) -> Result<Response, Problem> {
    let name = AccountName::new(name)?;
    let wanted = name.clone();
    let found = service.blocking(move |bank| bank.find_account(&wanted)).await?;
    let account = found.ok_or_else(|| Problem::no_account(&name))?;
    let mut response = Json(AccountBody::from(&account)).into_response();
    // A balance may change at any time.
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

/// The accounts to list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Page {
    /// Only accounts whose ids are above this one.
    after: Option<i64>,
    limit: Option<u16>,
}

/// A page of accounts.
#[derive(Debug, Serialize)]
pub(super) struct PageBody {
    accounts: Vec<AccountBody>,
    /// The value of `after` for the next page; null on the last one.
    next: Option<i64>,
}

/// Lists a page of accounts, ordered by id.
pub(super) async fn list(
    State(service): State<Service>,
    Parameters(page): Parameters<Page>,
) -> Result<Json<PageBody>, Problem> {
    let limit = page.limit.unwrap_or(PAGE_DEFAULT);
    if !(1..=accounts::PAGE_SIZE).contains(&limit) {
        let message = format!("limit {limit} is not a whole number from 1 to {}", accounts::PAGE_SIZE);
        return Err(Problem::invalid("invalid_parameter", message, "ask for fewer, and follow `next`"));
    }
    let after = page.after.map(AccountId::new);
    // A query of the library in a snapshot. Your own queries would go here in the same way.
    let found = service
        .blocking(move |bank| bank.read("listing accounts", |connection| accounts::list_page(connection, after, limit)))
        .await?;
    let is_full = found.len() == usize::from(limit);
    let next = found.last().filter(|_| is_full).map(|recorded| recorded.account.id.get());
    Ok(Json(PageBody { accounts: found.iter().map(|recorded| AccountBody::from(&recorded.account)).collect(), next }))
}
