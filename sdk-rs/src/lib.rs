//! The Infera client: deploy, publish models, request inference, follow jobs, read results
