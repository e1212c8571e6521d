//! Deployment and rehearsals against anvil or any RPC URL
