//! Batches: calls one after the other, many by one thread.

use serde_json::value::RawValue;

use super::{
    Answer, Call, answer, answer_here, arity,
    error::{RpcError, RpcResult},
    guarded, may_take_long,
    params::Params,
    place::Place,
    send::{decode, waits_for_a_block},
};
use crate::{chain::Transaction, cores, devnet::Devnet};

/// The most requests in a batch.
pub(crate) const LONGEST_BATCH: usize = 10_000;

/// How long the answers to a batch may be together, in bytes, before what is left of it is not answered.
pub(crate) const LONGEST_RESPONSE: usize = 128 << 20;

/// The most calls that are carried out before anybody looks whether the answers are still wanted.
const LONGEST_RUN: usize = 256;

/// Brings a signed transaction.
const SEND: &str = "eth_sendRawTransaction";

/// A method and its parameters.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) params: Option<Box<RawValue>>,
}

/// Answers calls in their order, each as if it came alone. The answers may be `room` bytes long together, which
/// shrinks by what they are; once there is none, the calls that are left are not carried out.
pub(crate) async fn answer_all(devnet: &Devnet, requests: Vec<Request>, room: &mut usize, place: Place) -> Vec<Answer> {
    let mut answers = Vec::with_capacity(requests.len());
    let mut requests = requests.into_iter().peekable();
    while let Some(request) = requests.next() {
        if *room == 0 {
            answers.push(RpcError::response_too_large().into());
            continue;
        }
        if waits_for_a_block(&request.method) {
            let answer = answer(devnet, request.method, request.params, place).await;
            *room = room.saturating_sub(answer.length());
            answers.push(answer);
            continue;
        }
        let mut run = vec![request];
        while run.len() < LONGEST_RUN
            && let Some(request) = requests.next_if(|request| !waits_for_a_block(&request.method))
        {
            run.push(request);
        }
        let count = run.len();
        let left = *room;
        let answered = if run.iter().any(|request| may_take_long(&request.method)) {
            let devnet = devnet.clone();
            let run = place.run(move || answer_run(&devnet, &run, left)).await;
            run.unwrap_or_else(|RpcError(error)| (0..count).map(|_| RpcError(error.clone()).into()).collect())
        } else {
            answer_run(devnet, &run, left)
        };
        *room = answered.iter().fold(left, |room, answer| room.saturating_sub(answer.length()));
        answers.extend(answered);
        // Who asked may be gone.
        tokio::task::yield_now().await;
    }
    answers
}

fn answer_run(devnet: &Devnet, requests: &[Request], mut room: usize) -> Vec<Answer> {
    let sends: Vec<_> = requests.iter().filter(|request| request.method == SEND).collect();
    // A transaction that could not be read here is read again in its turn, and answered then.
    let mut signed = cores::map(&sends, |send| signed_transaction(send), || None).into_iter();
    let mut answers = Vec::with_capacity(requests.len());
    for Request { method, params } in requests {
        let transaction = if method == SEND { signed.next().flatten() } else { None };
        let answer = match transaction {
            _ if room == 0 => RpcError::response_too_large().into(),
            Some(transaction) => guarded(method, || submit(devnet, transaction?)),
            None => answer_here(devnet, method, params.as_deref()),
        };
        room = room.saturating_sub(answer.length());
        answers.push(answer);
    }
    answers
}

/// The signed transaction that a send brings, if it brings one rightly: what takes longest of it needs no chain.
fn signed_transaction(Request { method, params }: &Request) -> Option<RpcResult<Transaction>> {
    let params = Params::parse(params.as_deref()).ok()?;
    arity::check(method, params.count()).ok()?;
    params.bytes(0).ok().map(|bytes| decode(&bytes))
}

fn submit(devnet: &Devnet, transaction: Transaction) -> RpcResult<Box<RawValue>> {
    super::json((Call { devnet, params: Params::default() }).submit(transaction)?)
}
