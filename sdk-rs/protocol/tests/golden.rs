//! The crate against `golden/*.json`, which `golden/make.py` makes from the specifications alone, and the book against both.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

use std::{fs, path::Path};

use alloy::{
    hex,
    primitives::{Address, B256, Bytes, U256, aliases::U96, keccak256},
    signers::local::PrivateKeySigner,
    sol_types::SolStruct,
};
use infera_protocol::{
    channel::{self, Voucher},
    commitment::{self, Commitment, SaltSecret},
    comparison::{self, Answer, Cluster},
    eip712::{self, Receipt, SignerPossession, VrfPossession},
    ids, merkle,
    output::{ZeroShotParameters, ZeroShotResult, score_from_cosine},
    profile::VerificationProfile,
    proof::{self, ProofStatement},
    reward::reward_leaf,
    terms::{self, Terms, Tier, terms_hash},
    vector::OutputVector,
    vif::VifInput,
    vrf::{Hints, Proof, PublicKey, SecretKey},
};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Value, json};

/// One golden vector.
#[derive(Deserialize)]
struct Entry {
    kind: String,
    input: Value,
    output: Value,
}

impl Entry {
    /// An input by its name.
    fn get<T: DeserializeOwned>(&self, name: &str) -> T {
        let value = self.input.get(name).unwrap_or_else(|| panic!("{} has no input {name}", self.kind));
        serde_json::from_value(value.clone()).unwrap_or_else(|error| panic!("{name} of {}: {error}", self.kind))
    }

    /// A decimal field of a struct input.
    fn number<T: TryFrom<U256>>(&self, object: &str, field: &str) -> T {
        let text: String = serde_json::from_value(self.input[object][field].clone()).unwrap();
        T::try_from(text.parse().unwrap()).unwrap_or_else(|_| panic!("{field} of {}: {text}", self.kind))
    }

    /// A hexadecimal field of a struct input.
    fn field<T: DeserializeOwned>(&self, object: &str, field: &str) -> T {
        serde_json::from_value(self.input[object][field].clone()).unwrap()
    }

    fn vrf_secret(&self) -> SecretKey {
        SecretKey::from_bytes(&self.get::<Bytes>("secret_key")).unwrap()
    }

    fn terms(&self) -> Terms {
        Terms {
            requester: self.field("terms", "requester"),
            nonce: self.number("terms", "nonce"),
            modelId: self.field("terms", "modelId"),
            version: self.number("terms", "version"),
            runtimeClass: self.field("terms", "runtimeClass"),
            pool: self.number("terms", "pool"),
            tier: Tier::try_from(self.number::<u8>("terms", "tier")).unwrap(),
            committeeSize: self.number("terms", "committeeSize"),
            quorum: self.number("terms", "quorum"),
            inputHash: self.field("terms", "inputHash"),
            parametersHash: self.field("terms", "parametersHash"),
            maxPricePerUnit: self.number("terms", "maxPricePerUnit"),
            maxUnits: self.number("terms", "maxUnits"),
            commitWindow: self.number("terms", "commitWindow"),
            revealWindow: self.number("terms", "revealWindow"),
            dispatchFee: self.number("terms", "dispatchFee"),
            advanceReserve: self.number("terms", "advanceReserve"),
            callbackTarget: self.field("terms", "callbackTarget"),
            callbackGas: self.number("terms", "callbackGas"),
            callbackFee: self.number("terms", "callbackFee"),
            errorCallback: self.number::<u8>("terms", "errorCallback") == 1,
            refundTo: self.field("terms", "refundTo"),
        }
    }

    fn receipt(&self) -> Receipt {
        Receipt {
            jobId: self.field("receipt", "jobId"),
            modelId: self.field("receipt", "modelId"),
            version: self.number("receipt", "version"),
            runtimeClass: self.field("receipt", "runtimeClass"),
            inputHash: self.field("receipt", "inputHash"),
            parametersHash: self.field("receipt", "parametersHash"),
            resultHash: self.field("receipt", "resultHash"),
            vectorHash: self.field("receipt", "vectorHash"),
            traceRoot: self.field("receipt", "traceRoot"),
            beta: self.field("receipt", "beta"),
            unitsIn: self.number("receipt", "unitsIn"),
            unitsOut: self.number("receipt", "unitsOut"),
            isFinal: self.number::<u8>("receipt", "isFinal") == 1,
        }
    }

    fn voucher(&self) -> Voucher {
        Voucher {
            channelId: self.field("voucher", "channelId"),
            cumulative: self.number("voucher", "cumulative"),
            receiptsRoot: self.field("voucher", "receiptsRoot"),
        }
    }

    fn statement(&self) -> ProofStatement {
        ProofStatement {
            jobId: self.field("statement", "jobId"),
            executor: self.field("statement", "executor"),
            modelId: self.field("statement", "modelId"),
            version: self.number("statement", "version"),
            runtimeClass: self.field("statement", "runtimeClass"),
            inputHash: self.field("statement", "inputHash"),
            parametersHash: self.field("statement", "parametersHash"),
            resultHash: self.field("statement", "resultHash"),
            vectorHash: self.field("statement", "vectorHash"),
        }
    }
}

fn entries(file: &str) -> Vec<Entry> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(file).with_extension("json");
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// Computes every entry of a file again.
fn check(file: &str, compute: impl Fn(&Entry) -> Value) {
    let entries = entries(file);
    assert!(!entries.is_empty(), "{file} is empty");
    for entry in entries {
        assert_eq!(compute(&entry), entry.output, "{} of {}", entry.kind, entry.input);
    }
}

fn unknown(entry: &Entry) -> ! {
    panic!("no test for golden vectors of kind {}", entry.kind)
}

#[test]
fn ids() {
    check("ids", |entry| match entry.kind.as_str() {
        "model_id" => json!(ids::model_id(entry.get("publisher"), &entry.get::<String>("name"))),
        "runtime_class" => json!(ids::runtime_class(&entry.get::<String>("name"))),
        "offering_key" => json!(ids::offering_key(
            entry.get("model_id"),
            entry.get("version"),
            entry.get("runtime_class"),
            entry.get("pool")
        )),
        "job_id" => json!(ids::job_id(
            entry.get("chain_id"),
            entry.get("registry"),
            entry.get("requester"),
            entry.get("nonce"),
            entry.get("terms_hash")
        )),
        _ => unknown(entry),
    });
}

#[test]
fn terms() {
    check("terms", |entry| match entry.kind.as_str() {
        "terms_typehash" => {
            assert_eq!(entry.get::<String>("type"), terms::TERMS_TYPE);
            json!(keccak256(terms::TERMS_TYPE))
        }
        "terms_hash" => json!(terms_hash(&entry.terms())),
        _ => unknown(entry),
    });
}

#[test]
fn commitments() {
    check("commitment", |entry| match entry.kind.as_str() {
        "commitment_domain" => json!(commitment::DOMAIN),
        "salt_domain" => json!(commitment::SALT_DOMAIN),
        "salt" => json!(SaltSecret::new(entry.get::<B256>("secret").0).salt(entry.get("job_id"))),
        "commitment" => json!(
            Commitment {
                chain_id: entry.get("chain_id"),
                registry: entry.get("registry"),
                job_id: entry.get("job_id"),
                executor: entry.get("executor"),
                result_hash: entry.get("result_hash"),
                vector_hash: entry.get("vector_hash"),
                salt: entry.get("salt"),
            }
            .hash()
        ),
        "reveal_hash" => json!(commitment::reveal_hash(entry.get("result_hash"), entry.get("vector_hash"))),
        _ => unknown(entry),
    });
}

#[test]
fn typed_data() {
    check("eip712", |entry| {
        let chain_id = || entry.get::<u64>("chain_id");
        let contract = || entry.get::<Address>("contract");
        match entry.kind.as_str() {
            "domain_separator" => json!(eip712::domain(chain_id(), contract()).separator()),
            "vrf_possession_typehash" => {
                assert_eq!(entry.get::<String>("type"), eip712::VRF_POSSESSION_TYPE);
                json!(VrfPossession { owner: Address::ZERO }.eip712_type_hash())
            }
            "vrf_possession_digest" => {
                json!(eip712::vrf_possession_digest(chain_id(), contract(), entry.get("owner")))
            }
            "signer_possession_typehash" => {
                assert_eq!(entry.get::<String>("type"), eip712::SIGNER_POSSESSION_TYPE);
                json!(SignerPossession { owner: Address::ZERO }.eip712_type_hash())
            }
            "signer_possession_digest" => {
                json!(eip712::signer_possession_digest(chain_id(), contract(), entry.get("owner")))
            }
            "vrf_possession_signature" => {
                let signature = entry.vrf_secret().sign_possession(chain_id(), contract(), entry.get("owner")).unwrap();
                json!(hex::encode_prefixed(signature.as_bytes()))
            }
            "receipt_typehash" => {
                assert_eq!(entry.get::<String>("type"), eip712::RECEIPT_TYPE);
                json!(keccak256(eip712::RECEIPT_TYPE))
            }
            "receipt_digest" => json!(eip712::receipt_digest(chain_id(), contract(), &entry.receipt())),
            _ => unknown(entry),
        }
    });
}

#[test]
fn channels() {
    check("channel", |entry| {
        let chain_id = || entry.get::<u64>("chain_id");
        let contract = || entry.get::<Address>("contract");
        match entry.kind.as_str() {
            "channel_id" => json!(channel::channel_id(
                chain_id(),
                contract(),
                entry.get("payer"),
                entry.get("payee"),
                entry.get("open_nonce")
            )),
            "channel_job_id" => json!(channel::job_id(entry.get("channel_id"), entry.get("sequence"))),
            "voucher_typehash" => {
                assert_eq!(entry.get::<String>("type"), channel::VOUCHER_TYPE);
                json!(keccak256(channel::VOUCHER_TYPE))
            }
            "voucher_digest" => json!(channel::voucher_digest(chain_id(), contract(), &entry.voucher())),
            "voucher_signature" => {
                let signer = PrivateKeySigner::from_bytes(&entry.get("secret_key")).unwrap();
                let voucher = entry.voucher();
                let signature = channel::sign_voucher(&signer, chain_id(), contract(), &voucher).unwrap();
                let by = channel::voucher_signer(chain_id(), contract(), &voucher, &signature);
                assert_eq!(by, Some(signer.address()));
                json!(hex::encode_prefixed(signature.as_bytes()))
            }
            "receipts_root" => {
                let leaves: Vec<B256> = entry.get("leaves");
                for (index, leaf) in leaves.iter().enumerate() {
                    let proof = merkle::proof(&leaves, index).unwrap();
                    assert!(merkle::verify(channel::receipts_root(&leaves), *leaf, &proof));
                }
                json!(channel::receipts_root(&leaves))
            }
            _ => unknown(entry),
        }
    });
}

#[test]
fn proof_statements() {
    check("proof", |entry| match entry.kind.as_str() {
        "proof_statement_typehash" => {
            assert_eq!(entry.get::<String>("type"), proof::PROOF_STATEMENT_TYPE);
            json!(keccak256(proof::PROOF_STATEMENT_TYPE))
        }
        "proof_statement_digest" => {
            json!(proof::statement_digest(entry.get("chain_id"), entry.get("contract"), &entry.statement()))
        }
        _ => unknown(entry),
    });
}

#[test]
fn rewards() {
    check("reward", |entry| match entry.kind.as_str() {
        "reward_leaf" => {
            let amount = |name| entry.get::<String>(name).parse::<U96>().unwrap();
            json!(reward_leaf(
                entry.get("chain_id"),
                entry.get("contract"),
                entry.get("executor_id"),
                amount("settled"),
                amount("cumulative")
            ))
        }
        _ => unknown(entry),
    });
}

#[test]
fn vectors() {
    check("vector", |entry| match entry.kind.as_str() {
        "vector_bytes" => json!(Bytes::from(OutputVector::new(entry.get("elements")).unwrap().to_bytes())),
        "vector_hash" => json!(OutputVector::new(entry.get("elements")).unwrap().hash()),
        "quantize" => {
            json!(OutputVector::quantize(&entry.get::<Vec<f32>>("values"), entry.get("scale")).unwrap().elements())
        }
        _ => unknown(entry),
    });
}

#[test]
fn outputs() {
    check("output", |entry| match entry.kind.as_str() {
        "zero_shot_result" => {
            let result = ZeroShotResult::from_scores(entry.get("scores")).unwrap();
            assert_eq!(ZeroShotResult::decode(&result.encode()), Ok(result.clone()));
            json!(Bytes::from(result.encode()))
        }
        "zero_shot_parameters" => {
            let parameters = ZeroShotParameters::new(entry.get("labels")).unwrap();
            assert_eq!(ZeroShotParameters::decode(&parameters.encode()), Ok(parameters.clone()));
            json!(Bytes::from(parameters.encode()))
        }
        "score" => json!(score_from_cosine(entry.get("cosine")).unwrap()),
        _ => unknown(entry),
    });
}

#[test]
fn vrf_proofs_outputs_and_hints() {
    check("vrf", |entry| {
        let alpha = entry.get::<Bytes>("alpha");
        match entry.kind.as_str() {
            "vrf" => {
                let secret = entry.vrf_secret();
                let proof = secret.prove(&alpha).unwrap();
                let beta = secret.public_key().verify(&alpha, &proof).unwrap();
                let public = hex::encode_prefixed(secret.public_key().to_bytes());
                json!({ "public_key": public, "pi": hex::encode_prefixed(proof.to_bytes()), "beta": beta })
            }
            "vrf_hints" => {
                let public = PublicKey::from_bytes(&entry.get::<Bytes>("public_key")).unwrap();
                let proof = Proof::from_bytes(&entry.get::<Bytes>("pi")).unwrap();
                let hints = public.hints(&alpha, &proof).unwrap();
                assert_eq!(hints.skipped.len(), entry.get::<usize>("counter"));
                hints_json(&hints)
            }
            _ => unknown(entry),
        }
    });
}

/// Hints under the names of `IVifVerifier.Proof`, as words.
fn hints_json(hints: &Hints) -> Value {
    let word = |value: &U256| B256::from(*value);
    json!({
        "gammaX": word(&hints.gamma_x), "gammaY": word(&hints.gamma_y), "c": word(&hints.c), "s": word(&hints.s),
        "hashY": word(&hints.hash_y), "uX": word(&hints.u_x), "uY": word(&hints.u_y),
        "sHashX": word(&hints.s_hash_x), "sHashY": word(&hints.s_hash_y),
        "cGammaX": word(&hints.c_gamma_x), "cGammaY": word(&hints.c_gamma_y), "inverse": word(&hints.inverse),
        "skipped": hints.skipped.iter().map(word).collect::<Vec<_>>(),
    })
}

#[test]
fn vifs() {
    check("vif", |entry| match entry.kind.as_str() {
        "vif_alpha" => json!(
            VifInput {
                chain_id: entry.get("chain_id"),
                registry: entry.get("registry"),
                job_id: entry.get("job_id"),
                model_id: entry.get("model_id"),
                version: entry.get("version"),
                input_hash: entry.get("input_hash"),
                parameters_hash: entry.get("parameters_hash"),
                executor: entry.get("executor"),
                beacon: entry.get("beacon"),
            }
            .alpha()
        ),
        "vif" => {
            let proof = entry.vrf_secret().prove(&entry.get::<Bytes>("alpha")).unwrap();
            json!({ "pi": hex::encode_prefixed(proof.to_bytes()), "beta": proof.beta() })
        }
        _ => unknown(entry),
    });
}

#[test]
fn clusters() {
    #[derive(Deserialize)]
    struct Given {
        result: Bytes,
        vector: Bytes,
    }
    check("comparison", |entry| {
        let given: Vec<Given> = entry.get("answers");
        let answers: Vec<_> =
            given.iter().map(|given| Answer { result: &given.result, vector: &given.vector }).collect();
        match comparison::cluster(&entry.get::<VerificationProfile>("profile"), &answers) {
            Some(Cluster { centre, members }) => json!({ "centre": centre, "members": members }),
            None => Value::Null,
        }
    });
}

#[test]
fn the_book_lists_a_golden_vector_of_every_kind() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../book/src/reference/bytes.md");
    let page = fs::read_to_string(page).unwrap();
    for file in ["ids", "terms", "commitment", "eip712", "channel", "proof", "reward", "vector", "output", "vrf", "vif"]
    {
        let mut seen = Vec::new();
        for entry in entries(file) {
            if !seen.contains(&entry.kind) {
                for value in leaves(&entry.output) {
                    assert!(page.contains(&value), "bytes.md lacks {value}, a {}", entry.kind);
                }
                seen.push(entry.kind);
            }
        }
    }
}

/// The values in an output as the book prints them: strings as they are, numbers and lists of numbers as JSON.
fn leaves(value: &Value) -> Vec<String> {
    match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(items) if !items.iter().all(Value::is_number) => items.iter().flat_map(leaves).collect(),
        Value::Object(fields) => fields.values().flat_map(leaves).collect(),
        other => vec![other.to_string()],
    }
}
