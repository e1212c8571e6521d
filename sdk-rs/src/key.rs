//! Reads keys and passwords from files.

use std::path::Path;

use alloy::signers::local::PrivateKeySigner;
use zeroize::Zeroizing;

use crate::{Error, Result};

/// The environment variable that opens keystores when no password file is given.
const PASSWORD: &str = "INFERA_PASSWORD";

/// Reads a key file: either a JSON keystore (as `cast wallet` and geth write it), opened with `password`, or one line with the
/// secret key in hex, for development.
pub fn read_key(path: &Path, password: Option<&str>) -> Result<PrivateKeySigner> {
    let failed = |reason: String| Error::Key { path: path.to_owned(), reason };
    let text = std::fs::read_to_string(path).map_err(|error| failed(format!("it cannot be read ({error})")))?;
    let text = Zeroizing::new(text);
    if !text.trim_start().starts_with('{') {
        let key = text.trim().parse::<PrivateKeySigner>();
        // The parser's words could repeat what it was given.
        return key.map_err(|_| failed("it holds neither a JSON keystore nor a hex key of 32 bytes".to_owned()));
    }
    let Some(password) = password else {
        return Err(failed(format!(
            "it is encrypted and no password was given: use --password-file, or set {PASSWORD}"
        )));
    };
    PrivateKeySigner::decrypt_keystore(path, password).map_err(|error| {
        failed(match error.to_string() {
            text if text.to_lowercase().contains("mac mismatch") => "the password is wrong".to_owned(),
            text => format!("the keystore cannot be opened ({text})"),
        })
    })
}

/// The first line of `file`, or without one the environment variable `INFERA_PASSWORD`, if it is set.
pub fn read_password(file: Option<&Path>) -> Result<Option<Zeroizing<String>>> {
    let Some(path) = file else {
        return Ok(std::env::var(PASSWORD).ok().map(Zeroizing::new));
    };
    let text = std::fs::read_to_string(path).map(Zeroizing::new).map_err(|error| Error::Key {
        path: path.to_owned(),
        reason: format!("the password file cannot be read ({error})"),
    })?;
    Ok(Some(Zeroizing::new(text.lines().next().unwrap_or_default().to_owned())))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const SECRET: &str = "0x0000000000000000000000000000000000000000000000000000000000000001";

    #[test]
    fn a_hex_key_is_read() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), format!("{SECRET}\n")).unwrap();
        assert_eq!(read_key(file.path(), None).unwrap(), SECRET.parse().unwrap());
    }

    #[test]
    fn a_damaged_key_is_not_repeated_in_the_error() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "0x00secret").unwrap();
        let error = read_key(file.path(), None).unwrap_err().to_string();
        assert!(!error.contains("secret") && error.contains(&file.path().display().to_string()), "{error}");
    }

    #[test]
    fn a_keystore_opens_with_its_password_only() {
        let directory = tempfile::tempdir().unwrap();
        let key: PrivateKeySigner = SECRET.parse().unwrap();
        let (_, name) = PrivateKeySigner::encrypt_keystore(
            directory.path(),
            &mut seeded_random(),
            key.to_bytes(),
            "right",
            Some("signer.json"),
        )
        .unwrap();
        let path = directory.path().join(name);
        let path = if path.exists() { path } else { directory.path().join("signer.json") };
        assert_eq!(read_key(&path, Some("right")).unwrap(), key);
        let wrong = read_key(&path, Some("wrong")).unwrap_err().to_string();
        assert!(wrong.contains("password is wrong"), "{wrong}");
        let none = read_key(&path, None).unwrap_err().to_string();
        assert!(none.contains("--password-file"), "{none}");
    }

    #[test]
    fn a_password_is_the_first_line_of_its_file() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "right\nnot this\n").unwrap();
        assert_eq!(read_password(Some(file.path())).unwrap().unwrap().as_str(), "right");
        let error = read_password(Some(Path::new("/nowhere/password"))).unwrap_err().to_string();
        assert!(error.contains("/nowhere/password"), "{error}");
    }

    fn seeded_random() -> rand_08::rngs::StdRng {
        use rand_08::SeedableRng;
        rand_08::rngs::StdRng::seed_from_u64(1)
    }
}
