//! URLs without what may be secret in them.

/// What may end a sentence or close a bracket behind a URL.
const PUNCTUATION: [char; 5] = [')', ',', ';', ':', '.'];

/// Reduces every URL in `text` to its scheme, host and port: user, password, path and query may hold keys and must not
/// reach a log or an error message.
pub fn redact(text: &str) -> String {
    const SCHEME_END: &str = "://";
    let mut clean = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(position) = rest.find(SCHEME_END) {
        let (scheme, after) = rest.split_at(position + SCHEME_END.len());
        let end = after.find(|c: char| c.is_whitespace() || matches!(c, '"' | '<' | '>')).unwrap_or(after.len());
        let (url, tail) = after.split_at(end);
        let authority = url.split(['/', '?', '#']).next().unwrap_or_default();
        let host = authority.rsplit('@').next().unwrap_or_default();
        clean.push_str(scheme);
        clean.push_str(host.trim_end_matches(PUNCTUATION));
        // A sentence's own punctuation behind the URL is kept.
        clean.push_str(url.strip_prefix(url.trim_end_matches(PUNCTUATION)).unwrap_or_default());
        rest = tail;
    }
    clean.push_str(rest);
    clean
}

#[cfg(test)]
mod tests {
    use super::redact;

    #[test]
    fn a_url_keeps_only_scheme_host_and_port() {
        for (url, shown) in [
            ("http://127.0.0.1:8545", "http://127.0.0.1:8545"),
            ("http://127.0.0.1:8545/", "http://127.0.0.1:8545"),
            ("https://user:pass,word@rpc.example:444/v3/0123key?token=abc#x", "https://rpc.example:444"),
            ("wss://key@rpc.example", "wss://rpc.example"),
            ("not a url", "not a url"),
        ] {
            assert_eq!(redact(url), shown);
        }
    }

    #[test]
    fn every_url_in_an_error_text_is_reduced() {
        assert_eq!(
            redact("error sending request for url (https://u:p@rpc.example/KEY): see http://docs.example/a?b=c now"),
            "error sending request for url (https://rpc.example): see http://docs.example now"
        );
    }
}
