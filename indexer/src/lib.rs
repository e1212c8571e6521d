//! Canonical event stream, store and REST API over Infera's contracts
