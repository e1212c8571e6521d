//! Fetches inputs that are not in the request, and checks what comes against its hash.

use std::{
    net::{IpAddr, SocketAddr},
    time::Duration,
};

use alloy::primitives::{B256, keccak256};

/// A fetch, the look-up of its host included, may take this long before the job is declined.
const FETCH_DEADLINE: Duration = Duration::from_secs(10);

/// Gets inputs from `http` and `https` URIs.
#[derive(Debug, Clone)]
pub struct InputFetcher {
    maximum_bytes: usize,
    reach: Reach,
    deadline: Duration,
}

/// Which hosts inputs are fetched from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// Public addresses only: a requester must not make a node knock on doors of the operator's own network.
    Public,
    /// Any address, for networks on one machine.
    Any,
}

impl InputFetcher {
    /// A fetcher that refuses inputs over `maximum_bytes`.
    pub fn new(maximum_bytes: usize, reach: Reach) -> Self {
        Self { maximum_bytes, reach, deadline: FETCH_DEADLINE }
    }

    /// The bytes at `uri`, if they hash to `expected`.
    pub async fn fetch(&self, uri: &str, expected: B256) -> Result<Vec<u8>, String> {
        let parsed = url::Url::parse(uri).map_err(|error| format!("the input's URI {uri} is not valid: {error}"))?;
        if !matches!(parsed.scheme(), "http" | "https") {
            return Err(format!("the input's URI {uri} is neither http nor https"));
        }
        tokio::time::timeout(self.deadline, self.download(uri, parsed, expected))
            .await
            .map_err(|_| format!("the input at {uri} did not come within {:?}", self.deadline))?
    }

    async fn download(&self, uri: &str, parsed: url::Url, expected: B256) -> Result<Vec<u8>, String> {
        let unreachable = |error: reqwest::Error| format!("the input at {uri} cannot be fetched: {error}");
        let client = self.client(&parsed).await?;
        let mut response = client.get(parsed).send().await.map_err(unreachable)?;
        if !response.status().is_success() {
            return Err(format!("the input at {uri} cannot be fetched: {}", response.status()));
        }
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(unreachable)? {
            if bytes.len() + chunk.len() > self.maximum_bytes {
                return Err(format!("the input at {uri} has more than {} bytes", self.maximum_bytes));
            }
            bytes.extend_from_slice(&chunk);
        }
        check_hash(&bytes, expected)?;
        Ok(bytes)
    }

    /// A client bound to the addresses that were checked, so that a second look-up can't lead elsewhere.
    async fn client(&self, uri: &url::Url) -> Result<reqwest::Client, String> {
        let (Some(host), Some(port)) = (uri.host_str(), uri.port_or_known_default()) else {
            return Err(format!("the input's URI {uri} names no host"));
        };
        // Brackets around an IPv6 address belong to the URI, not to the address.
        let name = host.trim_matches(['[', ']']);
        let addresses: Vec<SocketAddr> = tokio::net::lookup_host((name, port))
            .await
            .map_err(|error| format!("the input's host {host} cannot be found: {error}"))?
            .collect();
        if self.reach == Reach::Public
            && let Some(private) = addresses.iter().find(|address| !is_public(address.ip()))
        {
            return Err(format!("the input's host {host} is at {}, which is no public address", private.ip()));
        }
        reqwest::Client::builder()
            // A redirect could lead where the check did not look.
            .redirect(reqwest::redirect::Policy::none())
            .resolve_to_addrs(host, &addresses)
            .no_proxy()
            .build()
            .map_err(|error| format!("no HTTP client: {error}"))
    }
}

/// Refuses bytes that are not those of the terms.
pub fn check_hash(bytes: &[u8], expected: B256) -> Result<(), String> {
    let actual = keccak256(bytes);
    if actual == expected {
        return Ok(());
    }
    Err(format!("the input hashes to {actual}, the terms say {expected}"))
}

/// Whether an address is reachable for everybody. IPv4 inside IPv6 counts as IPv4.
fn is_public(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(address) => {
            let [first, second, ..] = address.octets();
            // 100.64.0.0/10 is shared by carriers, 192.0.0.0/24 and 240.0.0.0/4 are reserved (RFC 6890).
            let carrier = first == 100 && (64..128).contains(&second);
            let reserved = first >= 240 || address.octets().starts_with(&[192, 0, 0]);
            !(address.is_private()
                || address.is_loopback()
                || address.is_link_local()
                || address.is_broadcast()
                || address.is_documentation()
                || address.is_multicast()
                || first == 0
                || carrier
                || reserved)
        }
        IpAddr::V6(address) => {
            !(address.is_loopback()
                || address.is_unspecified()
                || address.is_unique_local()
                || address.is_unicast_link_local()
                || address.is_multicast())
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    /// Serves `body` once, and says where.
    async fn serve(body: &'static [u8]) -> String {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 1024];
            let _ = stream.read(&mut request).await.unwrap();
            let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", body.len());
            stream.write_all(head.as_bytes()).await.unwrap();
            stream.write_all(body).await.unwrap();
        });
        format!("http://{address}/input")
    }

    #[tokio::test]
    async fn an_input_is_taken_when_it_has_the_hash_of_the_terms_and_only_then() {
        let fetcher = InputFetcher::new(16, Reach::Any);
        let fetched = fetcher.fetch(&serve(b"a text").await, keccak256(b"a text")).await;
        assert_eq!(fetched.unwrap(), b"a text");
        let error = fetcher.fetch(&serve(b"another").await, keccak256(b"a text")).await.unwrap_err();
        assert!(error.contains("the terms say"), "{error}");
    }

    #[tokio::test]
    async fn a_host_that_says_nothing_is_not_awaited_for_ever() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let uri = format!("http://{}/input", listener.local_addr().unwrap());
        let fetcher = InputFetcher { deadline: Duration::from_millis(50), ..InputFetcher::new(16, Reach::Any) };
        let error = fetcher.fetch(&uri, B256::ZERO).await.unwrap_err();
        assert!(error.contains(&uri) && error.contains("within 50ms"), "{error}");
    }

    #[tokio::test]
    async fn an_input_over_the_cap_is_refused() {
        let fetcher = InputFetcher::new(3, Reach::Any);
        let error = fetcher.fetch(&serve(b"four").await, keccak256(b"four")).await.unwrap_err();
        assert!(error.contains("more than 3 bytes"), "{error}");
    }

    #[tokio::test]
    async fn a_node_does_not_knock_on_private_doors() {
        let fetcher = InputFetcher::new(16, Reach::Public);
        for host in ["127.0.0.1", "10.1.2.3", "169.254.169.254", "[::1]", "[::ffff:192.168.0.1]", "100.64.0.1"] {
            let error = fetcher.fetch(&format!("http://{host}:9/x"), B256::ZERO).await.unwrap_err();
            assert!(error.contains("no public address"), "{host}: {error}");
        }
    }

    #[tokio::test]
    async fn other_schemes_are_refused() {
        let error = InputFetcher::new(16, Reach::Any).fetch("file:///etc/hostname", B256::ZERO).await.unwrap_err();
        assert!(error.contains("neither http nor https"), "{error}");
    }
}
