//! What each path answers.

use std::time::{SystemTime, UNIX_EPOCH};

use axum::{
    Json,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    ApiState,
    error::ApiError,
    page::{Page, Parameters, cursor_of, id, limit, parse, position},
};
use crate::{
    explain::{ExplainContext, explain},
    fold::{CaseRecord, ExecutorRecord, JobRecord, ModelRecord},
    names::{JobPhase, Verdict},
    store::{CaseFilter, EventFilter, EventPosition, JobFilter},
    stream::{Connection, StreamHealth},
};

type ApiResult<T> = Result<Json<T>, ApiError>;

pub(super) async fn health(State(state): State<ApiState>) -> Response {
    let health = state.health.borrow().clone();
    let (status, word) = match health.connection {
        Connection::Connected => (StatusCode::OK, "ok"),
        Connection::Connecting => (StatusCode::SERVICE_UNAVAILABLE, "connecting"),
        Connection::Failing { .. } => (StatusCode::SERVICE_UNAVAILABLE, "rpc_failing"),
    };
    let body = json!({ "status": word, "lag": health.lag(), "rpc": connection(&health) });
    (status, Json(body)).into_response()
}

pub(super) async fn status(State(state): State<ApiState>) -> ApiResult<Value> {
    let health = state.health.borrow().clone();
    let indexed = state.store.tip().await?;
    let head = health.head.map(
        |head| json!({ "number": head.number, "timestamp": head.timestamp, "chainTime": head.chain_time(state.now()) }),
    );
    let lag = health.head.zip(indexed).map(|(head, indexed)| head.number.saturating_sub(indexed.number));
    Ok(Json(json!({
        "deployment": *state.deployment, "rpc": connection(&health), "head": head, "indexed": indexed, "lag": lag,
        "parameters": *state.parameters.borrow(),
    })))
}

fn connection(health: &StreamHealth) -> Value {
    match &health.connection {
        Connection::Connecting => json!({ "endpoint": health.endpoint, "state": "connecting" }),
        Connection::Connected => json!({ "endpoint": health.endpoint, "state": "connected" }),
        Connection::Failing { since, failures, reason } => json!({
            "endpoint": health.endpoint, "state": "failing", "since": unix_seconds(*since), "failures": failures,
            "reason": reason,
        }),
    }
}

fn unix_seconds(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct JobsQuery {
    requester: Option<String>,
    phase: Option<String>,
    executor: Option<String>,
    limit: Option<String>,
    cursor: Option<String>,
}

pub(super) async fn jobs(
    State(state): State<ApiState>,
    Parameters(query): Parameters<JobsQuery>,
) -> ApiResult<Page<JobRecord>> {
    let filter = JobFilter {
        requester: parse(query.requester.as_deref(), "requester", "an address")?,
        phase: parse::<JobPhase>(
            query.phase.as_deref(),
            "phase",
            "one of Requested, Committing, Revealing, Resolved, Refunded",
        )?,
        executor: parse(query.executor.as_deref(), "executor", "an executor's number")?,
    };
    let limit = limit(query.limit.as_deref())?;
    let jobs = state.store.jobs(&filter, position(query.cursor.as_deref())?, limit + 1).await?;
    Ok(Json(Page::new(jobs, limit, |job| {
        cursor_of(&EventPosition { block: job.requested.block, log_index: job.requested.log_index })
    })))
}

pub(super) async fn job(State(state): State<ApiState>, Path(text): Path<String>) -> ApiResult<JobRecord> {
    let job = state.store.job(id(&text, "job")?).await?;
    job.map(Json).ok_or_else(|| ApiError::not_found("job", &text))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ExplainQuery {
    format: Option<String>,
}

pub(super) async fn explain_job(
    State(state): State<ApiState>,
    Path(text): Path<String>,
    Parameters(query): Parameters<ExplainQuery>,
) -> Result<Response, ApiError> {
    let as_text = match query.format.as_deref() {
        None | Some("json") => false,
        Some("text") => true,
        Some(other) => return Err(ApiError::invalid(format!("format is {other:?}: it must be json or text"))),
    };
    let id = id(&text, "job")?;
    let job = state.store.job(id).await?.ok_or_else(|| ApiError::not_found("job", &text))?;
    let Some(parameters) = *state.parameters.borrow() else {
        let message = "the registry's parameters are not read yet; see GET /health, and try again";
        return Err(ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "not_ready", message));
    };
    let model = state.store.model(job.terms.model_id).await?;
    let events = state.store.job_events(id).await?;
    let transactions = state.store.job_transactions(id).await?;
    let now = state.now();
    let head = state.health.borrow().head;
    let context = ExplainContext {
        now: head.map_or_else(|| unix_seconds(now), |head| head.chain_time(now)),
        head: head.map(|head| head.number),
        parameters,
        profile: model.as_ref().and_then(|model| model.profile(job.terms.version, job.terms.runtime_class)),
        transactions: &transactions,
    };
    // A reorganisation between the two reads may have taken the request away.
    let explanation = explain(&events, &context).ok_or_else(|| ApiError::not_found("job", &text))?;
    Ok(if as_text { explanation.to_string().into_response() } else { Json(explanation).into_response() })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CasesQuery {
    job: Option<String>,
    executor: Option<String>,
    verdict: Option<String>,
    limit: Option<String>,
    cursor: Option<String>,
}

pub(super) async fn cases(
    State(state): State<ApiState>,
    Parameters(query): Parameters<CasesQuery>,
) -> ApiResult<Page<CaseRecord>> {
    let filter = CaseFilter {
        job: parse(query.job.as_deref(), "job", "32 bytes in hex")?,
        executor: parse(query.executor.as_deref(), "executor", "an executor's number")?,
        verdict: parse::<Verdict>(query.verdict.as_deref(), "verdict", "one of Pending, Convicted, Acquitted, Lapsed")?,
    };
    let limit = limit(query.limit.as_deref())?;
    let cases = state.store.cases(&filter, position(query.cursor.as_deref())?, limit + 1).await?;
    Ok(Json(Page::new(cases, limit, |case| {
        cursor_of(&EventPosition { block: case.opened.block, log_index: case.opened.log_index })
    })))
}

pub(super) async fn case(State(state): State<ApiState>, Path(text): Path<String>) -> ApiResult<CaseRecord> {
    let case = state.store.case(id(&text, "case")?).await?;
    case.map(Json).ok_or_else(|| ApiError::not_found("case", &text))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ListQuery {
    limit: Option<String>,
    cursor: Option<String>,
}

pub(super) async fn executors(
    State(state): State<ApiState>,
    Parameters(query): Parameters<ListQuery>,
) -> ApiResult<Page<ExecutorRecord>> {
    let limit = limit(query.limit.as_deref())?;
    let after = parse(query.cursor.as_deref(), "cursor", "the `next` of a page")?.unwrap_or(0);
    let executors = state.store.executors(after, limit + 1).await?;
    Ok(Json(Page::new(executors, limit, |executor| executor.id.to_string())))
}

pub(super) async fn executor(State(state): State<ApiState>, Path(text): Path<String>) -> ApiResult<ExecutorRecord> {
    let id: u32 = text
        .parse()
        .map_err(|_| ApiError::invalid(format!("{text:?} is no executor: it must be its number in the registry")))?;
    let executor = state.store.executor(id).await?;
    executor.map(Json).ok_or_else(|| ApiError::not_found("executor", &text))
}

pub(super) async fn models(
    State(state): State<ApiState>,
    Parameters(query): Parameters<ListQuery>,
) -> ApiResult<Page<ModelRecord>> {
    let limit = limit(query.limit.as_deref())?;
    let after = parse(query.cursor.as_deref(), "cursor", "the `next` of a page")?.unwrap_or_default();
    let models = state.store.models(after, limit + 1).await?;
    Ok(Json(Page::new(models, limit, |model| model.id.to_string())))
}

pub(super) async fn model(State(state): State<ApiState>, Path(text): Path<String>) -> ApiResult<ModelRecord> {
    let model = state.store.model(id(&text, "model")?).await?;
    model.map(Json).ok_or_else(|| ApiError::not_found("model", &text))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EventsQuery {
    job: Option<String>,
    executor: Option<String>,
    limit: Option<String>,
    cursor: Option<String>,
}

pub(super) fn event_filter(job: Option<&str>, executor: Option<&str>) -> Result<EventFilter, ApiError> {
    Ok(EventFilter {
        job: parse(job, "job", "32 bytes in hex")?,
        executor: parse(executor, "executor", "an executor's number")?,
    })
}

pub(super) async fn events(
    State(state): State<ApiState>,
    Parameters(query): Parameters<EventsQuery>,
) -> ApiResult<Value> {
    let filter = event_filter(query.job.as_deref(), query.executor.as_deref())?;
    let limit = limit(query.limit.as_deref())?;
    let events = state.store.events(&filter, position(query.cursor.as_deref())?, limit + 1).await?;
    let next = events.get(limit as usize - 1).filter(|_| events.len() > limit as usize);
    let next = next.map(|event| cursor_of(&event.position));
    let items: Vec<Value> = events.into_iter().take(limit as usize).map(|event| event.json).collect();
    Ok(Json(json!({ "items": items, "next": next })))
}
