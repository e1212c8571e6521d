//! Pages of lists and what is asked for in query strings.

use std::{fmt::Display, str::FromStr};

use alloy::primitives::B256;
use axum::extract::{FromRequestParts, Query};
use axum::http::request::Parts;
use serde::{Serialize, de::DeserializeOwned};

use super::error::ApiError;
use crate::store::EventPosition;

/// Items of a page when the caller does not say.
const DEFAULT_LIMIT: u32 = 25;
/// Most items of a page.
const MAX_LIMIT: u32 = 100;

/// One page of a list.
#[derive(Serialize)]
pub(super) struct Page<T> {
    items: Vec<T>,
    /// The `cursor` of the next page; null on the last.
    next: Option<String>,
}

impl<T> Page<T> {
    /// A page from one item more than it may hold: that one shows that there is a next page.
    pub(super) fn new(mut items: Vec<T>, limit: u32, cursor: impl Fn(&T) -> String) -> Self {
        let limit = limit as usize;
        let more = items.len() > limit;
        items.truncate(limit);
        let next = if more { items.last().map(cursor) } else { None };
        Self { items, next }
    }
}

/// The number of items asked for, within bounds.
pub(super) fn limit(asked: Option<&str>) -> Result<u32, ApiError> {
    let limit = parse::<u32>(asked, "limit", "a number from 1 to 100")?.unwrap_or(DEFAULT_LIMIT);
    if (1..=MAX_LIMIT).contains(&limit) {
        Ok(limit)
    } else {
        Err(ApiError::invalid(format!("limit is {limit}: it must be a number from 1 to {MAX_LIMIT}")))
    }
}

/// A value of the query string; absent and empty are the same.
pub(super) fn parse<T: FromStr>(text: Option<&str>, name: &str, wanted: &str) -> Result<Option<T>, ApiError> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    text.parse().map(Some).map_err(|_| ApiError::invalid(format!("{name} is {text:?}: it must be {wanted}")))
}

/// A 32-byte id in a path.
pub(super) fn id(text: &str, what: &str) -> Result<B256, ApiError> {
    text.parse().map_err(|_| ApiError::invalid(format!("{text:?} is no {what} id: it must be 32 bytes in hex")))
}

/// `block-logIndex`
pub(super) fn cursor_of(position: &EventPosition) -> String {
    format!("{}-{}", position.block, position.log_index)
}

pub(super) fn position(text: Option<&str>) -> Result<Option<EventPosition>, ApiError> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    let position = text.split_once('-').and_then(|(block, log_index)| {
        Some(EventPosition { block: block.parse().ok()?, log_index: log_index.parse().ok()? })
    });
    position.map(Some).ok_or_else(|| ApiError::invalid(format!("cursor is {text:?}: it must be the `next` of a page")))
}

/// A query string whose faults are told as the API tells errors.
pub(super) struct Parameters<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Parameters<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let describe = |fault: &dyn Display| ApiError::invalid(format!("the query string can't be read: {fault}"));
        let Query(parameters) =
            Query::from_request_parts(parts, state).await.map_err(|rejection| describe(&rejection.body_text()))?;
        Ok(Self(parameters))
    }
}
