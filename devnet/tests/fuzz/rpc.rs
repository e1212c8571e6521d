//! Requests as text. Whatever comes is answered as the specification has it, and the chain stays sound.

use infera_devnet::Devnet;
use serde_json::{Value, json};

use crate::{RUNTIME, Target, common::config, methods::METHODS, random::Random, requests::request};

pub(crate) const TARGET: Target = Target { name: "rpc", generate, run };

/// The most requests that one chain is sent.
const MOST: usize = 24;

/// Lines, each of which is sent as a request to the same chain.
fn generate(random: &mut Random) -> Vec<u8> {
    let mut lines = Vec::new();
    for _ in 0..=random.below(MOST) {
        let mut line = match random.below(12) {
            0 => {
                // Now and then more than one thread reads.
                let length = if random.once_in(4) { 40 } else { random.below(4) };
                let batch: Vec<Value> = (0..length).map(|_| request(random)).collect();
                Value::Array(batch).to_string().into_bytes()
            }
            _ => request(random).to_string().into_bytes(),
        };
        if random.once_in(12) {
            random.spoil(&mut line);
            line.retain(|byte| *byte != b'\n');
        }
        lines.extend(line);
        lines.push(b'\n');
    }
    lines
}

fn run(input: &[u8]) -> Result<(), String> {
    RUNTIME.block_on(async {
        let (mut config, _) = config();
        config.accounts = 3;
        let devnet = Devnet::start(config).unwrap();
        for line in input.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            let answer = respond(&devnet, line).await?;
            check(&answer).map_err(|reason| {
                let (line, answer) = (String::from_utf8_lossy(line), String::from_utf8_lossy(answer.as_bytes()));
                format!("{reason}\nthe request: {line}\nthe answer: {answer}")
            })?;
        }
        is_sound(&devnet).await
    })
}

async fn respond(devnet: &Devnet, body: &[u8]) -> Result<String, String> {
    let (devnet, owned) = (devnet.clone(), body.to_vec());
    let answer = tokio::spawn(async move { devnet.respond(&owned).await });
    Ok(answer
        .await
        .map_err(|error| format!("{error}\nthe request: {}", String::from_utf8_lossy(body)))?
        .unwrap_or_default())
}

/// Whether a response is what JSON-RPC has it be.
fn check(answer: &str) -> Result<(), String> {
    if answer.is_empty() {
        return Ok(());
    }
    let answer: Value = serde_json::from_str(answer).map_err(|error| format!("not JSON: {error}"))?;
    match &answer {
        Value::Array(answers) => answers.iter().try_for_each(check_one),
        answer => check_one(answer),
    }
}

fn check_one(answer: &Value) -> Result<(), String> {
    let has = |field: &str| answer.get(field).is_some();
    if answer["jsonrpc"] != "2.0" || !has("id") || has("result") == has("error") {
        return Err("not a response".to_owned());
    }
    if let Some(error) = answer.get("error") {
        let message = error["message"].as_str().ok_or("an error without words")?;
        if !error["code"].is_i64() || message.is_empty() {
            return Err("an error without code or words".to_owned());
        }
        // What ran on another thread panicked there.
        if message.contains("panic") {
            return Err("a panic behind an answer".to_owned());
        }
    }
    Ok(())
}

/// Whether a chain still answers, and its last blocks follow one another.
pub(crate) async fn is_sound(devnet: &Devnet) -> Result<(), String> {
    let ask = async |method: &str, params: Value| -> Result<Value, String> {
        let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).to_string();
        let answer: Value = serde_json::from_str(&respond(devnet, body.as_bytes()).await?).unwrap();
        answer.get("result").cloned().ok_or_else(|| format!("afterwards, {method} {params} fails: {answer}"))
    };
    let mut block = ask("eth_getBlockByNumber", json!(["latest", true])).await?;
    ask("eth_getBlockByNumber", json!(["earliest", true])).await?;
    ask("eth_getBlockReceipts", json!(["latest"])).await?;
    ask("txpool_content", json!([])).await?;
    for _ in 0..8 {
        if ask("eth_getBlockByNumber", json!(["earliest", false])).await?["hash"] == block["hash"] {
            break;
        }
        let parent = ask("eth_getBlockByHash", json!([block["parentHash"], true])).await?;
        if parent.is_null() {
            return Err(format!("the parent of block {} is not there", block["number"]));
        }
        block = parent;
    }
    Ok(())
}

pub(crate) fn every_method_is_known() {
    RUNTIME.block_on(async {
        let (config, _) = config();
        let devnet = Devnet::start(config).unwrap();
        for (method, _) in METHODS {
            let body = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": [{}, {}, {}, {}, {}, {}]});
            let answer: Value =
                serde_json::from_str(&respond(&devnet, body.to_string().as_bytes()).await.unwrap()).unwrap();
            assert_ne!(answer["error"]["code"], -32601, "{method}");
        }
    });
}
