//! A whole Infera network for tests and for infera up
