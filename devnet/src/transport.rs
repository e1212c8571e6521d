//! An alloy transport to a chain in the same process.

use std::task::{Context, Poll};

use alloy::{
    rpc::json_rpc::{RequestPacket, Response, ResponsePacket, SerializedRequest},
    transports::{TransportError, TransportFut},
};
use tower::Service;

use crate::{devnet::Devnet, rpc};

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
        let method = request.method().to_owned();
        let params = request.params().map(ToOwned::to_owned);
        let payload = rpc::answer(&self.devnet, method, params).await.into();
        Response { id: request.id().clone(), payload }
    }
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
                    let mut responses = Vec::with_capacity(requests.len());
                    for request in &requests {
                        responses.push(this.answer(request).await);
                    }
                    ResponsePacket::Batch(responses)
                }
            })
        })
    }
}
