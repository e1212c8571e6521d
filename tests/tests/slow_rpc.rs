//! An endpoint far away: every answer takes a quarter of a second.

#![allow(clippy::unwrap_used)]

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use infera_devnet::{Config, Devnet};
use infera_tests::stories::{self, Casting, Scene};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
};

/// Relays TCP connections to a server and delays what it answers.
struct Distance {
    url: String,
    milliseconds: Arc<AtomicU64>,
}

impl Distance {
    /// A relay without delay yet.
    async fn to(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let milliseconds = Arc::new(AtomicU64::new(0));
        let delay = milliseconds.clone();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (from_client, to_client) = client.into_split();
                let (from_server, to_server) = TcpStream::connect(server).await.unwrap().into_split();
                tokio::spawn(relay(from_client, to_server, Arc::default()));
                tokio::spawn(relay(from_server, to_client, delay.clone()));
            }
        });
        Self { url, milliseconds }
    }
}

async fn relay(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, milliseconds: Arc<AtomicU64>) {
    let mut buffer = vec![0; 1 << 20];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        tokio::time::sleep(Duration::from_millis(milliseconds.load(Ordering::Relaxed))).await;
        if to.write_all(buffer.get(..read).unwrap()).await.is_err() {
            return;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn executors_answer_over_an_endpoint_that_is_far_away() {
    let devnet = Devnet::start(Config { accounts: 20, ..Config::default() }).unwrap();
    let server = devnet.serve(([127, 0, 0, 1], 0).into()).await.unwrap();
    let distance = Distance::to(server.local_addr()).await;
    let casting = Casting::in_process().unwrap();
    let network = Scene::network(&casting).unwrap().on_chain(distance.url.clone());
    let scene = Scene::set(casting, network).await.unwrap();

    distance.milliseconds.store(250, Ordering::Relaxed);
    stories::honest(&scene).await.unwrap();
    scene.close().await.unwrap();
}
