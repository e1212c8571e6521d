//! Fetches inputs that are not in the request, and checks what comes against its hash.

use std::time::Duration;

use alloy::primitives::{B256, keccak256};

/// A fetch may take this long before the job is declined.
const FETCH_DEADLINE: Duration = Duration::from_secs(10);

/// Gets inputs from `http` and `https` URIs.
#[derive(Debug, Clone)]
pub struct InputFetcher {
    client: reqwest::Client,
    maximum_bytes: usize,
}

impl InputFetcher {
    /// A fetcher that refuses inputs over `maximum_bytes`.
    pub fn new(maximum_bytes: usize) -> Result<Self, String> {
        let client = reqwest::Client::builder()
            .timeout(FETCH_DEADLINE)
            // A redirect could lead a node into its own network.
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(|error| error.to_string())?;
        Ok(Self { client, maximum_bytes })
    }

    /// The bytes at `uri`, if they hash to `expected`.
    pub async fn fetch(&self, uri: &str, expected: B256) -> Result<Vec<u8>, String> {
        let parsed = url::Url::parse(uri).map_err(|error| format!("the input's URI {uri} is not valid: {error}"))?;
        if !matches!(parsed.scheme(), "http" | "https") {
            return Err(format!("the input's URI {uri} is neither http nor https"));
        }
        let unreachable = |error: reqwest::Error| format!("the input at {uri} cannot be fetched: {error}");
        let mut response = self.client.get(parsed).send().await.map_err(unreachable)?;
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
}

/// Refuses bytes that are not those of the terms.
pub fn check_hash(bytes: &[u8], expected: B256) -> Result<(), String> {
    let actual = keccak256(bytes);
    if actual == expected {
        return Ok(());
    }
    Err(format!("the input hashes to {actual}, the terms say {expected}"))
}
