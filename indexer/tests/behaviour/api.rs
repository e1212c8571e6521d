//! The REST API over HTTP.

use infera_indexer::{Indexer, IndexerConfig, IndexerError, StoreLocation};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{
    caught_up,
    chain::FakeChain,
    deployment,
    events::{REQUESTER, challenged, decided, job_id, model_id, network, requested, resolved_job, transaction},
    provider, soon, start_indexer, stream_config,
};

async fn get(indexer: &Indexer, path: &str) -> (StatusCode, Value) {
    let response = soon("an answer", reqwest::get(format!("{}{path}", indexer.url()))).await.unwrap();
    let status = response.status();
    (status, serde_json::from_str(&response.text().await.unwrap()).unwrap())
}

async fn get_ok(indexer: &Indexer, path: &str) -> Value {
    let (status, body) = get(indexer, path).await;
    assert_eq!(status, StatusCode::OK, "{path}: {body}");
    body
}

/// A chain with a network, a resolved job (1) and an open one (2), and an indexer that has read it.
async fn served() -> (FakeChain, Indexer) {
    let chain = FakeChain::start().await;
    chain.mine(2);
    chain.extend(network());
    chain.extend(resolved_job(1, 5));
    chain.extend(vec![vec![transaction([requested(2)])]]);
    let indexer = start_indexer(&chain, StoreLocation::Memory).await;
    caught_up(&indexer, &chain).await;
    (chain, indexer)
}

#[tokio::test]
async fn status_tells_the_head_and_how_far_the_store_is() {
    let (chain, indexer) = served().await;
    assert_ne!(indexer.address().port(), 0);
    let status = get_ok(&indexer, "/v1/status").await;
    assert_eq!(status["head"]["number"], json!(chain.head().number));
    assert_eq!(status["indexed"], json!(chain.head()));
    assert_eq!(status["lag"], json!(0));
    assert_eq!(status["deployment"]["jobRegistry"], json!(deployment().job_registry));
    assert_eq!(status["rpc"]["state"], json!("connected"));
    assert!(!status.to_string().contains("secret"), "{status}");
    assert_eq!(get_ok(&indexer, "/health").await["status"], json!("ok"));
    indexer.stop().await.unwrap();
}

#[tokio::test]
async fn jobs_are_listed_filtered_and_paged() {
    let (_chain, indexer) = served().await;
    let ids = |list: &Value| -> Vec<Value> {
        list["items"].as_array().unwrap().iter().map(|job| job["id"].clone()).collect()
    };
    let (first, second) = (json!(job_id(1)), json!(job_id(2)));

    let all = get_ok(&indexer, "/v1/jobs").await;
    assert_eq!((ids(&all), &all["next"]), (vec![second.clone(), first.clone()], &Value::Null));
    let page = get_ok(&indexer, "/v1/jobs?limit=1").await;
    assert_eq!(ids(&page), vec![second.clone()]);
    let cursor = page["next"].as_str().unwrap();
    let rest = get_ok(&indexer, &format!("/v1/jobs?limit=1&cursor={cursor}")).await;
    assert_eq!((ids(&rest), &rest["next"]), (vec![first.clone()], &Value::Null));
    assert_eq!(ids(&get_ok(&indexer, "/v1/jobs?phase=resolved").await), vec![first.clone()]);
    assert_eq!(ids(&get_ok(&indexer, "/v1/jobs?executor=3").await), vec![first.clone()]);
    assert_eq!(ids(&get_ok(&indexer, &format!("/v1/jobs?requester={REQUESTER}")).await).len(), 2);
    assert!(ids(&get_ok(&indexer, &format!("/v1/jobs?requester={}", deployment().staking)).await).is_empty());
}

#[tokio::test]
async fn a_job_is_served_with_amounts_as_decimal_strings() {
    let (_chain, indexer) = served().await;
    let job = get_ok(&indexer, &format!("/v1/jobs/{}", job_id(1))).await;
    assert_eq!(job["phase"], json!("Resolved"));
    assert_eq!(job["seatFee"], json!("10000000000000000"));
    assert_eq!(job["terms"]["committeeSize"], json!(3));
    assert_eq!(job["seats"][2]["outcome"], json!("Outlier"));
    assert_eq!(job["ending"]["agreeing"], json!([0, 1]));
}

#[tokio::test]
async fn a_job_is_explained_to_programs_and_to_people() {
    let (_chain, indexer) = served().await;
    let path = format!("/v1/jobs/{}/explain", job_id(1));
    let explanation = get_ok(&indexer, &path).await;
    assert_eq!(
        explanation["summary"],
        json!("Answered: 2 of 3 answers agree; the result is “treasury” (score 0.520000).")
    );
    assert_eq!(explanation["gasUsed"], json!(700_000));
    assert_eq!(explanation["comparisons"][0]["agree"], json!(true));
    let text = reqwest::get(format!("{}{path}?format=text", indexer.url())).await.unwrap();
    assert!(text.headers()["content-type"].to_str().unwrap().starts_with("text/plain"));
    assert!(text.text().await.unwrap().contains("Executor 3's answer disagrees with the result: paid nothing"));
    let open = get_ok(&indexer, &format!("/v1/jobs/{}/explain", job_id(2))).await;
    assert!(open["waitingFor"].as_str().unwrap().starts_with("block 13"), "{open}");
}

#[tokio::test]
async fn executors_models_and_events_are_served() {
    let (_chain, indexer) = served().await;
    let executors = get_ok(&indexer, "/v1/executors?limit=3").await;
    assert_eq!((executors["items"].as_array().unwrap().len(), &executors["next"]), (3, &json!("3")));
    let rest = get_ok(&indexer, "/v1/executors?cursor=3").await;
    assert_eq!((rest["items"][0]["id"].clone(), &rest["next"]), (json!(4), &Value::Null));
    assert_eq!(get_ok(&indexer, "/v1/executors/3").await["reputation"], json!(437_500));
    assert_eq!(get_ok(&indexer, "/v1/models").await["items"][0]["name"], json!("minilm"));
    assert_eq!(get_ok(&indexer, &format!("/v1/models/{}", model_id())).await["versions"][0]["task"], json!(2));

    let mut names = Vec::new();
    let mut cursor = String::new();
    loop {
        let page = get_ok(&indexer, &format!("/v1/events?job={}&limit=4&cursor={cursor}", job_id(1))).await;
        names.extend(page["items"].as_array().unwrap().iter().map(|event| event["name"].as_str().unwrap().to_owned()));
        match page["next"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(names.len(), 18);
    assert_eq!((names[0].as_str(), names[17].as_str()), ("JobRequested", "CallbackExecuted"));
}

#[tokio::test]
async fn cases_are_served() {
    let (chain, indexer) = served().await;
    chain.extend(vec![vec![transaction([challenged(8, 1, 2, 1), challenged(9, 1, 3, 2)])]]);
    chain.extend(vec![vec![transaction([decided(9, 1, 3, 2, 3)])]]);
    caught_up(&indexer, &chain).await;
    let case = get_ok(&indexer, &format!("/v1/cases/{}", job_id(9))).await;
    assert_eq!(case["verdict"], json!("Acquitted"));
    assert_eq!((&case["jobId"], &case["executorId"]), (&json!(job_id(1)), &json!(3)));
    let page = get_ok(&indexer, &format!("/v1/cases?job={}&limit=1", job_id(1))).await;
    assert_eq!(page["items"][0]["id"], json!(job_id(9)), "the newest first");
    let next = page["next"].as_str().unwrap();
    let rest = get_ok(&indexer, &format!("/v1/cases?job={}&limit=1&cursor={next}", job_id(1))).await;
    assert_eq!((&rest["items"][0]["id"], &rest["next"]), (&json!(job_id(8)), &Value::Null));
    let pending = get_ok(&indexer, "/v1/cases?verdict=pending&executor=2").await;
    assert_eq!(pending["items"].as_array().unwrap().len(), 1);
    assert_eq!(get(&indexer, "/v1/cases?verdict=hanged").await.0, StatusCode::BAD_REQUEST);
    assert_eq!(get(&indexer, &format!("/v1/cases/{}", job_id(7))).await.0, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn bad_requests_are_told_what_is_wrong() {
    let (_chain, indexer) = served().await;
    let unknown = job_id(99);
    for (path, status, code, word) in [
        ("/v1/jobs?limit=0".to_owned(), 400, "invalid_parameter", "from 1 to 100"),
        ("/v1/jobs?limit=101".to_owned(), 400, "invalid_parameter", "101"),
        ("/v1/jobs?limit=many".to_owned(), 400, "invalid_parameter", "many"),
        ("/v1/jobs?phase=stuck".to_owned(), 400, "invalid_parameter", "Committing"),
        ("/v1/jobs?requester=0x12".to_owned(), 400, "invalid_parameter", "address"),
        ("/v1/jobs?cursor=1".to_owned(), 400, "invalid_parameter", "cursor"),
        ("/v1/jobs?colour=red".to_owned(), 400, "invalid_parameter", "colour"),
        ("/v1/jobs/0x12".to_owned(), 400, "invalid_parameter", "32 bytes"),
        (format!("/v1/jobs/{unknown}"), 404, "not_found", "there is no job"),
        (format!("/v1/jobs/{unknown}/explain"), 404, "not_found", "there is no job"),
        (format!("/v1/jobs/{unknown}/explain?format=pdf"), 400, "invalid_parameter", "pdf"),
        ("/v1/executors/9".to_owned(), 404, "not_found", "executor 9"),
        ("/v1/executors/alice".to_owned(), 400, "invalid_parameter", "alice"),
        (format!("/v1/models/{unknown}"), 404, "not_found", "model"),
        ("/v1/events/stream?after=yesterday".to_owned(), 400, "invalid_parameter", "yesterday"),
        ("/v2".to_owned(), 404, "no_such_path", "no such path"),
    ] {
        let (answered, body) = get(&indexer, &path).await;
        assert_eq!((answered.as_u16(), body["error"]["code"].as_str()), (status, Some(code)), "{path}: {body}");
        assert!(body["error"]["message"].as_str().unwrap().contains(word), "{path}: {body}");
    }
    let posted = reqwest::Client::new().post(format!("{}/v1/jobs", indexer.url())).send().await.unwrap();
    assert_eq!(posted.status(), StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn people_get_a_page() {
    let (_chain, indexer) = served().await;
    let response = reqwest::get(indexer.url()).await.unwrap();
    assert!(response.headers().contains_key("content-security-policy"));
    let page = response.text().await.unwrap();
    assert!(page.contains("Recent jobs") && page.contains("v1/jobs"));
}

#[tokio::test]
async fn without_its_node_an_indexer_serves_what_it_has_and_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let store = StoreLocation::File(folder.path().join("index.sqlite"));
    let chain = FakeChain::start().await;
    chain.mine(2);
    chain.extend(network());
    chain.extend(resolved_job(1, 5));
    let indexer = start_indexer(&chain, store.clone()).await;
    caught_up(&indexer, &chain).await;
    indexer.stop().await.unwrap();

    let url = chain.url().to_owned();
    drop(chain);
    let config = IndexerConfig { listen: "127.0.0.1:0".parse().unwrap(), store, stream: stream_config(&url) };
    let indexer = Indexer::start(config, provider(&url), deployment()).await.unwrap();
    let failing = async { while get(&indexer, "/health").await.1["status"] != json!("rpc_failing") {} };
    soon("the failure", failing).await;
    let (status, health) = get(&indexer, "/health").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(!health.to_string().contains("secret"), "{health}");
    let explanation = get_ok(&indexer, &format!("/v1/jobs/{}/explain", job_id(1))).await;
    assert_eq!(explanation["phase"], json!("Resolved"));
    soon("the end", indexer.stop()).await.unwrap();
}

#[tokio::test]
async fn a_taken_port_is_named() {
    let (chain, indexer) = served().await;
    let config =
        IndexerConfig { listen: indexer.address(), store: StoreLocation::Memory, stream: stream_config(chain.url()) };
    let error = Indexer::start(config, provider(chain.url()), deployment()).await.unwrap_err();
    assert!(matches!(error, IndexerError::Listen { .. }), "{error:?}");
    let message = error.to_string();
    assert!(message.contains(&indexer.address().to_string()) && message.contains("port 0"), "{message}");
}

#[tokio::test]
async fn an_indexer_on_the_wrong_chain_ends_with_the_reason() {
    let chain = FakeChain::start().await;
    chain.set_chain_id(5);
    let mut indexer = start_indexer(&chain, StoreLocation::Memory).await;
    let error = soon("the end", indexer.wait()).await.unwrap_err();
    assert!(matches!(error, IndexerError::Stream(_)) && error.to_string().contains("serves chain 5"), "{error}");
}

#[tokio::test]
async fn a_client_that_never_finishes_its_request_does_not_hold_up_the_end() {
    use tokio::io::AsyncWriteExt;
    let (_chain, indexer) = served().await;
    let mut slow = tokio::net::TcpStream::connect(indexer.address()).await.unwrap();
    slow.write_all(b"GET /v1/status HTTP/1.1\r\nHost: ").await.unwrap();
    soon("the end", indexer.stop()).await.unwrap();
}
