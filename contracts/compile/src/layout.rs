//! Storage layouts without solc's node numbers.
//!
//! solc names a user-defined type after its place in the syntax tree: `t_struct(Job)1234_storage`. That number changes
//! whenever any other source does. Here types are numbered in the order in which the contract uses them instead, so
//! that a layout changes only with the contract's storage.

use std::collections::HashMap;

use foundry_compilers::artifacts::StorageLayout;
use serde_json::{Value, json};

/// Prefixes of the types whose closing parenthesis is followed by a node number.
const NUMBERED: [&str; 4] = ["t_struct", "t_enum", "t_contract", "t_userDefinedValueType"];

/// The layout in solc's shape, less `astId`, with types renumbered.
pub(crate) fn stable(layout: &StorageLayout) -> serde_json::Result<Value> {
    let mut numbers = Numbers::default();
    let variables: Vec<Value> = layout
        .storage
        .iter()
        .map(|variable| {
            json!({
                "contract": variable.contract,
                "label": variable.label,
                "offset": variable.offset,
                "slot": variable.slot,
                "type": numbers.rename(&variable.storage_type),
            })
        })
        .collect();
    // solc's map is sorted by names that hold the old numbers; sort by label, which does not.
    let mut types: Vec<_> = layout.types.iter().collect();
    types.sort_by_key(|(name, definition)| (&definition.label, name.len()));
    let types = types
        .into_iter()
        .map(|(name, definition)| {
            let mut definition = serde_json::to_value(definition)?;
            rename_types(&mut definition, &mut numbers);
            Ok((numbers.rename(name), definition))
        })
        .collect::<serde_json::Result<serde_json::Map<_, _>>>()?;
    Ok(json!({ "storage": variables, "types": types }))
}

/// Renames the types that a type's definition mentions, and drops the members' node numbers.
fn rename_types(value: &mut Value, numbers: &mut Numbers) {
    match value {
        Value::Object(fields) => {
            fields.remove("astId");
            for (name, field) in fields.iter_mut() {
                match field {
                    Value::String(text) if ["type", "key", "value", "base"].contains(&name.as_str()) => {
                        *text = numbers.rename(text);
                    }
                    _ => rename_types(field, numbers),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| rename_types(item, numbers)),
        _ => {}
    }
}

/// New numbers, by old number, in the order of first use.
#[derive(Default)]
struct Numbers(HashMap<String, usize>);

impl Numbers {
    fn rename(&mut self, type_name: &str) -> String {
        let mut renamed = String::with_capacity(type_name.len());
        // For each open parenthesis: is its closing one followed by a node number?
        let mut open = Vec::new();
        let mut rest = type_name;
        while let Some(character) = rest.chars().next() {
            rest = rest.get(character.len_utf8()..).unwrap_or_default();
            if character == '(' {
                open.push(NUMBERED.iter().any(|prefix| renamed.ends_with(prefix)));
            }
            renamed.push(character);
            if character == ')' && open.pop() == Some(true) {
                let digits = rest.len() - rest.trim_start_matches(|digit: char| digit.is_ascii_digit()).len();
                let (number, after) = rest.split_at(digits);
                let next = self.0.len() + 1;
                renamed.push_str(&self.0.entry(number.to_owned()).or_insert(next).to_string());
                rest = after;
            }
        }
        renamed
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn only_node_numbers_are_replaced() {
        let mut numbers = Numbers::default();
        for (solc, stable) in [
            ("t_uint256", "t_uint256"),
            ("t_array(t_uint256)5_storage", "t_array(t_uint256)5_storage"),
            ("t_struct(Job)1234_storage", "t_struct(Job)1_storage"),
            ("t_array(t_struct(Job)1234_storage)3_storage", "t_array(t_struct(Job)1_storage)3_storage"),
            (
                "t_mapping(t_userDefinedValueType(Id)77,t_enum(Status)9)",
                "t_mapping(t_userDefinedValueType(Id)2,t_enum(Status)3)",
            ),
            ("t_mapping(t_contract(Token)1234,t_bytes32)", "t_mapping(t_contract(Token)1,t_bytes32)"),
        ] {
            assert_eq!(numbers.rename(solc), stable);
        }
    }

    #[test]
    fn layouts_that_differ_in_node_numbers_alone_become_equal() {
        let layout = |status: u32, job: u32| -> StorageLayout {
            serde_json::from_value(json!({
                "storage": [{
                    "astId": job + 5, "contract": "src/A.sol:A", "label": "jobs", "offset": 0, "slot": "0",
                    "type": format!("t_mapping(t_uint256,t_struct(Job){job}_storage)"),
                }],
                "types": {
                    format!("t_mapping(t_uint256,t_struct(Job){job}_storage)"): {
                        "encoding": "mapping", "key": "t_uint256", "label": "mapping(uint256 => struct A.Job)",
                        "numberOfBytes": "32", "value": format!("t_struct(Job){job}_storage"),
                    },
                    format!("t_enum(Status){status}"): {
                        "encoding": "inplace", "label": "enum A.Status", "numberOfBytes": "1",
                    },
                    "t_uint256": { "encoding": "inplace", "label": "uint256", "numberOfBytes": "32" },
                    format!("t_struct(Job){job}_storage"): {
                        "encoding": "inplace", "label": "struct A.Job", "numberOfBytes": "32",
                        "members": [{
                            "astId": job + 1, "contract": "src/A.sol:A", "label": "status", "offset": 0, "slot": "0",
                            "type": format!("t_enum(Status){status}"),
                        }],
                    },
                },
            }))
            .unwrap()
        };
        let stable = |status, job| stable(&layout(status, job)).unwrap();
        assert_eq!(stable(10, 900), stable(4_000, 7));
        assert!(stable(10, 900).to_string().contains("t_struct(Job)1_storage"));
    }
}
