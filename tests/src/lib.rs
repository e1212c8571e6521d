//! The demo's stories, end-to-end and differential tests, adversaries
