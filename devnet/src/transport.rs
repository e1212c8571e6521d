//! An alloy transport to a chain in the same process.

use std::task::{Context, Poll};

use alloy::{
    rpc::json_rpc::{Id, RequestPacket, Response, ResponsePacket, ResponsePayload, SerializedRequest},
    transports::{TransportError, TransportFut},
};
use tower::Service;

use crate::{
    devnet::Devnet,
    rpc::{
        self,
        batch::{self, LONGEST_BATCH, LONGEST_RESPONSE, Request},
        error::RpcError,
        place::Place,
    },
};

/// Answers alloy's requests as the HTTP server does, without a socket.
#[derive(Clone, Debug)]
pub struct InProcess {
    devnet: Devnet,
}

impl InProcess {
    pub(crate) const fn new(devnet: Devnet) -> Self {
        Self { devnet }
    }

    async fn answer(&self, request: &SerializedRequest) -> Response {
        let Request { method, params } = call(request);
        let payload = rpc::answer(&self.devnet, method, params, Place::Aside).await.into();
        Response { id: request.id().clone(), payload }
    }

    async fn answer_all(&self, ids: Vec<Id>, calls: Vec<Request>) -> Vec<Response> {
        if calls.len() > LONGEST_BATCH {
            let refusal = RpcError::batch_too_large().0;
            return ids
                .into_iter()
                .take(1)
                .map(|id| Response { id, payload: ResponsePayload::Failure(refusal.clone()) })
                .collect();
        }
        let mut room = LONGEST_RESPONSE;
        let answers = batch::answer_all(&self.devnet, calls, &mut room, Place::Aside).await;
        ids.into_iter().zip(answers).map(|(id, answer)| Response { id, payload: answer.into() }).collect()
    }
}

fn call(request: &SerializedRequest) -> Request {
    Request { method: request.method().to_owned(), params: request.params().map(ToOwned::to_owned) }
}

impl Service<RequestPacket> for InProcess {
    type Response = ResponsePacket;
    type Error = TransportError;
    type Future = TransportFut<'static>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, packet: RequestPacket) -> Self::Future {
        let this = self.clone();
        Box::pin(async move {
            Ok(match packet {
                RequestPacket::Single(request) => ResponsePacket::Single(this.answer(&request).await),
                RequestPacket::Batch(requests) => {
                    let (ids, calls) = requests.iter().map(|request| (request.id().clone(), call(request))).unzip();
                    ResponsePacket::Batch(this.answer_all(ids, calls).await)
                }
            })
        })
    }
}
