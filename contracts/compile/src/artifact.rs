//! One contract's artifact: what Rust needs to call it, deploy it and read its storage.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, ensure};
use foundry_compilers::artifacts::{
    BytecodeObject, Contract, Offsets,
    ast::{Node, NodeType},
};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::layout;

/// Largest runtime bytecode accepted, in bytes: EIP-170 allows 24,576, and a fix must still fit.
const RUNTIME_LIMIT: usize = 23_500;

/// What a definition in a source file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Can be deployed.
    Contract,
    /// Has an ABI and no code.
    Interface,
    /// Abstract contracts and libraries: compiled into others, nothing to export.
    Inherited,
}

/// The name and kind of the definition at a syntax-tree node, if it is one of a contract, interface or library.
pub(crate) fn definition(node: &Node) -> Option<(String, Kind)> {
    if node.node_type != NodeType::ContractDefinition {
        return None;
    }
    let name = node.attribute("name")?;
    let kind = match node.attribute::<String>("contractKind")?.as_str() {
        "interface" => Kind::Interface,
        "contract" if node.attribute("abstract") == Some(false) => Kind::Contract,
        _ => Kind::Inherited,
    };
    Some((name, kind))
}

/// An artifact ready to be written, and its size on chain.
pub(crate) struct Artifact {
    /// One line of JSON, keys sorted, in the shape of forge's artifacts.
    pub(crate) text: String,
    /// Bytes of runtime bytecode; 0 for an interface.
    pub(crate) runtime_size: usize,
}

impl Artifact {
    pub(crate) fn new(name: &str, contract: &Contract) -> Result<Self> {
        let evm = contract.evm.as_ref().context("solc gave no bytecode section")?;
        let creation = evm.bytecode.as_ref().context("solc gave no creation bytecode")?;
        let deployed = evm.deployed_bytecode.as_ref().context("solc gave no runtime bytecode")?;
        let runtime = deployed.bytecode.as_ref().context("solc gave no runtime bytecode")?;
        ensure!(
            !creation.object.is_unlinked(),
            "{name} calls a library by its address; make the library's functions internal"
        );
        let runtime_size = runtime.object.bytes_len();
        ensure!(
            runtime_size <= RUNTIME_LIMIT,
            "{name} has {runtime_size} bytes of runtime bytecode, over the limit of {RUNTIME_LIMIT}; move code into another contract"
        );

        // solc names an immutable by its syntax-tree number, which any edit changes; number them by position.
        let mut immutables: Vec<_> = deployed.immutable_references.values().collect();
        immutables.sort_by_key(|places| places.first().map(|place| place.start));
        let immutable_references =
            immutables.into_iter().enumerate().map(|(index, places)| (index.to_string(), places)).collect();

        let storage = &contract.storage_layout;
        let file = File {
            abi: serde_json::to_value(&contract.abi)?,
            bytecode: Code { object: &creation.object, immutable_references: BTreeMap::new() },
            deployed_bytecode: Code { object: &runtime.object, immutable_references },
            storage_layout: (!storage.storage.is_empty()).then(|| layout::stable(storage)).transpose()?,
        };
        let artifact = serde_json::to_value(file)?;
        Ok(Self { text: format!("{}\n", sorted(artifact)), runtime_size })
    }
}

/// The file's content, in the shape of forge's artifacts.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct File<'a> {
    abi: Value,
    bytecode: Code<'a>,
    deployed_bytecode: Code<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    storage_layout: Option<Value>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Code<'a> {
    object: &'a BytecodeObject,
    /// Where the constructor writes each immutable.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    immutable_references: BTreeMap<String, &'a Vec<Offsets>>,
}

/// The same value with the keys of every object in alphabetical order.
fn sorted(value: Value) -> Value {
    match value {
        Value::Object(fields) => {
            let fields: BTreeMap<_, _> = fields.into_iter().map(|(name, field)| (name, sorted(field))).collect();
            Value::Object(Map::from_iter(fields))
        }
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use serde_json::json;

    use super::*;

    fn contract(runtime: &str) -> Contract {
        serde_json::from_value(json!({
            "abi": [],
            "evm": {
                "bytecode": { "object": "6001", "linkReferences": {} },
                "deployedBytecode": {
                    "object": runtime,
                    "immutableReferences": { "9": [{ "start": 70, "length": 32 }], "85": [{ "start": 2, "length": 32 }] },
                },
            },
        }))
        .unwrap()
    }

    #[test]
    fn the_text_is_one_sorted_line_in_forges_shape() {
        let artifact = Artifact::new("A", &contract("600200")).unwrap();
        assert_eq!(
            artifact.text,
            concat!(
                r#"{"abi":[],"bytecode":{"object":"0x6001"},"deployedBytecode":{"immutableReferences":"#,
                r#"{"0":[{"length":32,"start":2}],"1":[{"length":32,"start":70}]},"object":"0x600200"}}"#,
                "\n"
            )
        );
        assert_eq!(artifact.runtime_size, 3);
    }

    #[test]
    fn a_contract_over_the_size_limit_is_refused() {
        assert!(Artifact::new("A", &contract(&"00".repeat(RUNTIME_LIMIT))).is_ok());
        let error = Artifact::new("A", &contract(&"00".repeat(RUNTIME_LIMIT + 1))).err().unwrap();
        assert!(error.to_string().contains("23501 bytes"), "{error}");
    }

    #[test]
    fn a_contract_that_needs_linking_is_refused() {
        let mut unlinked = contract("600200");
        let placeholder = format!("73__${}$__", "ab".repeat(17));
        unlinked.evm.as_mut().unwrap().bytecode.as_mut().unwrap().object = BytecodeObject::Unlinked(placeholder);
        let error = Artifact::new("A", &unlinked).err().unwrap();
        assert!(error.to_string().contains("calls a library by its address"), "{error}");
    }

    #[test]
    fn definitions_are_told_apart() {
        let node = |kind: &str, is_abstract: bool| -> Node {
            serde_json::from_value(json!({
                "nodeType": "ContractDefinition", "src": "0:1:0", "name": "A", "contractKind": kind, "abstract": is_abstract,
            }))
            .unwrap()
        };
        for (kind, is_abstract, expected) in [
            ("contract", false, Kind::Contract),
            ("contract", true, Kind::Inherited),
            ("library", false, Kind::Inherited),
            ("interface", false, Kind::Interface),
        ] {
            assert_eq!(definition(&node(kind, is_abstract)), Some(("A".to_owned(), expected)));
        }
    }
}
