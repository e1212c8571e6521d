//! The L3 on revm: blocks with real roots, JSON-RPC, an in-process alloy transport
