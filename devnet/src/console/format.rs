//! What a call of the console's address means, and how it reads.

use std::{collections::HashMap, fmt::Write, sync::LazyLock};

use alloy::{
    dyn_abi::{DynSolType, DynSolValue},
    primitives::{I256, U256, hex, keccak256},
};

/// The functions of `console.sol`, by selector.
static FUNCTIONS: LazyLock<HashMap<[u8; 4], DynSolType>> = LazyLock::new(|| {
    let mut signatures = vec!["log()".to_owned(), "log(int256)".to_owned(), "log(string,int256)".to_owned()];
    let named = ["Int(int256)", "Uint(uint256)", "String(string)", "Bool(bool)", "Address(address)", "Bytes(bytes)"];
    signatures.extend(named.map(|named| format!("log{named}")));
    signatures.extend((1..=32).map(|length| format!("logBytes{length}(bytes{length})")));
    let mut lists = vec![String::new()];
    for _ in 0..4 {
        let longer = |list: &String| ["uint256", "string", "bool", "address"].map(|kind| format!("{list},{kind}"));
        lists = lists.iter().flat_map(longer).collect();
        signatures.extend(lists.iter().map(|list| format!("log({})", list.trim_start_matches(','))));
    }
    let mut functions = HashMap::new();
    for signature in signatures {
        let Some(Ok(kind)) = signature.find('(').map(|start| signature.split_at(start).1.parse()) else { continue };
        let kind: DynSolType = kind;
        // Early versions of the library hashed the short names of the types.
        let short = signature.replace("int256", "int");
        functions.insert(selector(&short), kind.clone());
        functions.insert(selector(&signature), kind);
    }
    functions
});

fn selector(signature: &str) -> [u8; 4] {
    let hash = keccak256(signature);
    let [a, b, c, d, ..] = hash.0;
    [a, b, c, d]
}

/// The line that a call with `input` writes; none if it is no call of the library.
pub(super) fn line(input: &[u8]) -> Option<String> {
    let (selector, arguments) = input.split_first_chunk::<4>()?;
    let kind = FUNCTIONS.get(selector)?;
    let values = kind.abi_decode_params(arguments).ok()?;
    Some(join(values.as_tuple()?))
}

/// As Node's `util.format` joins: a string in front may say where the others go; what is left follows.
fn join(values: &[DynSolValue]) -> String {
    let mut line = String::new();
    let mut rest = values.iter();
    if let Some(DynSolValue::String(template)) = values.first() {
        rest.next();
        let mut characters = template.chars().peekable();
        while let Some(character) = characters.next() {
            let directive = characters.peek().copied().filter(|_| character == '%');
            match directive {
                Some('%') => line.push('%'),
                Some(directive @ ('s' | 'd' | 'i' | 'o' | 'e' | 'x')) => match rest.next() {
                    Some(value) => line.push_str(&show(value, directive)),
                    None => line.extend(['%', directive]),
                },
                _ => {
                    line.push(character);
                    continue;
                }
            }
            characters.next();
        }
    }
    for value in rest {
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(&show(value, 's'));
    }
    line
}

fn show(value: &DynSolValue, directive: char) -> String {
    match (value, directive) {
        (DynSolValue::Uint(number, _), 'x') => format!("{number:#x}"),
        (DynSolValue::Uint(number, _), 'e') => scientific("", *number),
        (DynSolValue::Int(number, _), 'x') => format!("{}{:#x}", sign(number), number.unsigned_abs()),
        (DynSolValue::Int(number, _), 'e') => scientific(sign(number), number.unsigned_abs()),
        (DynSolValue::Uint(number, _), _) => number.to_string(),
        (DynSolValue::Int(number, _), _) => number.to_string(),
        (DynSolValue::Bool(value), _) => value.to_string(),
        (DynSolValue::Address(address), _) => address.to_string(),
        (DynSolValue::String(text), _) => text.clone(),
        (DynSolValue::Bytes(bytes), _) => hex::encode_prefixed(bytes),
        (DynSolValue::FixedBytes(word, length), _) => hex::encode_prefixed(word.get(..*length).unwrap_or_default()),
        (other, _) => format!("{other:?}"),
    }
}

fn sign(number: &I256) -> &'static str {
    if number.is_negative() { "-" } else { "" }
}

/// 1500000000000000000 as 1.5e18.
fn scientific(sign: &str, number: U256) -> String {
    let digits = number.to_string();
    let (first, others) = digits.split_at(1);
    let fraction = others.trim_end_matches('0');
    let mut shown = format!("{sign}{first}");
    if !fraction.is_empty() {
        shown.extend([".", fraction]);
    }
    write!(shown, "e{}", others.len()).ok();
    shown
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use alloy::{primitives::address, sol, sol_types::SolCall};

    use super::*;

    sol! {
        function log() external;
        function logBytes4(bytes4 value) external;
        function logInt(int256 value) external;
        function log(string, uint256, address, bool) external;
        function log(bool, uint256) external;
    }

    fn strings(template: &str, values: Vec<DynSolValue>) -> String {
        join(&[vec![DynSolValue::String(template.to_owned())], values].concat())
    }

    #[test]
    fn calls_of_the_library_are_read() {
        assert_eq!(line(&log_0Call {}.abi_encode()).unwrap(), "");
        assert_eq!(line(&logBytes4Call { value: [1, 2, 3, 4].into() }.abi_encode()).unwrap(), "0x01020304");
        assert_eq!(line(&logIntCall { value: I256::MINUS_ONE }.abi_encode()).unwrap(), "-1");
        let address = address!("f39Fd6e51aad88F6F4ce6aB8827279cffFb92266");
        let call = log_1Call { _0: "paid".to_owned(), _1: U256::from(7), _2: address, _3: true };
        assert_eq!(line(&call.abi_encode()).unwrap(), format!("paid 7 {address} true"));
        assert_eq!(line(&log_2Call { _0: false, _1: U256::MAX }.abi_encode()).unwrap(), format!("false {}", U256::MAX));
    }

    #[test]
    fn selectors_are_those_of_the_library() {
        // From console.sol of Hardhat and forge-std, and of Hardhat before 2.12.
        for (selector, signature) in [
            ([0x41, 0x30, 0x4f, 0xac], "log(string)"),
            ([0xb6, 0x0e, 0x72, 0xcc], "log(string,uint256)"),
            ([0x97, 0x10, 0xa9, 0xd0], "log(string,uint)"),
            ([0xf8, 0x2c, 0x50, 0xf1], "log(uint256)"),
            ([0xf5, 0xb1, 0xbb, 0xa9], "log(uint)"),
            ([0x2d, 0x21, 0xd6, 0xf7], "logBytes32(bytes32)"),
        ] {
            assert!(FUNCTIONS.contains_key(&selector), "{signature}");
        }
    }

    #[test]
    fn other_calls_write_nothing() {
        assert_eq!(line(&[]), None);
        assert_eq!(line(&[1, 2, 3]), None);
        assert_eq!(line(&[0xde, 0xad, 0xbe, 0xef]), None);
        let mut cut = log_2Call { _0: false, _1: U256::MAX }.abi_encode();
        cut.pop();
        assert_eq!(line(&cut), None);
    }

    #[test]
    fn a_template_says_where_values_go() {
        let number = |value: u64| DynSolValue::Uint(U256::from(value), 256);
        assert_eq!(strings("%s of %d", vec![number(1), number(2)]), "1 of 2");
        assert_eq!(strings("100%% of %x", vec![number(255)]), "100% of 0xff");
        assert_eq!(strings("%e", vec![number(1_500_000_000_000_000_000)]), "1.5e18");
        assert_eq!(strings("%e", vec![number(0)]), "0e0");
        assert_eq!(strings("left", vec![number(3), number(4)]), "left 3 4");
        assert_eq!(strings("%s and %s, %q %", vec![number(5)]), "5 and %s, %q %");
        let minus = DynSolValue::Int(I256::try_from(-16).unwrap(), 256);
        assert_eq!(strings("%i %x", vec![minus.clone(), minus]), "-16 -0x10");
    }
}
