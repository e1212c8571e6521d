//! Inputs that are not in the request.

use std::time::{Duration, Instant};

use alloy::primitives::{Bytes, U256};
use infera_contracts::IJobRegistry;
use infera_network::Role;
use tokio::net::TcpListener;

use crate::stage::Stage;

#[tokio::test(flavor = "multi_thread")]
async fn an_input_that_does_not_come_delays_no_other_job() {
    let stage = Stage::set().await;
    let silent = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let uri = format!("http://{}/input", silent.local_addr().unwrap());
    let sender = stage.network.sender(Role::Requester).await.unwrap();
    let request = stage.request();
    let terms = stage.client.terms(sender.address(), U256::from(2), &request).await.unwrap();
    let escrow = stage.client.quote(&terms).await.unwrap();
    let registry = IJobRegistry::new(stage.network.deployment().job_registry, stage.network.provider());
    let call = registry.request(terms, Bytes::new(), request.parameters.clone(), uri).value(escrow);
    sender.call("requesting the job", call).await.unwrap();
    let mut knocks = Vec::new();
    for _ in 0..3 {
        knocks.push(silent.accept().await.unwrap());
    }

    let started = Instant::now();
    let job = stage.ask(&request).await;
    stage.resolves(job.id).await;
    // A node waits ten seconds for an input.
    assert!(started.elapsed() < Duration::from_secs(8), "{:?}", started.elapsed());
    drop(knocks);
}
